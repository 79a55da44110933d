"""Reads a job as the client sends it: every value is checked for its type, and an error names its place.

Protocol fact: a job is camelCase JSON, while the nodes below ``jobs`` and the specifications of components are
snake_case; :meth:`Section.get` takes the names that a field may have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from amlbridge.wire.errors import ServiceError, bad_request

_DURATION = re.compile(
    r"P(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)
_SECONDS = {"days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}


def invalid(spot: str, problem: str, code: str = "InvalidJob") -> ServiceError:
    """400: ``spot`` is the place in the job (``jobs.train.inputs.data``)."""
    return bad_request(f"{spot}: {problem}", code)


class Section:
    """A JSON object of a job and its place (``jobs.train.outputs``)."""

    def __init__(self, content: Any, spot: str) -> None:
        if content is None:
            content = {}
        if not isinstance(content, Mapping):
            raise invalid(spot, f"must be an object, not {_kind(content)}")
        self.content: Mapping[str, Any] = content
        self.spot = spot

    def at(self, name: str) -> str:
        """The place of a field."""
        return f"{self.spot}.{name}" if self.spot else name

    def get(self, *names: str) -> Any:
        """The first of these fields that is there and not null."""
        return next((self.content[name] for name in names if self.content.get(name) is not None), None)

    def text(self, *names: str) -> str | None:
        """A text; None when it is missing or empty."""
        value = self.get(*names)
        if value is not None and not isinstance(value, str):
            raise invalid(self.at(names[0]), f"must be a text, not {_kind(value)}")
        return value or None

    def label(self, *names: str) -> str | None:
        """A text or a number (a version), as text."""
        value = self.get(*names)
        return None if value is None or value == "" else scalar_text(value, self.at(names[0]))

    def required(self, *names: str) -> str:
        """A text that must be there."""
        value = self.text(*names)
        if value is None:
            raise invalid(self.at(names[0]), "is missing", "MissingField")
        return value

    def flag(self, *names: str) -> bool | None:
        """True, false, or None when it is missing; clients also send these as text."""
        value = self.get(*names)
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if value is not None and not isinstance(value, bool):
            raise invalid(self.at(names[0]), f"must be true or false, not {value!r}")
        return value

    def count(self, *names: str) -> int | None:
        """A whole number, or None when it is missing."""
        value = self.get(*names)
        if isinstance(value, str) and value.strip().isdecimal():
            return int(value)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise invalid(self.at(names[0]), f"must be a whole number, not {value!r}")
        return value

    def section(self, *names: str) -> Section:
        """An object; an empty one when it is missing."""
        return Section(self.get(*names), self.at(names[0]))

    def sections(self, *names: str) -> Iterator[tuple[str, Section]]:
        """The objects of an object."""
        holder = self.section(*names)
        for name, item in holder.content.items():
            yield name, Section(item, holder.at(name))

    def texts(self, *names: str) -> dict[str, str]:
        """Names with texts; numbers and booleans become texts, what is null is left out."""
        holder = self.section(*names)
        return {name: scalar_text(item, holder.at(name)) for name, item in holder.content.items() if item is not None}


def scalar_text(value: Any, spot: str) -> str:
    """A literal as text, as the client itself writes one. Raises a 400 for an object or array."""
    if isinstance(value, str | bool | int | float):
        return str(value)
    raise invalid(spot, f"must be a text, a number or a boolean, not {_kind(value)}")


def seconds(value: Any, spot: str) -> float | None:
    """A duration in seconds: a number, or ISO 8601 (``PT1H30M``). None when it is missing. Raises a 400."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        if re.fullmatch(r"\d+(\.\d+)?", value):
            value = float(value)
        else:
            match = _DURATION.fullmatch(value)
            if match is None or not any(match.groupdict().values()):
                raise invalid(spot, f"{value!r} is no duration: give seconds")
            value = sum(float(amount) * _SECONDS[unit] for unit, amount in match.groupdict().items() if amount)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(spot, f"{value!r} is no duration: give seconds")
    if not 0 < value < 10**9:
        raise invalid(spot, f"must be more than 0 seconds, not {value:g}")
    return float(value)


def _kind(value: Any) -> str:
    names = {list: "an array", str: "a text", bool: "a boolean", int: "a number", float: "a number", dict: "an object"}
    return names.get(type(value), type(value).__name__)
