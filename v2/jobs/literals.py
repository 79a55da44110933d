"""Literal inputs: their types and bounds, as a component declares them.

A literal stays the text that the client sent: it is what the command line gets.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from amlbridge.engine.plan import ParameterType
from amlbridge.v2.jobs.reading import Section, invalid, scalar_text

#: Type of a declaration -> type of a Plan's parameter.
TYPES: dict[str, ParameterType] = {
    "string": "string",
    "str": "string",
    "enum": "string",
    "integer": "integer",
    "int": "integer",
    "number": "number",
    "float": "number",
    "double": "number",
    "boolean": "boolean",
    "bool": "boolean",
}


def is_literal(kind: str | None) -> bool:
    """Whether inputs of this type are literals."""
    return kind is not None and kind.lower() in TYPES


def check(value: str, declared: Section, spot: str) -> None:
    """Raises a 400 that names the place when a value does not have the declared type or leaves its bounds."""
    kind = TYPES.get((declared.text("type") or "string").lower(), "string")
    if kind == "boolean" and value.strip().lower() not in ("true", "false"):
        raise invalid(spot, f"{value!r} is not a boolean: write true or false", "InvalidInputType")
    choices = declared.get("enum")
    if isinstance(choices, list) and choices:
        allowed = [scalar_text(choice, declared.at("enum")) for choice in choices]
        if value not in allowed:
            raise invalid(spot, f"{value!r} is not one of {', '.join(allowed)}", "InvalidInputValue")
    if kind in ("integer", "number"):
        number = _number(value, kind, spot)
        for name, wrong, relation in (
            ("min", lambda bound: number < bound, "less than the minimum"),
            ("max", lambda bound: number > bound, "more than the maximum"),
        ):
            _bound(declared, name, wrong, relation, value, spot)


def _number(value: str, kind: str, spot: str) -> float:
    try:
        if kind == "integer":
            return int(value)
        number = float(value)
    except ValueError:
        article = "an integer" if kind == "integer" else "a number"
        raise invalid(spot, f"{value!r} is not {article}", "InvalidInputType") from None
    if math.isnan(number):
        raise invalid(spot, "nan is not a number", "InvalidInputType")
    return number


def _bound(declared: Section, name: str, wrong: Callable[[float], bool], relation: str, value: str, spot: str) -> None:
    text = declared.label(name, f"{name}imum")
    if text is None:
        return
    try:
        bound = float(text)
    except ValueError:
        raise invalid(declared.at(name), f"{text!r} is not a number") from None
    if wrong(bound):
        raise invalid(spot, f"{value} is {relation} {text}", "InvalidInputValue")
