"""Names of the new code, made from what the old code calls things."""

from __future__ import annotations

import keyword
import re


def identifier(text: str, fallback: str = "value") -> str:
    """A Python identifier in lower case: "--Train Data" -> "train_data"."""
    name = re.sub(r"[^0-9a-zA-Z]+", "_", text).strip("_").lower()
    if not name:
        return fallback
    if name[0].isdigit() or keyword.iskeyword(name):
        name = f"{fallback}_{name}" if name[0].isdigit() else f"{name}_"
    return name


def is_name(text: str) -> bool:
    """Whether a call can have a keyword argument of this name: ``in`` is none."""
    return text.isidentifier() and not keyword.iskeyword(text)


def node_name(variable: str) -> str:
    """What SDK v2 takes as the name of a node, which is that of its variable: "trainStep" -> "train_step"."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", variable)
    return re.sub(r"_+", "_", identifier(words, "step")) if re.search(r"[^a-z0-9_]", variable) else variable


def unique(name: str, taken: set[str]) -> str:
    """The name, or the name with a number that is not taken yet. Takes it."""
    found, number = name, 2
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    taken.add(found)
    return found
