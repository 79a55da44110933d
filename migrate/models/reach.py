"""Whether the function of a pipeline can call the components of its steps."""

from __future__ import annotations

import ast

from amlbridge.migrate.rewriter import Rewriter

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def check_reach(step: ast.expr, pipeline: ast.expr, to: Rewriter) -> None:
    """Raises ValueError when a step is made where the pipeline's function cannot see its component, or more than once
    by the same call: one node would stand for several steps."""
    around = set(to.evaluator.scopes.ancestors(pipeline))
    for node in to.evaluator.scopes.ancestors(step):
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
