"""Loops that make each step of a list run after the one before it: ``steps[i].run_after(steps[i - 1])``."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlbridge.migrate.models.jobs.arguments import list_elements
from amlbridge.migrate.rewriter import Rewriter

if TYPE_CHECKING:
    from amlbridge.migrate.models.pipelines.flow import Flow


@dataclass(frozen=True)
class Chain:
    """Such a loop. ``listed``: the name of the list; ``backwards``: whether each step runs after the next one."""

    loop: ast.For
    listed: ast.Name
    backwards: bool


_UNKNOWN = "the order of steps is decided at run time: hand an output of one to the next"


def chains(to: Rewriter) -> list[Chain]:
    """The loops that order lists of steps. Raises ValueError where code orders steps in another way that cannot be
    followed."""
    if "step chains" not in to.memory:
        calls = to.evaluator.calls().get("run_after", ())
        to.memory["step chains"] = [_chain(call, to) for call in calls if to.use_of(call) is None]
    found = to.memory["step chains"]
    assert isinstance(found, list)
    if None in found:
        raise ValueError(_UNKNOWN)
    return found


def loops_of(listed: ast.expr, flow: Flow, *, at_run_time: bool) -> list[ast.For]:
    """The loops that order the steps of a pipeline's list, which the pipeline says itself now. Raises ValueError where
    a loop may order others, or before the list is whole. ``at_run_time``: whether code puts the pipeline together."""
    found = chains(flow.to)
    lookup = flow.to.evaluator.scopes.lookup
    for chain in found:
        same = isinstance(listed, ast.Name) and lookup(listed.id, listed) == lookup(chain.listed.id, chain.listed)
        places = flow.places(listed)
        early = all(place.lineno < chain.loop.lineno for place, _steps in places)
        elements = list_elements(chain.listed, flow.to)
        known = all(len(flow.steps_of(element)) == 1 for element in elements)
        beside = flow.to.evaluator.scopes.parents.get(chain.loop)
        plain = all(flow.to.evaluator.scopes.parents.get(place) is beside for place, _steps in places)
        if at_run_time or not (same and early and known and plain):
            raise ValueError(_UNKNOWN)
    return [chain.loop for chain in found]


def _chain(call: ast.Call, to: Rewriter) -> Chain | None:
    statement = to.evaluator.scopes.parents.get(call)
    loop = to.evaluator.scopes.parents.get(statement) if statement is not None else None
    if not isinstance(loop, ast.For) or loop.body != [statement] or loop.orelse or call.keywords:
        return None
    named = next((node for node in ast.walk(loop.iter) if isinstance(node, ast.Name) and _is_list(node, to)), None)
    if named is None or len(call.args) != 1 or not isinstance(call.func, ast.Attribute):
        return None
    order = (ast.unparse(call.func.value), ast.unparse(call.args[0]))
    pairs = _pairs(loop, named.id)
    if pairs is None or order not in (pairs, pairs[::-1]):
        return None
    return Chain(loop, named, order != pairs)


def _is_list(node: ast.Name, to: Rewriter) -> bool:
    """Whether a name is one of the module, and none of Python's own: ``range``, ``len``, ``zip``."""
    return bool(to.evaluator.scopes.lookup(node.id, node))


def _pairs(loop: ast.For, name: str) -> tuple[str, str] | None:
    """The code of a step and of the one before it, in each round of a loop; None for a loop of another form."""
    over, target = ast.unparse(loop.iter), loop.target
    if isinstance(target, ast.Name):
        at = target.id
        forms = {
            f"range(1, len({name}))": (f"{name}[{at}]", f"{name}[{at} - 1]"),
            f"range(len({name}) - 1)": (f"{name}[{at} + 1]", f"{name}[{at}]"),
            f"range(0, len({name}) - 1)": (f"{name}[{at} + 1]", f"{name}[{at}]"),
        }
        return forms.get(over)
    if isinstance(target, ast.Tuple) and len(target.elts) == 2:
        first, second = map(ast.unparse, target.elts)
        pairs = (f"zip({name}, {name}[1:])", f"zip({name}[:-1], {name}[1:])", f"pairwise({name})")
        return (second, first) if over in (*pairs, f"itertools.pairwise({name})") else None
    return None
