"""Comments that say what statements do which are not there any more."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator, Sequence

from amlbridge.migrate.text.edits import Lines

#: So many lines describe a statement; more of them tell of more.
_LINES = 4
#: What is meant for others than the readers of the statement: marks of cells, settings of tools, licences, headings,
#: and what somebody is to remember.
_OTHERS = re.compile(
    r"#\s*(%%|In\s*\[|!|-\*-|noqa|type:|pylint|fmt:|isort:|mypy|pragma|region|endregion)"
    r"|copyright|licen[sc]e|spdx|https?://|\b(TODO|FIXME|XXX|HACK|NOTE|WARNING|IMPORTANT)\b|[-=#*~_]{3,}|^#!",
    re.IGNORECASE,
)


def orphans(statements: Sequence[ast.stmt], gone: Sequence[bool], lines: Lines) -> Iterator[tuple[int, int]]:
    """The spans of the comments, with their lines, that stand directly above statements of a block which all went, and
    that end where the block or the paragraph does. ``gone``: which of the statements went."""
    for went, pairs in itertools.groupby(zip(statements, gone, strict=True), key=lambda pair: pair[1]):
        if went:
            for number, paragraph in enumerate(_paragraphs([statement for statement, _ in pairs], lines)):
                found = _comment_of(paragraph, not number, lines)
                if found is not None:
                    yield found


def _paragraphs(run: Sequence[ast.stmt], lines: Lines) -> Iterator[list[ast.stmt]]:
    """Statements between which there are no lines."""
    paragraph: list[ast.stmt] = []
    for statement in run:
        if paragraph and lines.span(statement)[0] > lines.line_end(lines.span(paragraph[-1])[1]) + 1 + len(
            lines.indent_at(lines.span(statement)[0])
        ):
            yield paragraph
            paragraph = []
        paragraph.append(statement)
    yield paragraph


def _comment_of(paragraph: Sequence[ast.stmt], apart: bool, lines: Lines) -> tuple[int, int] | None:
    """``apart``: whether the statement above stays."""
    text, (start, _), (_, end) = lines.text, lines.span(paragraph[0]), lines.span(paragraph[-1])
    first, last = lines.line_start(start), lines.line_end(end)
    indent = lines.indent_at(start)
    below = text[last + 1 : lines.line_end(last + 1)] if last < len(text) else ""
    if text[first:start].strip() or any("#" in _tail(statement, lines) for statement in paragraph):
        return None
    if below.strip() and below.startswith(indent) and not below.startswith(f"{indent}#"):
        return None  # the paragraph goes on
    comments, at = 0, first
    while at > 0 and (line := text[lines.line_start(at - 1) : at - 1]).startswith(f"{indent}#"):
        if _OTHERS.search(line.strip()) or _is_code(line.strip()):
            break
        comments, at = comments + 1, lines.line_start(at - 1)
    above = text[lines.line_start(at - 1) : at - 1].strip() if at > 0 else ""
    if not 0 < comments <= _LINES or at == 0 or (above.startswith("#") and not above.startswith("# %%")):
        return None
    if apart and last < len(text) and not below.strip():  # what separates it from what is above goes, too
        at = len(text[:at].rstrip("\n")) + 1
    return at, first


def _tail(statement: ast.stmt, lines: Lines) -> str:
    end = lines.span(statement)[1]
    return lines.text[end : lines.line_end(end)]


def _is_code(comment: str) -> bool:
    """Whether a comment is code that somebody took out: it stands there to be put in again."""
    try:
        body = ast.parse(comment.lstrip("# ")).body
    except SyntaxError:
        return False
    return any(not isinstance(node, ast.Expr) or isinstance(node.value, (ast.Call, ast.Await)) for node in body)
