"""Values of expressions that are written out."""

from __future__ import annotations

import ast


def literal(node: ast.expr) -> object:
    """The value of a literal; of an f-string without expressions, its text. Raises what ``ast.literal_eval`` does."""
    if isinstance(node, ast.JoinedStr):
        parts = [part.value for part in node.values if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        if len(parts) == len(node.values):
            return "".join(parts)
    return ast.literal_eval(node)
