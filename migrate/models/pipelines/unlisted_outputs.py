"""Data of a pipeline that stand in a step's arguments only: no step lists them as what it writes or reads.

SDK v1 refuses such steps when the pipeline is made, but the code is there. Where the option says that the script
writes to it (``--output_dir``), the data is an output of the step.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import cast

from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.models.datasets.data import Data
from amlbridge.migrate.rewriter import Rewriter

#: Options of what a script writes.
_WRITTEN = re.compile(r"(^|[-_])(out(put)?s?|results?|destination|dest|save(_?to)?|save[-_]?(dir|path|folder))([-_]|$)")
REVIEW = "no step lists {} as an output, which SDK v1 refuses: it is one here, as the option {} says"


def is_unlisted(data: Data, flag: str, to: Rewriter) -> bool:
    """Whether data, which stands behind an option of a script, is an output of its step that no step lists."""
    written = data.type == "PipelineData" and not data.reads and _WRITTEN.search(flag.lower().lstrip("-")) is not None
    return written and data.root not in _listed(to)


def _listed(to: Rewriter) -> set[ast.AST | None]:
    """Where the data was made that some step lists as an output or an input."""
    if "data that steps list" not in to.memory:
        listing = [
            node.value for node in to.evaluator.scopes.every(ast.keyword) if node.arg in ("outputs", "inputs", "output")
        ]
        found = [to.evaluator.value(part) for node in listing for part in _parts(node, to)]
        to.memory["data that steps list"] = {value.origin for value in found if isinstance(value, Instance)}
    return cast("set[ast.AST | None]", to.memory["data that steps list"])


def _parts(node: ast.expr, to: Rewriter) -> Iterator[ast.expr]:
    """The expressions in a list, also where a variable has it."""
    whole = to.evaluator.behind(node)
    return (part for part in ast.walk(whole) if isinstance(part, (ast.Name, ast.Attribute, ast.Call)))
