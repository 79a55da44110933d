"""What the rules for code inside of a job share: which run is meant, how MLflow names it, and the job's workspace.

MLflow's functions log to the active run, and start it when there is none: inside of a job that is the job's own run
(``MLFLOW_RUN_ID``), elsewhere a new local one, as SDK v1's offline run was. So most uses need no object of the run.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from amlbridge.migrate.analysis.run_kinds import is_job
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance, Symbol
from amlbridge.migrate.mixtures.held import held_client
from amlbridge.migrate.mixtures.one_branch import complete
from amlbridge.migrate.mixtures.within import names_others, only_workspace, workspace_within
from amlbridge.migrate.models.objects import Objects
from amlbridge.migrate.rewriter import CLIENT, Rewriter
from amlbridge.migrate.text.trees import FUNCTIONS

#: Set in every job; not set where the script runs on its own.
JOB_VARIABLE = "AZUREML_RUN_ID"
PARENT_TAG = "mlflow.parentRunId"
_WORKSPACES = frozenset({"Workspace", "Workspace.from_config", "Workspace.get"})
#: Runs that the rules look up with MLflow, although the code is not inside of them.
_OF_MLFLOW = frozenset({"AutoMLChildRun"})


def is_inside(kind: str | None) -> bool:
    """Whether a type is that of a run that the code is in, or of its parent or child."""
    return kind in ("RunContext", "InteractiveRun", "ParentRun", "ChildRun", "PassedRun")


def active_run(to: Rewriter) -> str:
    """Code for the run that the script is in."""
    mlflow = to.need_module("mlflow")
    return f"{mlflow}.active_run() or {mlflow}.start_run()"


def run_object(node: ast.expr, to: Rewriter) -> str:
    """Code for MLflow's run that stands for a run of SDK v1."""
    if isinstance(node, ast.Call) and _is_context(node, to):
        return f"({active_run(to)})"
    value = to.evaluator.value(node)
    if isinstance(value, Instance) and value.origin in to.attempt.kept:  # the variable stays an object of SDK v1
        if value.type == "ParentRun":
            return f"{to.need_module('mlflow')}.get_parent_run(({active_run(to)}).info.run_id)"
        return f"({active_run(to)})"
    return to.source(node)


def _is_context(node: ast.Call, to: Rewriter) -> bool:
    value = to.evaluator.value(node.func)
    return isinstance(value, Symbol) and value.name in ("Run.get_context", "Run.get_submitted_run")


def run_id(node: ast.expr, to: Rewriter) -> str:
    """Code for the id of a run."""
    kind = to.evaluator.type_of(node)
    if kind == "ParentRun" and isinstance(node, ast.Attribute) and node.attr == "parent":
        below = run_object(node.value, to)
        if to.evaluator.type_of(node.value) in ("RunContext", "ChildRun"):
            return f'{below}.data.tags["{PARENT_TAG}"]'
    if kind is not None and not is_inside(kind) and kind not in _OF_MLFLOW and is_submitted(node, to):
        return f"{to.source(node)}.name"
    return f"{run_object(node, to)}.info.run_id"


def is_submitted(node: ast.expr, to: Rewriter) -> bool:
    """Whether a plain run is one that this module has submitted or looked up, or that its functions are only given as
    such, so that it is a job of SDK v2."""
    value = to.evaluator.value(node)
    origin = value.origin if isinstance(value, Instance) else None
    parents = to.evaluator.scopes.parents
    named: ast.AST | None = (
        origin if isinstance(origin, ast.arg) else parents.get(origin) if origin is not None else None
    )
    if not isinstance(named, ast.arg):
        return isinstance(origin, ast.Call)
    function = parents.get(parents[named])
    given = [other.type_of(argument) for other, argument in to.evaluator.given(function, named.arg)] if function else []
    return bool(given) and all(kind is not None and is_job(kind) for kind in given)


def of_other_run(use: Use, to: Rewriter) -> str:
    """ "" when a use is about the active run, else code for the id of its run."""
    receiver = use.receiver
    kind = to.evaluator.type_of(receiver)
    if receiver is None or kind is None:
        return ""
    if kind in ("ParentRun", "PassedRun") or (not is_inside(kind) and is_submitted(receiver, to)):
        return run_id(receiver, to)
    if kind in ("RunContext", "InteractiveRun") and _inside_child(use, to):
        return run_id(receiver, to)  # the active run is the child
    return run_id(receiver, to) if is_created(receiver, to) else ""


def is_created(node: ast.expr, to: Rewriter) -> bool:
    """Whether a run is one of ``run.create_children()``, or one that MLflow has found: it is never the active one."""
    made = to.maker(node)
    return made is not None and made.symbol.endswith((".create_children", ".get_runs", "Run.list"))


