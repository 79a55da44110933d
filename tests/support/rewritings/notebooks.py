"""The same program as the cells of a notebook."""

from __future__ import annotations

import ast
import json
from collections.abc import Sequence

from tests.support.rewritings.blocks import in_two_functions
from tests.support.rewritings.code import Program


def in_one_cell(text: str) -> Program | None:
    """All in one cell of a notebook."""
    return _notebook([text]) if _may_be_cells(text) else None


def in_cells(text: str) -> Program | None:
    """A cell for each statement of the top level."""
    if not _may_be_cells(text):
        return None
    return _notebook([ast.unparse(statement) for statement in ast.parse(text).body])


def functions_in_cells(text: str) -> Program | None:
    """What a module does, as functions in cells that hand on objects."""
    program = in_two_functions(text)
    if program is None or not _may_be_cells(text):
        return None
    *definitions, guard = ast.parse(program.text).body
    assert isinstance(guard, ast.If)
    return _notebook([ast.unparse(statement) for statement in (*definitions, *guard.body)])


def _may_be_cells(text: str) -> bool:
    """Whether cells do the same; whoever imports a module, or is asked for its file, cannot take a notebook."""
    tree = ast.parse(text)
    future = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
    relative = any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree))
    return bool(tree.body) and not future and not relative and "__file__" not in text


def _notebook(cells: Sequence[str]) -> Program:
    written = [
        {"cell_type": "code", "metadata": {}, "source": cell.splitlines(keepends=True), "outputs": []} for cell in cells
    ]
    metadata = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    content = {"cells": written, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}
    return Program(json.dumps(content, indent=1), suffix=".ipynb")
