"""Types of parameters, and of what loops get, that nothing else tells: what the code does with them does.

Only SDK v1 has these methods, or they are given something that only SDK v1 makes:
``experiment.submit(ScriptRunConfig(...))``, ``data.as_named_input("x")``.
"""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING

from amlbridge.migrate.analysis.known import ESTIMATORS

if TYPE_CHECKING:
    from amlbridge.migrate.analysis.scopes import Binding
    from amlbridge.migrate.analysis.values import Evaluator, Instance

#: Methods that only one type of SDK v1 has.
_TELLING = {
    "as_named_input": "Dataset",
    "get_default_datastore": "Workspace",
    "get_default_keyvault": "Workspace",
    "get_default_compute_target": "Workspace",
}
#: What an experiment runs. Their names end so.
_RUN_BY_EXPERIMENTS = ("Config", "Pipeline", "Step", *ESTIMATORS)
#: What loops bind, and what takes tuples apart.
_LOOPS = frozenset({"pair", "element", "unpack"})


def implied_in_loop(binding: Binding, evaluator: Evaluator) -> Instance | None:
    """An object that a loop gets, or a tuple has, and that only its use tells."""
    from amlbridge.migrate.analysis.values import Instance

    kind = implied_type(binding, evaluator) if binding.kind in _LOOPS else None
    return Instance(kind, binding.node) if kind is not None else None


def implied_type(binding: Binding, evaluator: Evaluator) -> str | None:
    """The type of what a name is bound to where nothing but its use tells, or None."""
    for method, call in _telling_calls(evaluator).get(binding.name, ()):
        if _is_called_on(call, binding, evaluator) and (method != "submit" or _is_run_by_experiments(call, evaluator)):
            return _TELLING.get(method, "Experiment")
    return None


@lru_cache(maxsize=8)
def _telling_calls(evaluator: Evaluator) -> dict[str, list[tuple[str, ast.Call]]]:
    """The calls of such methods, by the variable that they are called on: this is asked for each loop and parameter."""
    found: dict[str, list[tuple[str, ast.Call]]] = {}
    for method in (*_TELLING, "submit"):
        for call in evaluator.calls().get(method, ()):
            owner = call.func.value if isinstance(call.func, ast.Attribute) else None
            if isinstance(owner, ast.Name):
                found.setdefault(owner.id, []).append((method, call))
    return found


def _is_called_on(call: ast.Call, binding: Binding, evaluator: Evaluator) -> bool:
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    if not isinstance(owner, ast.Name) or owner.id != binding.name:
        return False
    return any(found is binding for found in evaluator.scopes.lookup(owner.id, owner))


def _is_run_by_experiments(call: ast.Call, evaluator: Evaluator) -> bool:
    """Whether a call passes what SDK v1 submits, first or by its name."""
    given = [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg == "config")]
    kinds = (evaluator.type_of(node) for node in given)
    return any(kind is not None and kind.endswith(_RUN_BY_EXPERIMENTS) for kind in kinds)