def _inside_child(use: Use, to: Rewriter) -> bool:
    around = to.evaluator.scopes.ancestors(use.node)
    items = (item.context_expr for node in around if isinstance(node, ast.With) for item in node.items)
    return any(to.evaluator.type_of(item) == "ChildRun" for item in items)


def log_call(use: Use, to: Rewriter, function: str, *arguments: str) -> str:
    """A call of one of mlflow's functions that take ``run_id=``, for the run of the use."""
    other = of_other_run(use, to)
    given = [*arguments, f"run_id={other}"] if other else list(arguments)
    return f"{to.need_module('mlflow')}.{function}({', '.join(given)})"


def client_call(use: Use, to: Rewriter, function: str, *arguments: str) -> str:
    """The same for functions without ``run_id=``: those of MlflowClient take it first."""
    other = of_other_run(use, to)
    if not other:
        return f"{to.need_module('mlflow')}.{function}({', '.join(arguments)})"
    return f"{to.need('mlflow', 'MlflowClient')}().{function}({', '.join([other, *arguments])})"


# The workspace ----------------------------------------------------------------------------------------------------


def is_run_script(to: Rewriter) -> bool:
    """Whether a module is a script that runs in a job, as it asks for its run and names no workspace of its own, or
    belongs to such scripts."""
    if "is run script" not in to.memory:
        symbols = {use.symbol for use in to.uses if use.symbol != "Workspace" or use.call is not None}  # no annotation
        asks = symbols.isdisjoint(_WORKSPACES) and ("Run.get_context" in symbols or to.serves_jobs())
        to.memory["is run script"] = asks
    return bool(to.memory["is run script"])


def new_client(to: Rewriter) -> str:
    """Code for a client of the workspace that the job runs in."""
    client = to.need("azure.ai.ml", "MLClient")
    credential = to.need("azure.identity", "DefaultAzureCredential")
    environ = f"{to.need_module('os')}.environ"
    return (
        f"{client}(credential={credential}(), "
        f'subscription_id={environ}["AZUREML_ARM_SUBSCRIPTION"], '
        f'resource_group_name={environ}["AZUREML_ARM_RESOURCEGROUP"], '
        f'workspace_name={environ}["AZUREML_ARM_WORKSPACE_NAME"])'
    )


#: What every job's variables tell of the workspace that it runs in.
_FACTS = {
    "Workspace.subscription_id": "AZUREML_ARM_SUBSCRIPTION",
    "Workspace.resource_group": "AZUREML_ARM_RESOURCEGROUP",
    "Workspace.name": "AZUREML_ARM_WORKSPACE_NAME",
}


def has_only_facts(made: ast.expr, to: Rewriter) -> bool:
    """Whether all that is read of a job's workspace is in the job's variables, so that nothing needs a client of it."""
    objects, parent = Objects.of(to), to.evaluator.scopes.parents.get(made)
    if isinstance(parent, ast.Attribute):  # ``run.experiment.workspace.name``
        use = to.use_of(parent)
        return use is not None and use.symbol in _FACTS
    variable, names = objects.variable(made), objects.names(made)
    if variable is None or not names or variable.id in to.exported() | to.read_elsewhere():
        return False
    if len(to.evaluator.scopes.of(variable).bindings.get(variable.id, ())) != 1:
        return False
    facts = {use.receiver for use in objects.members(made) if use.symbol in _FACTS}
    reads, ancestors = objects.reads(variable.id), to.evaluator.scopes.ancestors
    tried = [node for node in ancestors(made) if isinstance(node, ast.Try)]
    if any(block not in ancestors(read) for block in tried for read in reads):
        return False  # what is read fails elsewhere than the workspace
    return facts.issuperset(reads)


def job_fact(use: Use, to: Rewriter) -> str:
    """Code for what a use reads of a job's workspace, of the job's variables; "" where a client has to tell it."""
    made = to.maker(use.receiver)
    if use.symbol not in _FACTS or made is None or made.symbol != "ContextExperiment.workspace":
        return ""
    return f'{to.need_module("os")}.environ["{_FACTS[use.symbol]}"]' if has_only_facts(made.node, to) else ""


def client(use: Use, to: Rewriter) -> str:
    """The client that is visible at a use, or one that is made above its statement."""
    found = to.visible_client(use.node)
    if found is not None:
        complete(found, use.node, to, lambda: _other_client(to))
    return found if found is not None else shared(use.node, to, CLIENT, lambda: new_client(to))


def client_at(at: ast.AST, to: Rewriter) -> str:
    """The client that is visible at a place. Where there is none, one is made for all that follows: a run script asks
    for the workspace of its job, other code for that of the configuration file."""
    found = to.visible_client(at) or held_client(at, to)
    if found is not None:
        complete(found, at, to, lambda: _other_client(to))
        return found
    if is_run_script(to):
        return shared(at, to, CLIENT, lambda: new_client(to))
    made = shared(at, to, CLIENT, lambda: _client_of_the_code(at, to))
    to.spare_names.add(made)
    return made


