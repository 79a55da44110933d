"""Names of batch endpoints: they begin with a letter, and have small letters, digits and dashes."""

from __future__ import annotations

import ast
import re

from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.trees import called_name

#: What the text of a moment, or of a random id, may begin with: a digit.
_MOMENTS = frozenset({"isoformat", "now", "utcnow", "today", "time", "uuid1", "uuid4"})
_DIGITS = re.compile(r"%[dmyYHIMSjUWusf]")


def endpoint_name(node: ast.expr, to: Rewriter) -> tuple[str, str]:
    """The code of an endpoint's name, and the text of it when it is known."""
    text = to.evaluator.text(node)
    start = "pipeline-" if _begins_with_digit(node, to) else ""
    if text is None:
        given = to.source(node) if not isinstance(node, ast.BinOp) else f"({to.source(node)})"
        code = f'{given}.lower().replace("_", "-").replace(" ", "-")'
        return f'("{start}" + {code})[:32]' if start else code, ""
    name = (start + re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-"))[:32] or "pipeline"
    return f'"{name}"', name


def _begins_with_digit(node: ast.expr, to: Rewriter, depth: int = 0) -> bool:
    """Whether a text begins with a digit, as far as its code tells: ``f"{now:%m-%d}-Pipeline"``."""
    shown = to.evaluator.behind(node)
    if depth > 8:
        return False
    bound = to.evaluator.scopes.bindings_of(shown)
    assigned = [binding.value for binding in bound if binding.kind == "assign" and binding.value is not None]
    if assigned:
        return any(_begins_with_digit(value, to, depth + 1) for value in assigned)
    if isinstance(shown, ast.Constant):
        return str(shown.value)[:1].isdigit()
    if isinstance(shown, ast.BinOp) and isinstance(shown.op, ast.Add):
        return _begins_with_digit(shown.left, to, depth + 1)
    if isinstance(shown, ast.JoinedStr) and shown.values:
        return _begins_with_digit(shown.values[0], to, depth + 1)
    if isinstance(shown, ast.FormattedValue):
        form = ast.unparse(shown.format_spec) if shown.format_spec is not None else ""
        return bool(_DIGITS.match(form[2:])) or _begins_with_digit(shown.value, to, depth + 1)
    if not isinstance(shown, ast.Call):
        return False
    name = called_name(shown)
    if name == "strftime":
        return bool(shown.args) and _DIGITS.match(to.evaluator.text(shown.args[-1]) or "") is not None
    inner = name in ("str", "int", "round") and bool(shown.args) and _begins_with_digit(shown.args[0], to, depth + 1)
    return inner or name in _MOMENTS
