"""Expressions that stand in no text, and that the code means: ``settings["a"]`` of a call with ``**settings``."""

from __future__ import annotations

import ast


class ImpliedItem(ast.Subscript):
    """An item of a dict that code hands on as a whole. ``code``: how it is read in the new code."""

    def __init__(self, owner: ast.expr, name: str, code: str) -> None:
        super().__init__(value=owner, slice=ast.Constant(name), ctx=ast.Load())
        ast.copy_location(self.slice, owner)
        ast.copy_location(self, owner)
        self.code = code
