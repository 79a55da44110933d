"""Code that moves into a function: it is converted where it stands, between marks, and moved in the end."""

from __future__ import annotations

import io
import re
import tokenize

from amlbridge.migrate.text.layout import lay_out

_START, _END = "# amlbridge moves {} from here", "# amlbridge moves {} up to here"
_BODY = "# amlbridge moves {} to here"
_ANY_START = re.compile(r"^[ \t]*# amlbridge moves (\d+) from here$", re.MULTILINE)
_ANY_BODY = re.compile(r"^([ \t]*)pass  # amlbridge moves (\d+) to here$", re.MULTILINE)
#: Lines that belong to the place and not to the statement below them.
_STAYING = ("# %%", "# TODO(amlbridge ")


def start_mark(number: int) -> str:
    """The comment above a statement that moves."""
    return _START.format(number)


def end_mark(number: int) -> str:
    """The comment below a statement that moves."""
    return _END.format(number)


def body_mark(number: int) -> str:
    """The comment behind the ``pass`` that it moves to."""
    return _BODY.format(number)


def moved(text: str, line_length: int) -> str:
    """The text with what is between marks at its place, laid out there."""
    parts: dict[str, list[str]] = {}
    while (start := _ANY_START.search(text)) is not None:
        number = start.group(1)
        end = text.rindex("\n", 0, text.index(_END.format(number), start.end())) + 1
        after = text.find("\n", end) + 1 or len(text)
        part, staying = _split(text[start.end() + 1 : end])
        first = _with_comments(text, start.start())
        parts.setdefault(number, []).append(text[first : start.start()] + part)
        above = text[:first]
        if above.endswith("\n\n") and not staying.strip():
            above = above.rstrip("\n") + "\n"
        text = above + staying + text[after:]
    for mark in reversed(list(_ANY_BODY.finditer(text))):
        indent, number = mark.groups()
        code = "\n".join(_dedented(part.rstrip("\n")) for part in parts.get(number, []) if part.strip())
        if code:
            text = text[: mark.start()] + lay_out(code, indent, line_length) + text[mark.end() :]
        else:  # the list of the pipeline makes all steps
            text = text[: mark.start()] + text[mark.end() + 1 :]
    return text


def _split(between: str) -> tuple[str, str]:
    """A statement, and the blank lines and comments below it, which belong to what follows."""
    lines = between.split("\n")
    first = next((line for line in lines if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip())]
    last = len(lines)
    while last and (not lines[last - 1].strip() or lines[last - 1].startswith(f"{indent}#")):
        last -= 1
    return "\n".join(lines[:last]), "\n".join(lines[last:])


def _with_comments(text: str, at: int) -> int:
    """Where the comment lines directly above a place start."""
    while at > 0:
        before = text.rfind("\n", 0, at - 1) + 1
        line = text[before : at - 1].strip()
        if not line.startswith("#") or line.startswith(_STAYING):
            break
        at = before
    return at


def _dedented(part: str) -> str:
    """Statements without their indentation; the lines inside of strings stay."""
    lines = part.split("\n")
    first = next(line for line in lines if line.strip())
    indent = first[: len(first) - len(first.lstrip())]
    if not indent:
        return part
    inside: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(f"if True:\n{part}\n").readline):
        if "STRING" in tokenize.tok_name[token.type]:
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
    return "\n".join(
        line if number in inside else line.removeprefix(indent) for number, line in enumerate(lines, start=2)
    )
