"""What is said of a module whose conversion was taken back as a whole: in its findings, and in it."""

from __future__ import annotations

import io
import re
import tokenize
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import replace

from amlbridge.migrate.findings import UNCONVERTED, Finding, Status
from amlbridge.migrate.module import Conversion, ModuleText
from amlbridge.migrate.text.edits import Edits, Lines
from amlbridge.migrate.text.statements import TODO

#: A name of its own: what the rules have left is tried again only without its comment, this is tried again anyhow.
RULE = "taken-back"
_OURS = re.compile(r"^[ \t]*" + re.escape(TODO.format(RULE, "")) + r".*\n", re.MULTILINE)
_DOC = "docs/rules.md#checks"
_NO_CODE = frozenset(
    {tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER}
)


def taken_back(module: ModuleText, findings: Iterable[Finding], why: str, *more: Finding) -> Conversion:
    """The module as it was, with a comment at whatever would have been converted or is left, and its findings: what was
    to be converted is left for the reason ``why``. ``more``: findings that have no place."""
    message = f"left as it is: its conversion was taken back, {why}"
    found = [
        finding
        if finding.status in UNCONVERTED
        else replace(finding, rule=RULE, status=Status.MANUAL, message=message, doc=_DOC)
        for finding in findings
    ]
    return Conversion(_told(module, found), (*found, *more))


def without_comments(text: str) -> str:
    """A text that is converted after all, without the comments of an earlier run which took that back."""
    return _OURS.sub("", text)


def _told(module: ModuleText, findings: list[Finding]) -> str:
    lines = Lines(module.text)
    edits, starts = Edits(lines), _starts(module.text)
    told: set[tuple[int, str]] = set()
    for finding in findings:
        at = bisect_right(starts, finding.line) - 1
        if finding.status is Status.IGNORED or at < 0 or (starts[at], finding.rule) in told:
            continue
        told.add((starts[at], finding.rule))
        start, todo = lines.offset(starts[at], 0), TODO.format(finding.rule, "")
        if not any(line.startswith(todo) for line in lines.comments_above(start)):
            edits.replace(start, start, f"{lines.indent_at(start)}{todo}{finding.message}\n")
    return edits.apply()


def _starts(text: str) -> list[int]:
    """The lines, from 1, on which a logical line of Python starts: a comment may stand above each."""
    found: list[int] = []
    inside = False
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NEWLINE:
            inside = False
        elif not inside and token.type not in _NO_CODE:
            found.append(token.start[0])
            inside = True
    return found
