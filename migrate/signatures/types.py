"""What calls and attributes give, from annotations and ``:rtype:`` lines, as canonical paths of a table."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

_NAME = re.compile(r"[A-Za-z_][\w.]*")
_RTYPE = re.compile(r"^\s*:rtype:\s*(.+)$", re.MULTILINE)
_POLLERS = ("LROPoller",)
_ITERABLES = ("ItemPaged", "Iterable", "Iterator", "List", "list", "PagedList", "Sequence")
#: Types of arguments or keys, not of what is given.
_OPAQUE = ("Dict", "dict", "Callable", "Mapping", "Tuple", "tuple", "Type", "type")


def gives(function: Any, by_name: Mapping[str, str]) -> list[str]:
    """The types that a function gives. ``by_name``: names of classes, short or whole, -> canonical paths."""
    try:
        annotation = inspect.signature(function).return_annotation
    except (TypeError, ValueError):
        return []
    if annotation is inspect.Signature.empty:
        documented = _RTYPE.search(function.__doc__ or "")
        return parse(documented[1], by_name) if documented else []
    return parse(annotation if isinstance(annotation, str) else inspect.formatannotation(annotation), by_name)


def parse(text: str, by_name: Mapping[str, str]) -> list[str]:
    """The types in the text of an annotation; none when any part of it is not known."""
    text = text.replace("~", "").replace("'", "").replace('"', "").strip()
    head, _, rest = text.partition("[")
    outer = head.rpartition(".")[2]
    inner = rest.rpartition("]")[0]
    if outer in _OPAQUE:
        return []
    if outer in _POLLERS:
        return [f"poller:{name}" for name in parse(inner, by_name)] or ["poller:"]
    if outer in _ITERABLES and inner:
        return [f"each:{name}" for name in parse(inner, by_name)]
    found: list[str] = []
    for word in _NAME.findall(text):
        short = word.rpartition(".")[2]
        if short in ("Optional", "Union", "None", "NoneType", "typing", "ForwardRef", "or"):
            continue
        path = by_name.get(word) or by_name.get(short)
        if path is None:
            return []
        found.append(path)
    return sorted(set(found))
