"""``__all__`` of a module: what the conversion took away is no name of it any more, and ``import *`` would fail."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.scopes import scopes_of
from amlbridge.migrate.analysis.values import Evaluator
from amlbridge.migrate.text.edits import Edits, Lines
from amlbridge.migrate.text.layout import lay_out
from amlbridge.migrate.text.trees import only_target, tree_of


def without_lost(old: Evaluator, text: str, line_length: int) -> str:
    """The new text, with an ``__all__`` that has none of the names which only the old code defines."""
    if "__all__" not in old.scopes.module.bindings:
        return text
    scopes = scopes_of(tree_of(text))
    if scopes.starred:
        return text
    lost = old.scopes.module.bindings.keys() - scopes.module.bindings.keys()
    lines = Lines(text)
    edits = Edits(lines)
    for statement in tree_of(text).body:
        target, listed = only_target(statement), getattr(statement, "value", None)
        if not (isinstance(target, ast.Name) and target.id == "__all__" and isinstance(listed, (ast.List, ast.Tuple))):
            continue
        kept = [part for part in listed.elts if not (isinstance(part, ast.Constant) and part.value in lost)]
        if len(kept) < len(listed.elts):
            edits.replace(*lines.span(statement), _written(listed, kept, lines, line_length))
    return edits.apply()


def _written(listed: ast.List | ast.Tuple, kept: list[ast.expr], lines: Lines, line_length: int) -> str:
    items = list(map(lines.source, kept))
    opened, closed = ("[", "]") if isinstance(listed, ast.List) else ("(", ")")
    if items and "\n" in lines.source(listed):
        return "\n".join([f"__all__ = {opened}", *(f"    {item}," for item in items), closed])
    comma = "," if len(items) == 1 and opened == "(" else ""
    return lay_out(f"__all__ = {opened}{', '.join(items)}{comma}{closed}", "", line_length)
