"""The run that a script is in: ``Run.get_context()`` becomes MLflow's active run, or goes.

Most uses of the run become calls of MLflow's functions, which find the job's run by themselves; then the variable goes.
Where the run itself is needed (its id, its parent, its experiment) it becomes ``mlflow.active_run() or
mlflow.start_run()``: inside of a job that is the job's run, elsewhere a new local one, as with SDK v1's offline run.

Code that asks whether it runs offline (``type(run) == _OfflineRun``, ``run.id.startswith("OfflineRun")``,
``hasattr(run, "experiment")``) asks for the variable ``AZUREML_RUN_ID``, which every job has.

Where the code that submits the script stays SDK v1, the finding says what its environment has to have from now on.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Symbol
from amlbridge.migrate.inside import JOB_VARIABLE, active_run, is_inside
from amlbridge.migrate.models.runs.own_runs import take_active
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter

_HEAD = "from azureml.core import Run\n\nrun = Run.get_context()\n"

rule = Rule(
    "run-context",
    __doc__,
    cases=[
        Case(_HEAD + 'run.log("loss", 0.5)\nrun.complete()\n', 'import mlflow\n\nmlflow.log_metric("loss", 0.5)\n'),
        Case(
            _HEAD + "print(run.id)\n",
            "import mlflow\n\nrun = mlflow.active_run() or mlflow.start_run()\nprint(run.info.run_id)\n",
            "The run itself is needed",
        ),
        Case(
            "from azureml.core.run import Run, _OfflineRun\n\nrun = Run.get_context()\n"
            'if type(run) == _OfflineRun:\n    path = "local"\nelse:\n    path = "remote"\n',
            'import os\n\nif "AZUREML_RUN_ID" not in os.environ:\n    path = "local"\nelse:\n    path = "remote"\n',
            "Whether it runs in a job",
        ),
    ],
)

_IDS = frozenset({"RunContext.id", "RunContext._run_id", "PassedRun.id", "PassedRun._run_id"})
#: Members that only the run of a job has: ``hasattr(run, ...)`` tells jobs from offline runs.
_ONLINE_MEMBERS = frozenset({"experiment", "_experiment", "parent", "_run_dto"})


@rule.converts("Run.get_context", "Run.get_submitted_run")
def get_context(use: Use, to: Rewriter) -> Outcome:
    """The active run; nothing when no code needs the object."""
    if use.call is None:
        return Leave("a reference to the function itself: call mlflow.active_run() where the run is needed")
    review = ""
    allowed = use.argument("allow_offline", position=0)
    if isinstance(allowed, ast.Constant) and allowed.value is False:
        review = "outside of a job MLflow starts a local run, where allow_offline=False raised RunEnvironmentException"
    statement = use.statement
    if isinstance(statement, ast.Expr) and statement.value is use.node:
        return Statements("")
    target = _variable(statement, use.node)
    if target is not None and not _is_needed(target, use, to):
        if (first := _first_log(target, use, to)) is not None:
            take_active(first, to)
        if review and _is_tried(use, to):
            return Statements(f'{to.need_module("os")}.environ["AZUREML_RUN_ID"]', _RAISES)
        return Statements("", review)
    take_active(use.node, to)
    code = active_run(to)
    if review and _is_tried(use, to):
        to.before(statement, f'{to.need_module("os")}.environ["AZUREML_RUN_ID"]')
        review = _RAISES
    whole = isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is use.node
    return Replace(code if whole else f"({code})", review)


_RAISES = "outside of a job this raises KeyError, where SDK v1 raised RunEnvironmentException"


def _is_tried(use: Use, to: Rewriter) -> bool:
    """Whether a handler waits for the code to be in no job, and nothing that is tried asks for the job otherwise."""
    block = to.evaluator.scopes.parents.get(use.statement)
    if not isinstance(block, ast.Try) or use.statement not in block.body or not block.handlers:
        return False
    return not any(".experiment" in ast.unparse(other) for other in block.body)


def _variable(statement: ast.stmt, call: ast.expr) -> ast.Name | None:
    """The variable that a statement puts the run into, if it does nothing else."""
    if isinstance(statement, ast.Assign) and statement.value is call and len(statement.targets) == 1:
        target = statement.targets[0]
        return target if isinstance(target, ast.Name) else None
    return None


def _is_needed(target: ast.Name, use: Use, to: Rewriter) -> bool:
    """Whether the new code reads the variable."""
    return any(_reads(node, to) for node in _references(target, use, to))


def _first_log(target: ast.Name, use: Use, to: Rewriter) -> ast.Name | None:
    """Where the run is used first outside of what MLflow's own runs are active in: MLflow starts one there."""
    outside = [node for node in _references(target, use, to) if not _in_own_run(node, to)]
    return min(outside, key=lambda node: node.lineno, default=None)


def _in_own_run(node: ast.AST, to: Rewriter) -> bool:
    around = (node for node in to.evaluator.scopes.ancestors(node) if isinstance(node, ast.With))
    started = (ast.unparse(item.context_expr) for block in around for item in block.items)
    return any("mlflow.start_run(" in text for text in started)


