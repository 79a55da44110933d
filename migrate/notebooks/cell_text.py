"""The text of a cell: what IPython takes off before it runs it, and the comment above one that cannot be read."""

from __future__ import annotations

import ast
import re

from amlbridge.migrate.findings import Finding
from amlbridge.migrate.text.statements import TODO
from amlbridge.migrate.text.trees import parse_python, walk

_WORD = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
_ASSIGNED = re.compile(r"^[ \t]*([A-Za-z_]\w*)[ \t]*=(?!=)", re.MULTILINE)


def dedented(text: str) -> str:
    """A cell whose first line is indented, as IPython runs it: the white space of that line is taken off each line
    that starts with it (measured: IPython 8 does so; IPython 9 where all lines start with it)."""
    lines = text.split("\n")
    first = next((line for line in lines if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip(" \t"))]
    return "\n".join(line.removeprefix(indent) for line in lines) if indent else text


def assigned_names(text: str) -> set[str]:
    """The variables that a cell which cannot be read makes, at the start of its lines."""
    return set(_ASSIGNED.findall(text))


def words(text: str) -> set[str]:
    """The names in a text."""
    return set(_WORD.findall(text))


def v1_names(code: str) -> set[str]:
    """The names that a module's imports of SDK v1 bring."""
    tree = parse_python(code)
    imports = [node for node in walk(tree) if isinstance(node, ast.ImportFrom)] if tree is not None else []
    of_v1 = [node for node in imports if not node.level and (node.module or "").split(".")[0] == "azureml"]
    return {alias.asname or alias.name for node in of_v1 for alias in node.names}


def told(finding: Finding, text: str) -> str:
    """The text of a cell that cannot be read, with a comment above it unless an earlier conversion has put one there,
    maybe by another Python, which words the error otherwise."""
    start = TODO.format(finding.rule, "")
    if text.startswith(start):
        return text
    return f"{start}{finding.message}\n{text}"
