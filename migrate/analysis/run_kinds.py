"""Which run a parameter holds: the one that the script is in, which becomes MLflow's, or a submitted one, a job.

What the calls pass decides. Where both are passed it is MLflow's run, which a job has as well, and everything names
it. Where no call is seen, what the function does with the run tells.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import TYPE_CHECKING, TypeGuard

from amlbridge.migrate.analysis.chosen import named_additions
from amlbridge.migrate.analysis.symbols import lineage
from amlbridge.migrate.text.trees import FUNCTIONS, Annotation, Assign, walk

if TYPE_CHECKING:
    from amlbridge.migrate.analysis.scopes import Binding
    from amlbridge.migrate.analysis.values import Evaluator, Instance, Value

#: What only code inside of a run does with it.
_INSIDE = frozenset(
    {"log", "log_list", "log_row", "log_table", "log_image", "log_confusion_matrix", "log_accuracy_table"}
    | {"log_predictions", "log_residuals", "upload_file", "upload_files", "upload_folder", "flush", "child_run"}
    | {"input_datasets", "output_datasets", "complete", "fail"}
)
#: What only code outside of a run does.
_OUTSIDE = frozenset(
    {"wait_for_completion", "get_status", "status", "cancel", "get_portal_url", "get_details", "get_details_with_logs"}
    | {"get_file_names", "download_file", "download_files", "get_children", "find_step_run", "get_output", "get_steps"}
    | {"get_all_logs", "get_snapshot_id", "restore_snapshot", "get_best_run_by_primary_metric", "get_pipeline_output"}
)
#: A run that MLflow has already, although the code is not inside of it.
OF_MLFLOW = "AutoMLChildRun"


#: What finds the runs of an experiment, and what makes a run of MLflow, which no job is behind.
_FINDS = ("Experiment.get_runs", "Run.list")
_LOGS_ONLY = ("start_logging", "start_run")
#: By these arguments jobs are found, not runs that were only logged.
_OF_JOBS = frozenset({"type", "status", "properties"})


def found_runs(symbol: str, call: ast.Call, evaluator: Evaluator) -> str | None:
    """The type of the runs that a call finds: MLflow's, where the module has made such runs itself; else None."""
    asked = {keyword.arg for keyword in call.keywords}
    if symbol not in _FINDS or asked & _OF_JOBS or not any(name in evaluator.calls() for name in _LOGS_ONLY):
        return None
    return "list:InteractiveRun"


def is_job(kind: str) -> bool:
    """Whether a type is that of a run which becomes a job."""
    return "Run" in lineage(kind) and "RunContext" not in lineage(kind) and kind != OF_MLFLOW


def kind_of_run(parameter: Binding, evaluator: Evaluator) -> str | None:
    """The type of a parameter that holds a run; None where it is what its annotation, or the first call, says."""
    function = parameter.scope.node
    given = (other.type_of(argument) for other, argument in evaluator.given(function, parameter.name))
    known = [kind for kind in given if kind is not None]
    if _is_default(parameter, evaluator):
        known.append("RunContext")
    if known:
        return kind_of_several(known)
    used = _used(function, parameter.name)
    return "RunContext" if used == "RunContext" or (used is None and evaluator.is_run_script()) else None


def kind_of_several(kinds: Collection[str]) -> str | None:
    """The type of what holds runs of several types; None where that is one like all others."""
    runs = {kind for kind in kinds if "Run" in lineage(kind)}
    inside = {kind for kind in runs if "RunContext" in lineage(kind)}
    if not inside:
        return None
    if len(runs) == 1:
        return inside.pop()
    return "InteractiveRun" if runs <= {"RunContext", "InteractiveRun"} else "PassedRun"


def _is_default(parameter: Binding, evaluator: Evaluator) -> bool:
    """Whether the run that the code is in stands in where no other is given: ``run = run or Run.get_context()``."""
    for node in walk(parameter.scope.node):
        others: list[ast.expr] = []
        if isinstance(node, ast.BoolOp):
            others = node.values
        elif isinstance(node, ast.IfExp):
            others = [node.body, node.orelse]
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            others = [node.targets[0], node.value]
        mine = [other for other in others if isinstance(other, ast.Name) and other.id == parameter.name]
        if mine and any(evaluator.type_of(other) == "RunContext" for other in others if other not in mine):
            return True
    return False


def _used(function: ast.AST, name: str) -> str | None:
    """The type of a run by what a function does with it; None where that does not tell."""
    members = {
        node.attr
        for node in walk(function)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    }
    if members & _OUTSIDE:
        return "Run"
    return "RunContext" if members & _INSIDE or _may_be_offline(function, name) else None


