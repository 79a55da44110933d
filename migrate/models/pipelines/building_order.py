"""The order of steps that code makes at run time: ``step.run_after(previous)`` in a loop.

The component of each step that others wait for writes an order token; that of each step that waits has an input for
it, which the statement binds::

    step.run_after(previous)                  step.inputs.after_1 = previous.outputs.order_token
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from amlbridge.migrate.analysis.made_elsewhere import own_nodes
from amlbridge.migrate.models.pipelines.building import Building, Buildings, Search
from amlbridge.migrate.models.steps.steps import Step, waiting_input
from amlbridge.migrate.rewriter import Rewriter

ORDER = "the order of steps is decided at run time: hand an output of the earlier step to the later one"
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_AROUND = (*_LOOPS, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def take_orders(building: Building, code: Sequence[ast.AST], search: Search) -> None:
    """Takes in the statements that order the steps. Raises ValueError where a node may wait for several others in a
    way that its component cannot say."""
    found = [node for part in code for node in own_nodes(part) if is_order(node)]
    for step in building.steps if found else ():
        step.after, step.before, step.ordered_at = [], [], {}
    for node in found:
        assert isinstance(node, ast.Attribute)
        call = search.scopes.parents.get(node)
        statement = search.scopes.statement_of(node)
        use = search.to.use_of(call) if isinstance(call, ast.Call) else None
        earlier = use.argument("step", position=0) if use is not None else None
        alone = isinstance(statement, ast.Expr) and statement.value is call
        if not alone or earlier is None or statement is None or not _is_once(node.value, search):
            raise ValueError(ORDER)
        later, before = _steps(node.value, search), _steps(earlier, search)
        if not later or not before or any(step not in building.steps for step in [*later, *before]):
            raise ValueError(ORDER)
        index = max(step.waiting for step in later)
        for step in later:
            step.waiting = index + 1
        for step in before:
            step.ordered = True
        building.orders[statement] = (node.value, earlier, waiting_input(index))


def _steps(node: ast.expr, search: Search) -> list[Step]:
    """The steps that an expression may stand for, also those that a variable gets later in a loop."""
    found = search.flow.steps_of(node)
    bindings = search.scopes.of(node).bindings.get(node.id, ()) if isinstance(node, ast.Name) else ()
    for binding in bindings:
        found += search.flow.steps_of(binding.value) if binding.value is not None and binding.kind == "assign" else []
    return found


def is_order(node: ast.AST) -> bool:
    """Whether an expression is the method that orders steps."""
    return isinstance(node, ast.Attribute) and node.attr == "run_after"


def order_code(statement: ast.stmt, to: Rewriter) -> str | None:
    """The statement that binds the order of two nodes; None where the pipeline's function says it."""
    for building in Buildings.of(to).found:
        if statement in building.orders:
            later, earlier, name = building.orders[statement]
            return f"{to.source(later)}.inputs.{name} = {to.source(earlier)}.outputs.order_token"
    return None


def _is_once(receiver: ast.expr, search: Search) -> bool:
    """Whether a statement says of each node only once that it waits."""
    around = _around(receiver, search)
    if isinstance(receiver, ast.Name):
        bindings = search.scopes.lookup(receiver.id, receiver)
        return bool(bindings) and all(
            binding.statement is not None
            and (binding.statement is around or _around(binding.statement, search) is around)
            for binding in bindings
        )
    if isinstance(around, (ast.For, ast.AsyncFor)) and isinstance(receiver, ast.Subscript):
        changing = {node.id for node in ast.walk(around.target) if isinstance(node, ast.Name)}
        return any(isinstance(node, ast.Name) and node.id in changing for node in ast.walk(receiver.slice))
    return isinstance(receiver, ast.Subscript) and not isinstance(around, _LOOPS)


def _around(node: ast.AST, search: Search) -> ast.AST | None:
    """The loop or function that a node is directly in."""
    return next((at for at in search.scopes.ancestors(node) if isinstance(at, _AROUND)), None)