def _references(target: ast.Name, use: Use, to: Rewriter) -> list[ast.Name]:
    found = []
    for node in to.evaluator.scopes.named(target.id):
        if isinstance(node.ctx, ast.Load):
            bindings = to.evaluator.scopes.lookup(node.id, node)
            if any(binding.node is target for binding in bindings):
                found.append(node)
    return found


def _reads(reference: ast.Name, to: Rewriter) -> bool:
    """Whether the code that a reference becomes still has the variable: the outermost use around it says."""
    around: list[ast.AST] = []
    for node in to.evaluator.scopes.ancestors(reference):
        if isinstance(node, ast.stmt):
            break
        use = to.use_of(node)
        if use is not None and use.symbol.endswith((".child_run", ".create_children")):
            return True  # the run has to be active before
        around.append(node)
    for node in reversed(around):
        use = to.use_of(node)
        found = to.outcome(use) if use is not None else to.outcomes.get(node, (None, None))[1]  # type: ignore[call-overload]
        if isinstance(found, (Replace, Statements)):
            return _has_name(found.text, reference.id)
        if isinstance(found, Leave):
            return True
    return True


def _has_name(code: str, name: str) -> bool:
    try:
        tree = ast.parse(code)
    except SyntaxError:  # part of a statement
        return True
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(tree))


#: Whether a run of a class is that of a job.
_CLASSES = {"_OfflineRun": False, "_SubmittedRun": True}


@rule.converts("_OfflineRun", "_SubmittedRun")
def offline_run(use: Use, to: Rewriter) -> Outcome:
    """The class itself, outside of a comparison."""
    return Leave(f'ask for "{JOB_VARIABLE}" in os.environ: there is no class for runs outside of a job in SDK v2')


@rule.idiom
def is_offline(node: ast.expr, to: Rewriter) -> Replace | None:
    """Comparisons and calls that tell a job from a script that runs on its own."""
    found = _in_job(node, to)
    if found is None:
        return None
    if any(to.evaluator.type_of(part) == "PassedRun" for part in ast.walk(node) if isinstance(part, ast.Name)):
        tracked = f'{to.need_module("mlflow")}.get_tracking_uri().startswith("azureml")'
        return Replace(tracked if found else f"not {tracked}", "assumed that only runs of jobs are tracked in Azure ML")
    return Replace(f'"{JOB_VARIABLE}" {"in" if found else "not in"} {to.need_module("os")}.environ')


def _in_job(node: ast.expr, to: Rewriter) -> bool | None:
    """True for code that is true in a job, False for code that is false there, None for other code."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _compared(node, to)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        asked = _in_job(node.operand, to)
        return None if asked is None else not asked
    if not isinstance(node, ast.Call) or not node.args:
        return None
    function = node.func
    if isinstance(function, ast.Name) and function.id == "isinstance" and len(node.args) == 2:
        return _CLASSES.get(_class(node.args[1], to))
    if isinstance(function, ast.Name) and function.id == "hasattr" and len(node.args) == 2:
        member = to.evaluator.text(node.args[1])
        return True if member in _ONLINE_MEMBERS and _is_run(node.args[0], to) else None
    if isinstance(function, ast.Attribute) and function.attr == "startswith" and _is_run_id(function.value, to):
        return False if (to.evaluator.text(node.args[0]) or "").lower().startswith("offline") else None
    return None


def _compared(node: ast.Compare, to: Rewriter) -> bool | None:
    sides = [node.left, node.comparators[0]]
    negative = isinstance(node.ops[0], (ast.NotEq, ast.IsNot, ast.NotIn))
    for side in sides:
        if (online := _CLASSES.get(_class(side, to))) is not None:
            return online != negative
    texts = [(to.evaluator.text(side) or "").lower() for side in sides]
    named = any(text.strip("_").startswith("offline") for text in texts)
    if named and any(_is_run_id(side, to) or _is_class_name(side, to) for side in sides):
        return negative
    return None


def _class(node: ast.expr, to: Rewriter) -> str:
    """The class of SDK v1 that an expression names, or ""."""
    value = to.evaluator.value(node)
    return value.name if isinstance(value, Symbol) else ""


def _is_run(node: ast.expr, to: Rewriter) -> bool:
    return is_inside(to.evaluator.type_of(node))


def _is_run_id(node: ast.expr, to: Rewriter) -> bool:
    """``run.id``, or a variable or part of it (``run.id.split("_")[0]``)."""
    for part in ast.walk(node):
        value = to.evaluator.value(part) if isinstance(part, (ast.Attribute, ast.Name)) else None
        if isinstance(value, Symbol) and value.name in _IDS:
            return True
    return False


def _is_class_name(node: ast.expr, to: Rewriter) -> bool:
    """``run.__class__.__name__`` or ``type(run).__name__``."""
    named = isinstance(node, ast.Attribute) and node.attr in ("__name__", "__class__")
    return named and any(isinstance(part, ast.expr) and _is_run(part, to) for part in ast.walk(node))
