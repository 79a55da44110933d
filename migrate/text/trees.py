"""Syntax trees of texts."""

from __future__ import annotations

import ast
import warnings
from functools import lru_cache


def parse(text: str) -> ast.Module:
    """The tree of a text. Raises SyntaxError, ValueError, RecursionError or MemoryError where ``ast.parse`` does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # "\d" in a string of the user's
        return ast.parse(text)


def parse_python(text: str) -> ast.Module | None:
    """The tree of a text; None for what is no Python, which ``convert_module`` reports."""
    try:
        return parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@lru_cache(maxsize=4)
def tree_of(text: str) -> ast.Module:
    """The tree of a text that several checks look at, one after the other; nobody may change it. Raises what
    :func:`parse` does."""
    return parse(text)
