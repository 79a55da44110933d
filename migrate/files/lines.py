"""What the converters of texts have in common: lines that change, comments above them, findings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import takewhile

from amlbridge.migrate.findings import Finding, Status
from amlbridge.migrate.module import Options

_IGNORE = re.compile(r"#\s*amlbridge:\s*ignore(?P<file>-file)?\b")


#: So many characters of a comment tell what it is about.
_ALIKE = 30


@dataclass
class Lines:
    """A text while it is converted. ``lines[i]`` is line i+1 of the original: its text, what replaces it (several lines
    joined with "\\n"), or None for a line that goes. ``imported``: the packages that
    scripts which run with what is listed here import; ``by_code``: those that converted code beside it does."""

    text: str
    options: Options
    imported: tuple[str, ...] = ()
    by_code: tuple[str, ...] = ()
    lines: list[str | None] = field(init=False)
    original: list[str] = field(init=False)
    findings: list[Finding] = field(default_factory=list)
    _above: dict[int, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.original = self.text.split("\n")
        self.lines = list(self.original)
        self._ignored = any(match["file"] for match in _IGNORE.finditer(self.text))

    def ignored(self, index: int, rule: str) -> bool:
        """Whether the user wants the line to be left alone, by a comment on it or alone above it, or by settings."""
        if self._ignored or not self.options.applies(rule) or _IGNORE.search(self.original[index]):
            return True
        before = self.original[index - 1].strip() if index else ""
        return before.startswith("#") and bool(_IGNORE.search(before))

    def find(self, rule: str, symbol: str, status: Status, index: int, column: int, message: str) -> None:
        """Adds a finding; ``index`` and ``column`` count from 0."""
        doc = f"docs/rules.md#{rule}"
        self.findings.append(Finding(rule, symbol, status, index + 1, column + 1, message, doc))

    def comment_above(self, index: int, rule: str, message: str) -> None:
        """Puts ``# TODO(amlbridge RULE): …`` above a line, unless it is there."""
        indent = re.match(r"\s*", self.original[index])
        comment = f"{indent[0] if indent else ''}# TODO(amlbridge {rule}): {message}"
        before = self.original[max(0, index - 3) : index]
        if comment not in [*before, *self._above.get(index, [])] and not self._is_said(index, comment, message):
            self._above.setdefault(index, []).append(comment)

    def _is_said(self, index: int, comment: str, message: str) -> bool:
        """Whether a comment of an earlier run is about the same: it may name other packages, as it saw the scripts
        before they were converted."""
        start = comment[: len(comment) - len(message) + _ALIKE]
        above = takewhile(lambda line: line.lstrip().startswith("#"), reversed(self.original[:index]))
        return any(line.startswith(start) for line in above)

    def result(self) -> str:
        """The new text."""
        found: list[str] = []
        for index, line in enumerate(self.lines):
            found += self._above.get(index, [])
            if line is not None:
                found.append(line)
        return "\n".join(found)
