"""The text of a cell: what IPython takes off before it runs it, and the comment above one that cannot be read."""

from __future__ import annotations

from amlbridge.migrate.findings import Finding
from amlbridge.migrate.text.statements import TODO


def dedented(text: str) -> str:
    """A cell whose first line is indented, as IPython runs it: the white space of that line is taken off each line
    that starts with it (measured: IPython 8 does so; IPython 9 where all lines start with it)."""
    lines = text.split("\n")
    first = next((line for line in lines if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip(" \t"))]
    return "\n".join(line.removeprefix(indent) for line in lines) if indent else text


def told(finding: Finding, text: str) -> str:
    """The text of a cell that cannot be read, with a comment above it unless an earlier conversion has put one there,
    maybe by another Python, which words the error otherwise."""
    start = TODO.format(finding.rule, "")
    if text.startswith(start):
        return text
    return f"{start}{finding.message}\n{text}"
