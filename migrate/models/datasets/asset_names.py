"""Names of data assets: SDK v1 took any text, such as "diabetes dataset"; SDK v2 takes letters, digits and ``-_.``."""

from __future__ import annotations

import ast
import json
import re

from amlbridge.migrate.findings import together
from amlbridge.migrate.rewriter import Rewriter

_REFUSED = re.compile(r"[^A-Za-z0-9_.-]+")
#: What a person should know of a name that was changed.
REVIEW = "names of data assets have only letters, digits, -, _ and . in SDK v2: the asset is called {!r}"

#: What SDK v1 has registered under the name cannot be the input that the converted code makes of it.
_AS_FILE = (
    "another file registers it, from its conversion on as a single file (uri_file): run that first; the table that "
    "SDK v1 registered is an mltable"
)


#: SDK v2 refuses a version of another type.
_CLASHING = "a name is for data assets of one type in SDK v2: {!r} is {}"


def asset_name(node: ast.expr, to: Rewriter) -> tuple[str, str]:
    """The code of a data asset's name, and what to check about it."""
    code, review = _allowed(node, to)
    text = to.evaluator.text(node)
    clash = to.evaluator.surroundings.clashing(text) if text is not None else ""
    return code, together([review, _CLASHING.format(text, clash) if clash else ""])


def _allowed(node: ast.expr, to: Rewriter) -> tuple[str, str]:
    text = next((text for text in _texts(node, to) if _REFUSED.search(text)), None)
    if text is None:
        return to.source(node), ""
    allowed = _REFUSED.sub("-", text.strip()).strip("-")
    review = REVIEW.format(allowed)
    if isinstance(node, ast.Constant):
        return json.dumps(allowed), review
    if text.replace(" ", "-") == allowed:  # a variable: other code may show it
        return f'{to.source(node)}.replace(" ", "-")', review
    return to.source(node), f"names of data assets have only letters, digits, -, _ and . in SDK v2: change {text!r}"


def looked_up(node: ast.expr, to: Rewriter) -> tuple[str, str]:
    """The code of the name that a data asset is looked up by, and what to check about it."""
    called, review = asset_name(node, to)
    text = to.evaluator.text(node)
    registered = to.evaluator.surroundings.registered(text) if text is not None else None
    if registered is None or registered.type != "uri_file":
        return called, review
    return called, f"{review}; {_AS_FILE}" if review else _AS_FILE


def _texts(node: ast.expr, to: Rewriter) -> list[str]:
    """The names that an expression may be: of a parameter, those that calls pass."""
    text = to.evaluator.text(node)
    bound = to.evaluator.scopes.lookup(node.id, node) if text is None and isinstance(node, ast.Name) else []
    if not bound or bound[0].kind != "parameter":
        return [text] if text is not None else []
    given = to.evaluator.given(bound[0].scope.node, bound[0].name)
    texts = (evaluator.text(value) for evaluator, value in given)
    return [text for text in texts if text is not None]
