"""What expressions say that are written out: their values, and whether that is nothing, true or false."""

from __future__ import annotations

import ast


def literal(node: ast.expr) -> object:
    """The value of a literal; of an f-string without expressions, its text. Raises what ``ast.literal_eval`` does."""
    if isinstance(node, ast.JoinedStr):
        parts = [part.value for part in node.values if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        if len(parts) == len(node.values):
            return "".join(parts)
    return ast.literal_eval(node)


def is_none(node: ast.expr | None) -> bool:
    """Whether the code says nothing, or ``None``."""
    return unless_none(node) is None


def unless_none(node: ast.expr | None) -> ast.expr | None:
    """The expression; None as well where the code says ``None``, which SDK v1 takes for nothing."""
    return None if isinstance(node, ast.Constant) and node.value is None else node


def is_true(node: ast.expr | None) -> bool:
    """Whether the code says ``True``."""
    return isinstance(node, ast.Constant) and node.value is True


def is_false(node: ast.expr | None) -> bool:
    """Whether the code says nothing, or a constant that counts as false."""
    return node is None or (isinstance(node, ast.Constant) and not node.value)
