"""Data of a pipeline that functions hand on: the one that makes the step which writes it gets it as a parameter."""

from __future__ import annotations

import ast

from amlbridge.migrate.models.code.parameters import handed_with, parameter_of
from amlbridge.migrate.models.pipelines.flow import Flow
from amlbridge.migrate.rewriter import Rewriter


def is_output_object(origin: ast.AST, to: Rewriter) -> bool:
    """Whether data is an object in SDK v2 as well, an Output: a step that writes it gets it as a parameter."""
    flow = Flow.of(to)
    others = (node for node in handed_with(origin, to) if parameter_of(node, to) is not None)
    return any(isinstance(node, (ast.expr, ast.arg)) and flow.producer(node) is not None for node in others)  # type: ignore[arg-type]
