"""Statements that are not needed any more: what they made is in a created file, and nothing else reads it."""

from __future__ import annotations

import ast

from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.edits import Edits
from amlbridge.migrate.text.statements import StatementWriter
from amlbridge.migrate.text.trees import tree_of


def written(to: Rewriter, tree: ast.Module, imports: list[ast.Import | ast.ImportFrom]) -> Edits:
    """The edits of a module without those statements. One that goes may have been the last reader of another."""
    while True:
        writer = StatementWriter(to, set(imports))
        edits = writer.write(tree)
        if not (to.spare or to.spare_names) or not _dropped(writer, _read_names(edits.apply())):
            return edits


def _dropped(writer: StatementWriter, read: set[str]) -> bool:
    """Takes statements away whose variables nothing reads. Returns whether there were any."""
    to = writer.to
    read = read | to.exported() | to.read_elsewhere()
    dropped = False
    for statement in to.spare:
        code = writer.whole(statement)
        made = _variable([statement] if code is None else ast.parse(code).body)
        if made is not None and made not in read:
            to.replace_statement(statement, "")
            dropped = True
    for name in to.spare_names - read:
        for statement, codes in to.inserted.items():
            kept = [code for code in codes if not code.startswith(f"{name} = ")]
            dropped = dropped or len(kept) < len(codes)
            to.inserted[statement] = kept
    return dropped


def _variable(statements: list[ast.stmt]) -> str | None:
    """The variable that a single assignment makes."""
    match statements:
        case [ast.Assign(targets=[ast.Name(id=name)])]:
            return name
    return None


def _read_names(text: str) -> set[str]:
    return {
        node.id for node in ast.walk(tree_of(text)) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
