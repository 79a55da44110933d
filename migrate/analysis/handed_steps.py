"""Steps that one function puts into a list, and another one makes a pipeline of.

``publish(ws, steps=[prepare, train])`` with ``Pipeline(ws, steps=steps)`` in it.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from amlbridge.migrate.analysis.values import Evaluator, Instance
from amlbridge.migrate.text.trees import only_target

Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Maker:
    """A function that makes a pipeline of the steps that it gets. ``name``: what its parameter is called when it gets
    the pipeline instead: as the variable that the pipeline had; "" where it does more with the steps."""

    parameter: ast.arg
    pipeline: ast.Call
    name: str


@dataclass(frozen=True)
class HandedSteps:
    """A call that passes a list of steps. ``made``: the calls that make the steps."""

    call: ast.Call
    argument: ast.expr
    maker: Maker
    made: tuple[ast.expr, ...]

    @property
    def keyword(self) -> ast.keyword | None:
        """The keyword that the list is passed as, None when it is passed by position."""
        return next((keyword for keyword in self.call.keywords if keyword.value is self.argument), None)


def steps_in(evaluator: Evaluator, node: ast.expr) -> tuple[ast.expr, ...]:
    """The calls that make the steps of a list; () for what is no list of steps."""
    listed = evaluator.behind(node)
    elements = list(listed.elts) if isinstance(listed, (ast.List, ast.Tuple)) else []
    if isinstance(node, ast.Name):
        elements += [call.args[0] for call in evaluator.calls().get("append", ()) if _is_of(call, node.id)]
    values = [evaluator.value(element) for element in elements]
    steps = [value for value in values if isinstance(value, Instance) and value.type.endswith("Step")]
    return tuple(step.origin for step in steps if isinstance(step.origin, ast.expr))


def _is_of(call: ast.Call, name: str) -> bool:
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    return isinstance(owner, ast.Name) and owner.id == name and len(call.args) == 1


def elements_of(evaluator: Evaluator) -> dict[str, list[ast.expr]]:
    """What is put into the list of each variable, and into lists that are its items: where made, and later."""
    parts: dict[str, list[ast.expr]] = {}
    for method in ("append", "extend"):
        for call in evaluator.calls().get(method, ()):
            parts.setdefault(root_of(call.func), []).extend(call.args)
    for scope in evaluator.scopes.all:
        for name, bindings in scope.bindings.items():
            made = [b.value for b in bindings if b.kind in ("assign", "augment") and b.value is not None]
            parts.setdefault(name, []).extend(made)
    for node in evaluator.scopes.every(ast.AugAssign):
        if isinstance(node.target, ast.Subscript):
            parts.setdefault(root_of(node.target), []).append(node.value)
    return {name: [element for part in given for element in _elements(part)] for name, given in parts.items()}


def _elements(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.ListComp):
        return [node.elt]
    return node.elts if isinstance(node, (ast.List, ast.Tuple)) else [node]


def root_of(node: ast.expr) -> str:
    """The variable that an expression of items and attributes starts from, "" for another start."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def maker(evaluator: Evaluator, function: Definition, parameter: str) -> Maker | None:
    """How a function makes a pipeline of the steps that it gets for a parameter; None when it makes none."""
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    taken = next((argument for argument in arguments if argument.arg == parameter), None)
    names = [n for n in ast.walk(function) if isinstance(n, ast.Name) and n.id == parameter]
    call = next((found for name in names if (found := _pipeline(evaluator, name)) is not None), None)
    if taken is None or call is None:
        return None
    if len(names) > 1:
        return Maker(taken, call, "")
    statement = evaluator.scopes.parents.get(call)
    target = only_target(statement)
    name = target.id if isinstance(target, ast.Name) else "pipeline"
    return Maker(taken, call, parameter if any(argument.arg == name for argument in arguments) else name)


def _pipeline(evaluator: Evaluator, name: ast.Name) -> ast.Call | None:
    """The call that makes a pipeline of the steps that a name holds."""
    keyword = evaluator.scopes.parents.get(name)
    call = evaluator.scopes.parents.get(keyword) if isinstance(keyword, ast.keyword) else None
    is_steps = isinstance(keyword, ast.keyword) and keyword.arg == "steps"
    return call if is_steps and isinstance(call, ast.Call) and evaluator.type_of(call) == "Pipeline" else None
