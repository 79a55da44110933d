"""Code that reads the table of a data asset into a data frame."""

from __future__ import annotations

import ast

from amlbridge.migrate.models.data import Data, follow, is_unregistered, kind_of
from amlbridge.migrate.rewriter import Rewriter


def path_code(node: ast.expr, to: Rewriter) -> str:
    """Code of the path of a dataset. An entity has a ``Path`` of what lies on this machine, as a table that was just
    saved does; mltable reads texts."""
    path, data = f"{to.source(node)}.path", follow(node, to)
    saved = data is not None and is_unregistered(data, to) and kind_of(data, to) == "mltable"
    return f"str({path})" if saved else path


def frame_code(data: Data | None, path: str, to: Rewriter) -> str:
    """Code that reads a table into a data frame. ``path``: code of its path."""
    kind = kind_of(data, to) if data is not None else "mltable"
    if kind == "uri_file":
        return f"{to.need_module('pandas') if not _pandas(to) else _pandas(to)}.read_csv({path})"
    return f"{to.need_module('mltable')}.load({path}).to_pandas_dataframe()"


def _pandas(to: Rewriter) -> str:
    for binding in to.evaluator.scopes.module.bindings.get("pd", []):
        if binding.kind == "import":
            return "pd"
    return ""
