"""Paths of the files of a run: SDK v1 took ``./outputs/a.pkl`` and ``/outputs/a.pkl`` for ``outputs/a.pkl``, addresses
and MLflow do not."""

from __future__ import annotations

import ast
import posixpath
import re

from amlbridge.migrate.rewriter import Rewriter

_START = re.compile(r"^(?:\./|/)+")
#: The beginning of the code of a text that begins so.
_QUOTED = re.compile(r"""^(\(?[fFrR]*["'])(?:\./|/)+""")


def known_text(path: ast.expr, to: Rewriter) -> str | None:
    """The text of a path, where it is written out, or put together of what is."""
    if isinstance(path, ast.JoinedStr):
        parts = [known_text(value, to) for value in path.values]
    elif isinstance(path, ast.BinOp) and isinstance(path.op, ast.Add):
        parts = [known_text(path.left, to), known_text(path.right, to)]
    elif isinstance(path, ast.FormattedValue):
        parts = [known_text(path.value, to) if path.format_spec is None and path.conversion == -1 else None]
    else:
        return to.evaluator.text(path)
    return None if None in parts else "".join(part for part in parts if part is not None)


def stored_path(path: ast.expr, to: Rewriter) -> str:
    """The code of a path among the files of a run."""
    text = known_text(path, to)
    if text is None:
        return _QUOTED.sub(r"\1", to.source(path))
    plain = stored_text(text)
    if plain == text or set(text) & set("\\\"'\n"):
        return to.source(path)
    return f'"{plain}"'


def stored_text(text: str) -> str:
    """A path as the service names it."""
    return _START.sub("", text)


def folder_above(path: ast.expr, to: Rewriter) -> tuple[str, bool]:
    """Code for the folder that a local path is in, "" where there is none to make, and whether that is sure."""
    text = to.evaluator.text(path)
    if text is not None:
        folder = posixpath.dirname(text)
        return (f'"{folder}"' if folder not in ("", ".", "..") else ""), True
    joined = isinstance(path, ast.Call) and ast.unparse(path.func) == "os.path.join" and not path.keywords
    parts = path.args if joined and isinstance(path, ast.Call) else []
    if len(parts) < 2 or any(isinstance(part, ast.Starred) for part in parts):
        return "", False
    name = to.evaluator.text(parts[-1])
    sure = name is not None and "/" not in name
    if len(parts) == 2:
        made = {ast.dump(call.args[0]) for call in to.evaluator.calls().get("makedirs", ()) if call.args}
        return ("" if ast.dump(parts[0]) in made else to.source(parts[0])), sure
    return f"{to.need_module('os')}.path.join({', '.join(to.source(part) for part in parts[:-1])})", sure
