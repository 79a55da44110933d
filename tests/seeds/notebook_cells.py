"""Code cells of an article become a script, as Jupyter would run them: ``%%writefile`` writes the rest of its cell.
Other magics, which are about the notebook itself, are left out."""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable
from pathlib import Path

SUBSCRIPTION = "22222222-2222-2222-2222-222222222222"
#: The only three things that the reader of the articles fills in.
PLACEHOLDERS = {"<SUBSCRIPTION_ID>": SUBSCRIPTION, "<RESOURCE_GROUP>": "rg", "<AML_WORKSPACE_NAME>": "ws"}

_CELLS = Path(__file__).parent / "cells"
_SAMPLE = Path(__file__).parents[2] / "samples" / "v2" / "credit_default" / "make_data.py"


def read(name: str) -> list[str]:
    """The cells of an article."""
    return re.findall(r"^```python\n(.*?)^```$", (_CELLS / f"{name}.txt").read_text(), re.DOTALL | re.MULTILINE)


def script(cells: list[str]) -> str:
    """The script."""
    source = "\n".join(_statements(cell) for cell in cells)
    for placeholder, value in PLACEHOLDERS.items():
        source = source.replace(placeholder, value)
    return source


def _statements(cell: str) -> str:
    before, magic, written = cell.partition("%%writefile ")
    if not magic:
        return re.sub(r"^%.*$", "", cell, flags=re.MULTILINE)
    target, _, content = written.partition("\n")
    return f'{before}open(f"{target}", "w").write({content!r})\n'


def credit_table() -> Callable[..., Path]:
    """What writes the table of the credit-default articles: ``(path, rows)``."""
    write: Callable[..., Path] = runpy.run_path(str(_SAMPLE))["write"]
    return write
