"""What must hold of every conversion, whatever the rules did: checked on each changed module before it is given out."""

from __future__ import annotations

import ast
from dataclasses import replace

from amlbridge.migrate.analysis.known import is_foreign
from amlbridge.migrate.cleanup.taken_back import RULE as TAKEN_BACK
from amlbridge.migrate.cleanup.taken_back import taken_back, without_comments
from amlbridge.migrate.findings import Finding, Status
from amlbridge.migrate.module import Conversion, ModuleText
from amlbridge.migrate.signatures import check_generated
from amlbridge.migrate.text.edits import Edits, Lines
from amlbridge.migrate.text.statements import TODO
from amlbridge.migrate.text.trees import Parsed, parsed

_DOC = "docs/rules.md#checks"
_UNKNOWN = "see the finding unknown-name of this file"
_LEFT = "an import of SDK v1 is left, although nothing of it was found that could not be converted: look at it"


class WrongConversionError(Exception):
    """A conversion that must not be given out: an error of a rule."""


def checked(module: ModuleText, conversion: Conversion) -> Conversion:
    """The conversion, with a finding for whatever is left of SDK v1 although every finding says that it was converted.
    A conversion that brings in names which SDK v2 has not is taken back: code that cannot run is worse than none.
    Raises WrongConversionError when the new text is no Python."""
    if conversion.text == module.text or any(finding.rule == TAKEN_BACK for finding in conversion.findings):
        return conversion
    nodes = read(conversion.text).nodes
    unknown = _unknown_names(module, conversion)
    if unknown:
        return taken_back(module, conversion.findings, _UNKNOWN, *unknown)
    conversion = replace(conversion, text=without_comments(conversion.text))
    if any(finding.status in (Status.MANUAL, Status.NO_EQUIVALENT, Status.IGNORED) for finding in conversion.findings):
        return conversion
    left = [node for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom)) and _of_v1(node)]
    found = tuple(
        Finding("left-import", _name(node), Status.MANUAL, *_place_before(node, module), _LEFT, _DOC) for node in left
    )
    return Conversion(_told(left, conversion.text), conversion.findings + found, conversion.created)


def _place_before(node: ast.Import | ast.ImportFrom, module: ModuleText) -> tuple[int, int]:
    """The line and column of an import in the text that was read."""
    before = (
        other
        for other in read(module.text).nodes
        if isinstance(other, (ast.Import, ast.ImportFrom)) and type(other) is type(node) and _name(other) == _name(node)
    )
    return next(((other.lineno, other.col_offset + 1) for other in before), (1, 1))


def _told(left: list[ast.Import | ast.ImportFrom], text: str) -> str:
    """The text with a comment above each line that has one of the imports."""
    lines, comment = Lines(text), TODO.format("left-import", _LEFT)
    edits = Edits(lines)
    for start in sorted({lines.line_start(lines.span(node)[0]) for node in left}):
        if comment not in lines.comments_above(start):
            edits.replace(start, start, f"{lines.indent_at(start)}{comment}\n")
    return edits.apply()


def _unknown_names(module: ModuleText, conversion: Conversion) -> tuple[Finding, ...]:
    """What the conversion has brought in that SDK v2 has not; what the user wrote already is not ours to judge,
    nor what SDK v1 has not either, of which a finding tells."""
    problems = check_generated(conversion.text)
    if not problems:
        return ()
    before = {problem.message for problem in check_generated(module.text)}
    slips = tuple(
        f" has no attribute {finding.symbol.rpartition('.')[2]}"
        for finding in conversion.findings
        if finding.rule == "unknown-symbol" and finding.message.startswith("SDK v1 has no ")
    )
    return tuple(
        Finding("unknown-name", "", Status.MANUAL, 1, 1, f"the new line {problem.line}: {problem.message}", _DOC)
        for problem in problems
        if problem.message not in before and not (slips and problem.message.endswith(slips))
    )


def read(text: str) -> Parsed:
    """The text as a tree. Raises WrongConversionError when it is no Python."""
    try:
        return parsed(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise WrongConversionError(f"the new text is no Python: {error} (line {line})") from error


def _of_v1(node: ast.Import | ast.ImportFrom) -> bool:
    name = _name(node)
    return name.split(".")[0] == "azureml" and not is_foreign(name)


def _name(node: ast.Import | ast.ImportFrom) -> str:
    if isinstance(node, ast.Import):
        return next((item.name for item in node.names if item.name.split(".")[0] == "azureml"), "")
    return "" if node.level else node.module or ""
