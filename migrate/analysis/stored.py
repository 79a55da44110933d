"""Objects that code keeps in things which no class of its own is: ``args.experiment = Experiment(...)``,
``st.session_state["run"] = run``. Where the same is read there, it is that object."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from amlbridge.migrate.analysis.values import Evaluator, Instance

_Place = ast.Attribute | ast.Subscript


def stored(node: _Place, evaluator: Evaluator) -> Instance | None:
    """The object that an attribute, or an item below a text, holds: the one that the module puts there. None where it
    puts several there."""
    from amlbridge.migrate.analysis.values import Instance

    name = _name_of(node)
    places = _stored(evaluator).get(name, ()) if name and isinstance(node.ctx, ast.Load) else ()
    text = ast.unparse(node) if places else ""
    given = [value for target, value in places if target == text] or _made_with(node, evaluator)
    values = [evaluator.value(value) for value in given]
    found = [value for value in values if isinstance(value, Instance)]
    return found[0] if len(found) == len(values) == 1 else None


def _made_with(node: _Place, evaluator: Evaluator) -> list[ast.expr]:
    """What something of other code was made with by the name of its attribute: ``SimpleNamespace(run=run).run``."""
    if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
        return []
    bindings = evaluator.scopes.lookup(node.value.id, node)
    made = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "assign" else None
    if not isinstance(made, ast.Call) or evaluator.value(made.func) is not None:
        return []
    return [word.value for word in made.keywords if word.arg == node.attr]


def _name_of(node: _Place) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    named = isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
    return str(node.slice.value) if named and isinstance(node.value, ast.Attribute) else ""  # type: ignore[attr-defined]


@lru_cache(maxsize=8)  # asked for each attribute of what nobody knows
def _stored(evaluator: Evaluator) -> dict[str, list[tuple[str, ast.expr]]]:
    """What the module puts into attributes and items: the place as it is written, and the value, by the name. Nothing
    is no value: it is there until the object is."""
    found: dict[str, list[tuple[str, ast.expr]]] = {}
    for node in evaluator.scopes.every(ast.Assign):
        target = node.targets[0]
        if len(node.targets) > 1 or not isinstance(target, _Place) or isinstance(node.value, ast.Constant):
            continue
        if name := _name_of(target):
            found.setdefault(name, []).append((ast.unparse(target), node.value))
    return found
