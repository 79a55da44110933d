"""Outputs of a step that SDK v1 uploaded from a folder of its own, ``OutputFileDatasetConfig(source="outputs")``, when
the script had ended: the command copies the folder to the output."""

from __future__ import annotations

import ast
import shlex
from pathlib import PurePosixPath

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.datasets.path_objects import text_of
from amlbridge.migrate.rewriter import Rewriter

REVIEW = "the command copies {0} to the output {1} when the script has ended, as SDK v1 uploaded it"


def copies(made: Use | None, output: str, to: Rewriter) -> tuple[list[tuple[str, str]], str]:
    """The parts of the command line that copy the folder of an output, and what to check of it; nothing where the
    output has none. ``made``: the use that makes the output."""
    source = made.passed("source") if made is not None and made.symbol == "OutputFileDatasetConfig" else None
    if source is None:
        return [], ""
    place, text = f"${{{{outputs.{output}}}}}", to.evaluator.text(source)
    if text is not None:
        whole = "" if PurePosixPath(text).suffix else "/."
        return [("text", f"&& cp -r {shlex.quote(text.rstrip('/'))}{whole} {place}")], REVIEW.format(text, output)
    code = text_of(source, to)
    plain = isinstance(source, (ast.Name, ast.Attribute, ast.Subscript, ast.Call))
    folder = f'{code if plain else f"({code})"} + "/. {place}"'
    return [("text", "&& cp -r"), ("code", folder)], REVIEW.format("that folder", output)
