"""Where the sources of code cells lie in the JSON text of a notebook, and how other sources are put there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]  # CPython has it; typeshed does not
from typing import Any

from amlbridge.migrate.findings import BadInputError

_DECODER = json.JSONDecoder()
_BLANK = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True)
class CellSource:
    """The source of a code cell. ``start``/``end``: where its JSON value lies in the notebook's text."""

    index: int
    text: str
    start: int
    end: int


def language_of(text: str) -> str:
    """The language of a notebook, in lower case; "python" when it does not say."""
    try:
        metadata = json.loads(text).get("metadata") or {}
        kernel, language = metadata.get("kernelspec") or {}, metadata.get("language_info") or {}
        name = language.get("name") or kernel.get("language") or "python"
    except (AttributeError, ValueError, RecursionError) as error:
        raise _broken(error) from error
    name = str(name).lower()
    return "python" if name in ("python", "ipython", "python3", "pyspark") else name


def code_cells(text: str) -> Iterator[CellSource]:
    """The code cells of a notebook (nbformat 4), in order. Raises BadInputError for what is no such notebook."""
    try:
        top = _members(text, _skip(text, 0))
        if "cells" not in top:
            raise BadInputError(
                "notebook", "it has no cells (formats before 4 are not read): save it with a newer Jupyter"
            )
        for index, start in enumerate(_elements(text, top["cells"])):
            members = _members(text, start)
            kind, _end = _value(text, members["cell_type"])
            if kind == "code":
                source, end = _value(text, members["source"])
                lines = source if isinstance(source, list) else [source]
                if not all(isinstance(line, str) for line in lines):
                    raise BadInputError("notebook", f"the source of cell {index} is no text")
                yield CellSource(index, "".join(lines), members["source"], end)
    except (ValueError, KeyError, IndexError, RecursionError) as error:
        raise _broken(error) from error


def replaced(text: str, changes: Iterable[tuple[CellSource, str]]) -> str:
    """The JSON text with other sources; everything else is as it was, down to the escapes of lines that stay."""
    for cell, source in sorted(changes, key=lambda change: change[0].start, reverse=True):
        text = text[: cell.start] + _rendered(text, cell, source) + text[cell.end :]
    return text


def _rendered(text: str, cell: CellSource, source: str) -> str:
    value = text[cell.start : cell.end]
    escaped = "\\u" in text and text.isascii()
    if not value.startswith("["):
        return json.dumps(source, ensure_ascii=escaped)
    starts = list(_elements(text, cell.start))
    known = {}
    for start in starts:
        line, end = scanstring(text, start + 1)
        known[line] = text[start:end]
    lines = [known.get(line) or json.dumps(line, ensure_ascii=escaped) for line in _lines(source)]
    if not lines:
        return "[]"
    head, between, tail = _layout(text, cell, starts)
    return "[" + head + ("," + between).join(lines) + tail + "]"


def _layout(text: str, cell: CellSource, starts: list[int]) -> tuple[str, str, str]:
    """The blanks after "[", after each "," and before "]" of a list of lines."""
    if not starts:
        newline = "\r\n" if "\r\n" in text else "\n"
        line = text[text.rfind("\n", 0, cell.start) + 1 : cell.start]
        indent = _BLANK.match(line)[0]  # type: ignore[index]  # it matches everywhere
        return newline + indent + " ", newline + indent + " ", newline + indent
    head = text[cell.start + 1 : starts[0]]
    last = scanstring(text, starts[-1] + 1)[1]
    return head, head if len(starts) == 1 else _between(text, starts), text[last : cell.end - 1]


def _between(text: str, starts: list[int]) -> str:
    end = scanstring(text, starts[0] + 1)[1]
    return text[text.index(",", end) + 1 : starts[1]]


def _lines(source: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", source)


def _skip(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    assert match is not None
    return match.end()


def _value(text: str, start: int) -> tuple[Any, int]:
    return _DECODER.raw_decode(text, start)


def _members(text: str, start: int) -> dict[str, int]:
    """Name -> where its value starts, of the object that starts there."""
    if text[start] != "{":
        raise ValueError("an object is expected")
    found: dict[str, int] = {}
    position = _skip(text, start + 1)
    while text[position] != "}":
        if text[position] != '"':
            raise ValueError("a name is expected")
        name, position = scanstring(text, position + 1)
        position = _skip(text, position)
        if text[position] != ":":
            raise ValueError("a colon is expected")
        position = _skip(text, position + 1)
        found[name] = position
        position = _skip(text, _value(text, position)[1])
        if text[position] == ",":
            position = _skip(text, position + 1)
        elif text[position] != "}":
            raise ValueError("a comma is expected")
    return found


def _elements(text: str, start: int) -> Iterator[int]:
    """Where the elements of the array start that starts there."""
    if text[start] != "[":
        raise ValueError("an array is expected")
    position = _skip(text, start + 1)
    while text[position] != "]":
        yield position
        position = _skip(text, _value(text, position)[1])
        if text[position] == ",":
            position = _skip(text, position + 1)
        elif text[position] != "]":
            raise ValueError("a comma is expected")


def _broken(error: Exception) -> BadInputError:
    return BadInputError("notebook", f"no notebook that can be read: {error or type(error).__name__}")