def _may_be_offline(function: ast.AST, name: str) -> bool:
    """Whether a function asks whether the run is one of a job: ``hasattr(run, "experiment")``, ``isinstance(...)``."""
    asked = (
        node.args[0]
        for node in walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args
        if node.func.id in ("hasattr", "isinstance")
    )
    return any(isinstance(node, ast.Name) and node.id == name for node in asked)


def _made_in(function: ast.AST, said: Value | None, evaluator: Evaluator) -> Value | None:
    """What a function makes and returns, where that is of the type that it says."""
    kind = getattr(said, "type", None)
    given = [node.value for node in walk(function) if isinstance(node, ast.Return) and node.value is not None]
    values = [evaluator.value(value) for value in given]
    if kind is None:
        return None
    found = [value for value in values if _is_object(value) and value.type == kind]
    found += [
        part for node, value in zip(given, values, strict=True) if not value for part in inside(evaluator, node, kind)
    ]
    return next((value for value in found if isinstance(value.origin, ast.Call)), None)


def inside(evaluator: Evaluator, node: ast.expr, kind: str) -> list[Instance]:
    """The objects of a type, or lists of them, in an expression of which nobody knows what it gives."""
    values = [evaluator.value(part) for part in walk(node) if isinstance(part, ast.expr)]
    found = [value for value in values if _is_object(value)]
    wanted = set(lineage(kind.removeprefix("list:")))
    return [value for value in dict.fromkeys(found) if wanted & set(lineage(value.type.removeprefix("list:")))]


def _is_object(value: Value | None) -> TypeGuard[Instance]:
    return getattr(value, "type", "Workspace") != "Workspace" and getattr(value, "origin", None) is not None


def _asked_for(kind: ast.AST, evaluator: Evaluator) -> ast.expr | None:
    """What ``isinstance`` asks whether it is of a class."""
    call = evaluator.scopes.parents.get(kind)
    call = evaluator.scopes.parents.get(call) if isinstance(call, ast.Tuple) else call
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "isinstance"):
        return None
    return call.args[0] if len(call.args) == 2 and call.args[0] is not kind else None


def _element_in(node: Assign, evaluator: Evaluator) -> Value | None:
    """The first object in the collection that a variable gets: ``steps: List[PythonScriptStep] = []``."""
    from amlbridge.migrate.analysis.values import Instance

    value, target = node.value, node.targets[0]
    made = [value.elt] if isinstance(value, ast.ListComp) else [value.value] if isinstance(value, ast.DictComp) else []
    if not made and isinstance(value, (ast.List, ast.Dict, ast.Call)):
        made = named_additions(evaluator).get(target, [])
    return next((found for part in made if isinstance(found := evaluator.value(part), Instance)), None)


def annotated(annotation: ast.AST, evaluator: Evaluator) -> Value | None:
    """The value of what an annotation stands at: a parameter, a variable, an attribute, what a function returns, or
    what ``isinstance`` asks. None elsewhere."""
    scopes = evaluator.scopes
    below: ast.AST = annotation
    if (asked := _asked_for(annotation, evaluator)) is not None:
        return evaluator.value(asked)
    for node in scopes.ancestors(annotation):
        if isinstance(node, ast.arg):
            function = scopes.parents[scopes.parents[node]]
            body = function.body if isinstance(function, FUNCTIONS) else []
            bindings = scopes.of(body[0]).bindings.get(node.arg, []) if body else []
            return evaluator.binding_value(bindings[0]) if bindings else None
        if isinstance(node, FUNCTIONS):
            said = evaluator.returned(node) if node.returns is below else None
            return _made_in(node, said, evaluator) or said
        if isinstance(node, ast.AnnAssign) and node.annotation is below:
            owner = next((around for around in scopes.ancestors(node) if isinstance(around, ast.ClassDef)), None)
            if owner is not None and isinstance(node.target, ast.Name) and scopes.parents[node] is owner:
                return evaluator.field(owner, node.target.id)
            if isinstance(node.target, ast.Name):
                return evaluator.value(node.value) if node.value is not None else None
            of_object = owner is not None and isinstance(node.target, ast.Attribute)
            return evaluator.field(owner, node.target.attr) if of_object else None  # type: ignore[arg-type,union-attr]
        if isinstance(node, Assign) and isinstance(below, Annotation):
            target = node.targets[0]
            held = next((around for around in scopes.ancestors(node) if isinstance(around, ast.ClassDef)), None)
            if held is not None and isinstance(target, ast.Attribute):
                return evaluator.field(held, target.attr)
            return _element_in(node, evaluator) or evaluator.value(node.value)
        if isinstance(node, ast.stmt):
            return None
        below = node
    return None
