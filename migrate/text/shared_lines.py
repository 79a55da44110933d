"""Statements that share a line: ``a; b``, and the blocks of ``if x: a; b``."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amlbridge.migrate.text.comments import lost_comments

if TYPE_CHECKING:
    from amlbridge.migrate.text.statements import StatementWriter


@dataclass(frozen=True)
class _Piece:
    """A statement of a shared line: the lines that come before it, and its code; None while it stays as it is."""

    statement: ast.stmt
    before: list[str]
    code: str | None
    after: list[str]

    @property
    def is_gone(self) -> bool:
        return self.code == "" and not self.before and not self.after


def grouped(statements: list[ast.stmt]) -> list[list[ast.stmt]]:
    """The statements of a block by the lines that they share."""
    groups: list[list[ast.stmt]] = []
    for statement in statements:
        if groups and groups[-1][-1].end_lineno == statement.lineno:
            groups[-1].append(statement)
        else:
            groups.append([statement])
    return groups


def write_group(group: list[ast.stmt], writer: StatementWriter) -> list[bool]:
    """Writes the edits of simple statements of one line: on that line while they fit, else each on its own, so that
    what follows a loop does not end up in it. Returns for each whether nothing is left of it."""
    pieces = [_piece(one, writer) for one in group]
    gone = [piece.is_gone for piece in pieces]
    if not _fit(pieces, writer):
        _write_apart(pieces, writer)
    elif any(gone):
        codes = [writer.lines.source(piece.statement) if piece.code is None else piece.code for piece in pieces]
        writer.put_above(group)
        _write_what_is_left("; ".join(filter(None, codes)), group, writer)
    else:
        writer.put_above(group)
        for piece in pieces:
            if piece.code is not None:
                writer.edits.replace(*writer.lines.span(piece.statement), piece.code)
    return gone


def _piece(statement: ast.stmt, writer: StatementWriter) -> _Piece:
    code = writer.new_text(statement)
    above, below = writer.around(statement)
    lost = lost_comments(writer.lines.source(statement), code) if code is not None else []
    return _Piece(statement, [*lost, *above], code, below)


def _span(group: list[ast.stmt], writer: StatementWriter) -> tuple[int, int]:
    return writer.lines.span(group[0])[0], writer.lines.span(group[-1])[1]


def _write_what_is_left(code: str, group: list[ast.stmt], writer: StatementWriter) -> None:
    start, end = _span(group, writer)
    first = writer.lines.line_start(start)
    if code or writer.lines.text[first:start].strip():
        writer.edits.replace(start, end, code)
    else:
        writer.remove(first, start, end)


def _fit(pieces: list[_Piece], writer: StatementWriter) -> bool:
    """Whether they can stay on their line, which must not become longer than it was, or than lines may be."""
    changed = [piece for piece in pieces if piece.code is not None or piece.before or piece.after]
    if any(piece.before or piece.after or "\n" in (piece.code or "").strip() for piece in changed):
        return False
    old = writer.lines.line(pieces[0].statement).split("\n", 1)[0]
    added = sum(len(piece.code or "") - len(writer.lines.source(piece.statement)) for piece in changed)
    return added <= 0 or len(old) + added <= writer.to.options.line_length


def _write_apart(pieces: list[_Piece], writer: StatementWriter) -> None:
    lines = writer.lines
    start, end = _span([piece.statement for piece in pieces], writer)
    first = lines.line_start(start)
    head = lines.text[first:start].rstrip()
    indent = lines.indent_at(start) + ("    " if head.endswith(":") else "")
    text = "\n".join(filter(None, [_lines_of(piece, indent, writer) for piece in pieces]))
    rest = lines.text[end : lines.line_end(end)]
    if rest.lstrip().startswith(";"):
        end += rest.index(";") + 1
        after = rest[rest.index(";") + 1 :]
        if after.strip() and not after.lstrip().startswith("#"):
            end += len(after) - len(after.lstrip())
            text += f"\n{indent}"
    if head.endswith(":"):
        writer.edits.replace(first + len(head), end, "\n" + text)
    else:
        writer.edits.replace(start if head else first, end, f"\n{text}" if head else text)


def _lines_of(piece: _Piece, indent: str, writer: StatementWriter) -> str:
    texts = [writer.laid_out("\n".join(piece.before), indent), *writer.todo_lines(piece.statement, indent)]
    if piece.code is None:
        texts.append(indent + writer.lines.source(piece.statement))
    else:
        texts.append(writer.laid_out(piece.code, indent))
    return "\n".join(filter(None, [*texts, writer.laid_out("\n".join(piece.after), indent)]))