def _client_of_the_code(at: ast.AST, to: Rewriter) -> str:
    """Code for the client of the workspace that the code means although no variable there holds it."""
    named = workspace_within(at, to) or only_workspace(at, to)
    if named is None and names_others(to):
        to.assumed.append(_OF_FILE)
    return configured_client(to) if named is None else to.client(at, named)


_OF_FILE = "the client is that of the configuration file, and the code names other workspaces: say which is meant"


def _other_client(to: Rewriter) -> str:
    """Code for the client where another branch names a workspace: of the job, in a script that asks for its run."""
    return new_client(to) if any(use.symbol == "Run.get_context" for use in to.uses) else configured_client(to)


def configured_client(to: Rewriter) -> str:
    """Code for a client of the workspace that the configuration file names."""
    credential = to.need("azure.identity", "DefaultAzureCredential")
    return f"{to.need('azure.ai.ml', 'MLClient')}.from_config(credential={credential}())"


def shared(at: ast.AST, to: Rewriter, name: str, code: Callable[[], str]) -> str:
    """A variable that the block of a use makes once, above the first statement that needs it. Not further out: an
    ``if`` around may tell apart whether the script runs in a job. ``code`` gives its value. Where the use itself
    depends on a condition, it is the value itself."""
    statement = to.evaluator.scopes.statement_of(at)
    if statement is None:
        return code()
    if any(isinstance(node, (ast.IfExp, ast.BoolOp)) for node in _within_statement(at, to)):
        return str(to.memory["variable", name]) if _is_above(statement, to, name) else code()
    if ("variable", name) not in to.memory:
        to.memory["variable", name] = to.fresh(name)
    variable = to.memory["variable", name]
    once(statement, to, name, lambda: f"{variable} = {code()}")
    return str(variable)


def once(statement: ast.stmt, to: Rewriter, key: str, code: Callable[[], str]) -> None:
    """Puts a line above a statement, unless the blocks around have it already. One that is further down in them moves
    up: what needs it first need not be converted first."""
    made = _made(to, key)
    target = _placeable(statement, to)
    around = list(_blocks_around(target, to))
    for block, at in around:
        if block in made:
            place, line = made[block]
            if at.lineno < place.lineno:
                to.inserted[place].remove(line)
                made[block] = _put(_placeable(at, to), line, to)
            return
    made[around[0][0]] = _put(target, code(), to)


def _put(target: ast.stmt, line: str, to: Rewriter) -> tuple[ast.stmt, str]:
    to.before(target, line)
    return target, to.inserted[target][-1]


def _made(to: Rewriter, key: str) -> dict[int, tuple[ast.stmt, str]]:
    """The blocks that have a line already, with the statement that it is above."""
    made = to.memory.setdefault(("shared", key), {})
    assert isinstance(made, dict)
    return made


def _is_above(statement: ast.stmt, to: Rewriter, key: str) -> bool:
    """Whether there is a line above a statement, in the blocks around."""
    made = _made(to, key)
    around = _blocks_around(_placeable(statement, to), to)
    return any(block in made and made[block][0].lineno <= at.lineno for block, at in around)


def above(use: Use, to: Rewriter, code: str) -> None:
    """Puts statements above the statement of a use."""
    to.before(_placeable(use.statement, to), code)


def _within_statement(at: ast.AST, to: Rewriter) -> Iterator[ast.AST]:
    for node in to.evaluator.scopes.ancestors(at):
        if isinstance(node, ast.stmt):
            return
        yield node


def _placeable(statement: ast.stmt, to: Rewriter) -> ast.stmt:
    """The statement itself, or for an ``elif`` the ``if`` that it belongs to: nothing can stand in between."""
    while isinstance(statement, ast.If) and to.lines.source(statement).startswith("elif"):
        above = to.evaluator.scopes.parents[statement]
        assert isinstance(above, ast.stmt)
        statement = above
    return statement


def _blocks_around(statement: ast.stmt, to: Rewriter) -> Iterator[tuple[int, ast.stmt]]:
    """The identities of the blocks that a statement is in, innermost first, up to the function's, each with the
    statement of it."""
    scopes = to.evaluator.scopes
    parents = scopes.parents
    node: ast.AST = statement
    while node in parents:
        parent = parents[node]
        block = scopes.block(node) if isinstance(node, ast.stmt) else None
        if block is not None and isinstance(node, ast.stmt):
            yield id(block), node
        if isinstance(parent, FUNCTIONS):
            return
        node = parent
