"""Names of data assets: SDK v1 took any text, such as "diabetes dataset"; SDK v2 takes letters, digits and ``-_.``."""

from __future__ import annotations

import ast
import json
import re

from amlbridge.migrate.rewriter import Rewriter

_REFUSED = re.compile(r"[^A-Za-z0-9_.-]+")
#: What a person should know of a name that was changed.
REVIEW = "names of data assets have only letters, digits, -, _ and . in SDK v2: the asset is called {!r}"


def asset_name(node: ast.expr, to: Rewriter) -> tuple[str, str]:
    """The code of a data asset's name, and what to check about it."""
    text = to.evaluator.text(node)
    if text is None or not _REFUSED.search(text):
        return to.source(node), ""
    allowed = _REFUSED.sub("-", text.strip()).strip("-")
    review = REVIEW.format(allowed)
    if isinstance(node, ast.Constant):
        return json.dumps(allowed), review
    if text.replace(" ", "-") == allowed:  # a variable: other code may show it
        return f'{to.source(node)}.replace(" ", "-")', review
    return to.source(node), f"names of data assets have only letters, digits, -, _ and . in SDK v2: change {text!r}"
