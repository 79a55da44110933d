"""Whether the function of a pipeline can call the components of its steps, and from where it gets those that a function
of the user's makes."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from amlbridge.migrate.rewriter import Rewriter

if TYPE_CHECKING:
    from amlbridge.migrate.models.steps import Step

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def check_reach(made: ast.expr, pipeline: ast.expr, to: Rewriter) -> None:
    """Raises ValueError when a step is made where the pipeline's function cannot see its component, or more than once
    by the same call: one node would stand for several steps."""
    around = set(to.evaluator.scopes.ancestors(pipeline))
    for node in to.evaluator.scopes.ancestors(made):
        if node in around:
            continue
        if isinstance(node, _LOOPS):
            raise ValueError(
                "steps are made in a loop: make the component once, above it, and call it in the same loop inside of "
                "the function with @dsl.pipeline"
            )
        if isinstance(node, _FUNCTIONS):
            name = getattr(node, "name", "a function")
            raise ValueError(
                f"steps are made in {name}: let it give the component, and call that inside of the function with "
                "@dsl.pipeline"
            )


def is_outside(made: ast.expr, name: ast.AST, to: Rewriter) -> bool:
    """Whether a name stands outside of the function that makes a step."""
    function = _function(made, to)
    return function is not None and function not in to.evaluator.scopes.ancestors(name)


def given_by_function(element: ast.expr, found: list[Step], pipeline: ast.expr, to: Rewriter) -> list[Step]:
    """The steps of an element of a pipeline's list. What a function of the user's makes and returns is one step for
    each of its calls; its component is what the call gives. Raises ValueError for a call in a loop. Steps whose data or
    order goes through the function's parameters are given back as they are."""
    if len(found) != 1 or not is_outside(found[0].use.node, pipeline, to):
        return found
    step = found[0]
    call = _call(element, to)
    bound = [port for port in step.arguments.inputs if not port.literal]
    if call is None or bound or step.arguments.outputs or step.before or step.after:
        return found
    check_reach(call, pipeline, to)
    component = element.id if isinstance(element, ast.Name) else to.source(element)
    node = to.fresh(f"{element.id}_node" if isinstance(element, ast.Name) else step.node)
    return [replace(step, component=component, node=node, given=True)]


def _call(element: ast.expr, to: Rewriter) -> ast.Call | None:
    """The call of a function of the user's that an element is, or that its variable holds."""
    if isinstance(element, ast.Name):
        bindings = to.evaluator.scopes.lookup(element.id, element)
        made = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "assign" else None
    else:
        made = element
    return made if isinstance(made, ast.Call) else None


def _function(made: ast.expr, to: Rewriter) -> ast.AST | None:
    return next((node for node in to.evaluator.scopes.ancestors(made) if isinstance(node, _FUNCTIONS)), None)
