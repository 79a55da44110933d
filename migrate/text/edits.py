"""Replacements of exact spans of a text. All other characters stay as they are."""

from __future__ import annotations

import ast
from bisect import bisect_right
from dataclasses import dataclass, field

from amlbridge.migrate.analysis.implied import ImpliedItem


class Lines:
    """Positions of the nodes of ``ast`` (lines from 1, columns in bytes of UTF-8) as offsets into the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0]
        for line in text.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._ascii = text.isascii()

    def offset(self, line: int, column: int) -> int:
        """The offset of a place."""
        start = self._starts[line - 1]
        if self._ascii:
            return start + column
        whole = self.text[start : self._starts[line] - 1]
        return start + len(whole.encode()[:column].decode(errors="ignore"))

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where a node starts and ends. Decorators belong to what they decorate."""
        first = node
        decorators = getattr(node, "decorator_list", None)
        if decorators:
            start = self.line_start(self.offset(decorators[0].lineno, decorators[0].col_offset))
            start += len(self.indent_at(start))
        else:
            start = self.offset(first.lineno, first.col_offset)  # type: ignore[attr-defined]
        return start, self.offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def source(self, node: ast.AST) -> str:
        """The text of a node."""
        if isinstance(node, ImpliedItem):
            return node.code
        start, end = self.span(node)
        return self.text[start:end]

    def line(self, node: ast.AST) -> str:
        """The text of the lines that a node is on."""
        start, end = self.span(node)
        return self.text[self.line_start(start) : self.line_end(end)]

    def line_start(self, offset: int) -> int:
        """The offset of the start of the line."""
        return self.text.rfind("\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """The offset of the line's end (of the line feed, or of the text's end)."""
        end = self.text.find("\n", offset)
        return len(self.text) if end < 0 else end

    def line_number(self, offset: int) -> int:
        """The line that an offset is in, from 1."""
        return bisect_right(self._starts, offset)

    def comments_above(self, offset: int) -> list[str]:
        """The comment lines directly above the line that starts at an offset, the nearest first."""
        found = []
        while offset > 0:
            before = self.line_start(offset - 1)
            line = self.text[before : offset - 1].strip()
            if not line.startswith("#"):
                break
            found.append(line)
            offset = before
        return found

    def indent_at(self, offset: int) -> str:
        """The white space that the line of an offset starts with."""
        start = self.line_start(offset)
        end = start
        while end < len(self.text) and self.text[end] in " \t":
            end += 1
        return self.text[start:end]


@dataclass
class Edits:
    """Replacements that do not overlap."""

    lines: Lines
    _edits: list[tuple[int, int, int, str]] = field(default_factory=list)

    def replace(self, start: int, end: int, text: str) -> None:
        """Replaces a span. An insertion has ``start == end``; several at one place keep their order."""
        self._edits.append((start, end, len(self._edits), text))

    def __bool__(self) -> bool:
        return bool(self._edits)

    def apply(self) -> str:
        """The text with all replacements. Raises ValueError when two overlap."""
        parts, at = [], 0
        for start, end, _order, text in sorted(self._edits):
            if start < at:
                line = self.lines.line_number(start)
                raise ValueError(f"two edits overlap at line {line}")
            parts += [self.lines.text[at:start], text]
            at = end
        parts.append(self.lines.text[at:])
        return "".join(parts)
