"""What must hold of every conversion, whatever the rules did: checked on each changed module before it is given out."""

from __future__ import annotations

import ast
import warnings

from amlbridge.migrate.findings import Finding, Status
from amlbridge.migrate.module import Conversion, ModuleText

_DOC = "docs/rules.md#checks"


class WrongConversionError(Exception):
    """A conversion that must not be given out: an error of a rule."""


def checked(module: ModuleText, conversion: Conversion) -> Conversion:
    """The conversion, with a finding for whatever is left of SDK v1 although every finding says that it was converted.
    Raises WrongConversionError when the new text is no Python."""
    if conversion.text == module.text:
        return conversion
    tree = parsed(conversion.text)
    if any(finding.status in (Status.MANUAL, Status.NO_EQUIVALENT, Status.IGNORED) for finding in conversion.findings):
        return conversion
    left = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)) and _of_v1(node)]
    message = "an import of SDK v1 is left, although nothing of it was found that could not be converted: look at it"
    found = tuple(
        Finding("left-import", _name(node), Status.MANUAL, node.lineno, node.col_offset + 1, message, _DOC)
        for node in left
    )
    return Conversion(conversion.text, conversion.findings + found, conversion.created)


def parsed(text: str) -> ast.Module:
    """The text as a tree. Raises WrongConversionError when it is no Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError) as error:
            line = getattr(error, "lineno", None)
            raise WrongConversionError(f"the new text is no Python: {error} (line {line})") from error


def _of_v1(node: ast.Import | ast.ImportFrom) -> bool:
    return _name(node).split(".")[0] == "azureml"


def _name(node: ast.Import | ast.ImportFrom) -> str:
    if isinstance(node, ast.Import):
        return next((item.name for item in node.names if item.name.split(".")[0] == "azureml"), "")
    return "" if node.level else node.module or ""
