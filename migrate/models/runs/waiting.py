"""Loops that only wait for something that SDK v2 has done by then."""

from __future__ import annotations

import ast

from amlbridge.migrate.rewriter import Rewriter


def only_waits(loop: ast.While, to: Rewriter) -> bool:
    """Whether a loop asks for the state of an image, and does nothing but print and wait."""
    asked = [use for part in ast.walk(loop.test) if (use := to.use_of(part)) is not None]
    calls = [part.value for part in loop.body if isinstance(part, ast.Expr) and isinstance(part.value, ast.Call)]
    names = {call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func) for call in calls}
    waits = len(calls) == len(loop.body) and names <= {"print", "sleep", "info", "debug"}
    return waits and not loop.orelse and {use.symbol for use in asked} == {"ImageBuildDetails.status"}
