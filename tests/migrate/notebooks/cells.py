"""Notebooks for tests."""

from __future__ import annotations

import json
from typing import Any


def code(source: str, *, as_list: bool = True, **more: Any) -> dict[str, Any]:
    """A code cell with an output."""
    lines = source.splitlines(keepends=True) if as_list else source
    output = {"output_type": "stream", "name": "stdout", "text": ["Ergebnis: 1\n"]}
    return {"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [output], "source": lines, **more}


def text(source: str) -> dict[str, Any]:
    """A cell of text."""
    return {"cell_type": "markdown", "metadata": {}, "source": source.splitlines(keepends=True)}


def notebook(
    *cells: dict[str, Any], language: str = "python", indent: int | None = 1, ascii_only: bool = False
) -> bytes:
    """A notebook of these cells, as Jupyter writes it."""
    content = {
        "cells": list(cells),
        "metadata": {"kernelspec": {"name": "k", "language": language}, "language_info": {"name": language}},
        "nbformat": 4,
        "nbformat_minor": 2,
    }
    return (json.dumps(content, indent=indent, ensure_ascii=ascii_only) + "\n").encode()


def sources(content: bytes) -> list[str]:
    """The sources of all cells."""
    return ["".join(cell["source"]) for cell in json.loads(content)["cells"]]
