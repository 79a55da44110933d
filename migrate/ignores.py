"""``# amlbridge: ignore``: what the user wants to be left as it is.

At the end of a line it holds for the statement that has this line; alone on a line for the statement below; alone above
the first statement, or as ``# amlbridge: ignore-file`` anywhere, for the whole file. ``ignore[RULE, RULE]`` leaves out
these rules only.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

_DIRECTIVE = re.compile(r"#\s*amlbridge:\s*(ignore(?:-file)?)\b\s*(?:\[([^\]]*)\])?")
_ALL = frozenset({"*"})
_BLANK = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER)


@dataclass(frozen=True)
class Ignores:
    """Where nothing shall be converted: line (from 1) -> names of rules, or "*" for all."""

    lines: dict[int, frozenset[str]]
    file: frozenset[str]

    @classmethod
    def of(cls, text: str) -> Ignores:
        """Reads the comments of a module with "\\n" line ends. In a text that cannot be read to its end those count
        that stand before the error."""
        lines: dict[int, frozenset[str]] = {}
        whole: frozenset[str] = frozenset()
        if "amlbridge:" not in text:
            return cls(lines, whole)
        pending: frozenset[str] = frozenset()
        begun = False
        for token in _tokens(text):
            if token.type == tokenize.COMMENT:
                found = _DIRECTIVE.search(token.string)
                if found is None:
                    continue
                rules = frozenset(name.strip() for name in (found[2] or "").split(",") if name.strip()) or _ALL
                line = token.start[0]
                alone = not token.line[: token.start[1]].strip()
                if found[1] == "ignore-file" or (alone and not begun):
                    whole |= rules
                elif alone:
                    pending |= rules
                else:
                    lines[line] = lines.get(line, frozenset()) | rules
            elif token.type not in _BLANK:
                begun = True
                if pending:
                    line = token.start[0]
                    lines[line] = lines.get(line, frozenset()) | pending
                    pending = frozenset()
        return cls(lines, whole)

    def covers(self, first_line: int, last_line: int, rule: str) -> bool:
        """Whether a statement on these lines (both included) is out of bounds for ``rule``."""
        wanted = {"*", rule}
        if self.file & wanted:
            return True
        return any(rules & wanted for line, rules in self.lines.items() if first_line <= line <= last_line)


def _tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    """The tokens up to the first error: convert_module reports a text that is no Python."""
    with suppress(tokenize.TokenError, SyntaxError):
        yield from tokenize.generate_tokens(io.StringIO(text).readline)
