"""The version of Python among conda dependencies that are a dict already: there is one, and the last that is named."""

from __future__ import annotations

import ast
import re

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Code
from amlbridge.migrate.models.environments import conda
from amlbridge.migrate.rewriter import Rewriter

_PYTHON = re.compile(r"python\s*($|[=<>!~ ])")


def chosen(value: ast.expr, use: Use, owner: str, to: Rewriter) -> str:
    """Code that puts a version of Python in the place of that in the dict ``owner``; "" for another package."""
    if use.symbol.endswith("set_python_version"):
        return _put(conda.python(value, to), f'[part for part in {owner}["dependencies"] if {_OTHER}]', owner)
    texts = _texts(value, to) if use.symbol.endswith("add_conda_package") else []
    if texts is not None and not any(map(_PYTHON.match, texts)):
        return ""
    if texts is not None and len(texts) == 1:
        return _put(to.source(value), f'[part for part in {owner}["dependencies"] if {_OTHER}]', owner)
    package = to.source(value)
    kept = f'[part for part in {owner}["dependencies"] if {_OTHER} or not {package}.startswith("python=")]'
    return _put(package, kept, owner)


_OTHER = 'not str(part).startswith("python=")'


def _put(package: str, others: str, owner: str) -> str:
    return f'{owner}["dependencies"] = [{package}, *{others}]'


def _texts(value: ast.expr, to: Rewriter) -> list[str] | None:
    """What a package may be: a text, or one of those that a loop runs over; None for any that the running code knows.
    ``f"numpy={version}"`` is no Python, whatever is in it."""
    text = to.evaluator.text(value)
    first = value.values[0] if isinstance(value, ast.JoinedStr) and value.values else None
    if text is None and isinstance(first, ast.Constant):
        text = str(first.value)
    if text is not None:
        return [text]
    bindings = to.evaluator.scopes.bindings_of(value)
    over = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "element" else None
    known = to.evaluator.value(over) if over is not None else None
    listed = known.node if isinstance(known, Code) else over
    elements = listed.elts if isinstance(listed, (ast.List, ast.Tuple, ast.Set)) else None
    if elements is None:
        return None
    return [text for element in elements if (text := to.evaluator.text(element)) is not None]
