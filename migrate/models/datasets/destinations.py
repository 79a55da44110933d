"""Where a step writes: the destination of an ``OutputFileDatasetConfig``, with its placeholders."""

from __future__ import annotations

import ast

from amlbridge.migrate.models.datasets.paths import datastore_path
from amlbridge.migrate.rewriter import Rewriter

#: Placeholder of SDK v1 -> that of SDK v2, which means the same.
_PLACEHOLDERS = {"{run-id}": "${{name}}", "{output-name}": "${{output_name}}"}


def destination_path(node: ast.expr, to: Rewriter) -> str | None:
    """The code of the address that a destination ``(datastore, path)`` names; None for any other."""
    inner = to.evaluator.behind(node)
    if not isinstance(inner, ast.Tuple) or len(inner.elts) != 2:
        return None
    store, inside = inner.elts
    held = _held(inside, to)
    if not held:
        return _renamed(datastore_path(store, inside, to, written=True))
    calls = "".join(f'.replace("{old}", "{_PLACEHOLDERS[old]}")' for old in held)
    return f"{datastore_path(store, None, to, written=True)} + {to.source(inside)}{calls}"


def _renamed(code: str) -> str:
    """The code of a path with the placeholders of SDK v2. An f-string and the text of ``format`` have each brace twice;
    a text within an f-string's braces has it once."""
    for old, new in _PLACEHOLDERS.items():
        code = code.replace(_doubled(old), _doubled(new)).replace(old, new)
    return code


def _doubled(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _held(path: ast.expr, to: Rewriter) -> list[str]:
    """The placeholders in what a variable holds, where only the running code knows its text."""
    if not isinstance(path, ast.Name) or to.evaluator.text(path) is not None:
        return []
    bound = to.evaluator.scopes.lookup(path.id, path)
    codes = [ast.unparse(binding.value) for binding in bound if binding.value is not None]
    return [old for old in _PLACEHOLDERS if any(old in code for code in codes)]
