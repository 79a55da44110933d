"""Syntax trees of texts that several checks look at, one after the other."""

from __future__ import annotations

import ast
import warnings
from functools import lru_cache


@lru_cache(maxsize=4)
def tree_of(text: str) -> ast.Module:
    """The tree of a text, which nobody may change. Raises SyntaxError, ValueError or RecursionError where ``ast.parse``
    does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # "\d" in a string of the user's
        return ast.parse(text)
