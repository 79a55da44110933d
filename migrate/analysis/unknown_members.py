"""Methods that only SDK v1 has and that code calls on something of which nobody knows what it is."""

from __future__ import annotations

import ast
from functools import lru_cache

from amlbridge.migrate.analysis.known import ESTIMATORS
from amlbridge.migrate.analysis.values import Evaluator, Instance

#: Methods that no other library's objects have, but for what a module makes itself.
_TELLING = frozenset(
    {"wait_for_completion", "get_portal_url", "get_details_with_logs", "get_file_names", "log_list", "log_row"}
    | {"log_accuracy_table", "log_residuals", "log_predictions", "get_best_run_by_primary_metric", "get_best_child"}
    | {"submit_child", "get_pipeline_output", "find_step_run", "start_logging", "as_named_input"}
    | {"register_on_complete", "get_default_datastore", "get_default_keyvault", "get_default_compute_target"}
    | {"add_pip_package", "add_conda_package", "wait_for_deployment"}
)
#: What an experiment runs. Their names end so.
_RUN = ("Config", "Pipeline", "Step", *ESTIMATORS)


@lru_cache(maxsize=8)  # asked in each attempt to convert a module
def unknown_members(evaluator: Evaluator) -> tuple[tuple[ast.Call, Instance | None], ...]:
    """The calls of such methods, in the order of the text, with the object of SDK v1 that an experiment runs."""
    found: list[tuple[ast.Call, Instance | None]] = []
    for name in (*_TELLING, "submit"):
        for call in evaluator.calls().get(name, ()):
            run = _run(call, evaluator) if name == "submit" else None
            if (run is not None or name != "submit") and _is_unknown(call, evaluator):
                found.append((call, run))
    return tuple(sorted(found, key=lambda one: (one[0].end_lineno or 0, one[0].end_col_offset or 0)))


def _run(call: ast.Call, evaluator: Evaluator) -> Instance | None:
    given = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "config")]
    values = [evaluator.value(node) for node in given]
    return next((one for one in values if isinstance(one, Instance) and one.type.endswith(_RUN)), None)


def _is_unknown(call: ast.Call, evaluator: Evaluator) -> bool:
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if owner is None or evaluator.value(call.func) is not None or evaluator.value(owner) is not None:
        return False
    if isinstance(owner, ast.Name):
        bound = evaluator.scopes.bindings_of(owner)
        if not bound or owner.id in ("self", "cls") or any(binding.kind == "import" for binding in bound):
            return False  # a part of some code, of a class that is not seen, or a function of a module
    return called(call) not in evaluator.scopes.methods


def called(call: ast.Call) -> str:
    """The method of such a call."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""
