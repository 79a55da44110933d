"""Whether the function of a pipeline can call the components of its steps."""

from __future__ import annotations

import ast

from amlbridge.migrate.models.code.attributes import attribute_of, class_of
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.trees import LOOPS

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def check_reach(made: ast.expr, pipeline: ast.expr, to: Rewriter) -> None:
    """Raises ValueError when a step is made where the pipeline's function cannot see its component, or more than once
    by the same call: one node would stand for several steps."""
    around = set(to.evaluator.scopes.ancestors(pipeline))
    owner = class_of(made, to) if attribute_of(made, to) is not None else None
    if owner is not None and owner is class_of(pipeline, to):
        return  # the component is in an attribute
    for node in to.evaluator.scopes.ancestors(made):
        if node in around:
            continue
        if isinstance(node, LOOPS):
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


def undefined_step(listed: ast.expr, to: Rewriter) -> str:
    """What to tell where a list of steps has a name that nothing in the module defines; "" where it has none."""
    for name in listed.elts if isinstance(listed, (ast.List, ast.Tuple)) else ():
        known = not isinstance(name, ast.Name) or to.evaluator.scopes.is_bound(name.id, name)
        if not known and not to.evaluator.scopes.starred:
            return f"nothing in this file defines the step {ast.unparse(name)}: define it above"
    return ""


def is_outside(made: ast.expr, name: ast.AST, to: Rewriter) -> bool:
    """Whether a name stands outside of the function that makes a step."""
    function = _function(made, to)
    return function is not None and function not in to.evaluator.scopes.ancestors(name)


def _function(made: ast.expr, to: Rewriter) -> ast.AST | None:
    return next((node for node in to.evaluator.scopes.ancestors(made) if isinstance(node, _FUNCTIONS)), None)
