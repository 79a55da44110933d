"""Reads the JSON of a client with types checked: what is wrong is a 400 that names the spot."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from amlbridge.wire.errors import ServiceError, bad_request

_MISSING = object()
_LONGEST = 60


def malformed(spot: str, problem: str) -> ServiceError:
    """The 400 for a graph that is wrong at ``spot``."""
    return bad_request(f"{spot} {problem}", "InvalidGraph")


class Fields:
    """A JSON object and where it stands. Every method raises a 400 :class:`ServiceError` for a value of a wrong type;
    a null field is a missing one, as the clients' serialiser has it."""

    def __init__(self, content: Any, spot: str) -> None:
        if not isinstance(content, Mapping):
            raise malformed(spot, f"must be an object, not {_kind(content)}")
        self.content: Mapping[str, Any] = content
        self.spot = spot

    def at(self, name: str) -> str:
        """The spot of a field, for messages."""
        return f"{self.spot}.{name}"

    def _get(self, name: str) -> Any:
        return self.content.get(name)

    def text(self, name: str) -> str | None:
        """A string; None when it is missing."""
        value = self._get(name)
        if value is None:
            return None
        return checked_text(value, self.at(name))

    def required(self, name: str) -> str:
        """A string that must be there and not be empty."""
        value = self.text(name)
        if not value:
            raise malformed(self.at(name), "is missing")
        return value

    def label(self, name: str) -> str | None:
        """A string or a number that stands for an enumeration's value; as a string."""
        value = self._get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return self.text(name)

    def flag(self, name: str, default: bool = False) -> bool:
        """true or false."""
        value = self._get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise malformed(self.at(name), f"must be true or false, not {_kind(value)}")
        return value

    def number(self, name: str) -> int | None:
        """A whole number, or a string that is one; None when it is missing."""
        value = self._get(name)
        if value is None or value == "":
            return None
        return whole_number(value, self.at(name))

    def object(self, name: str) -> Fields:
        """An object; an empty one when it is missing."""
        value = self._get(name)
        return Fields({} if value is None else value, self.at(name))

    def objects(self, name: str) -> Iterator[Fields]:
        """The objects of an array; none when it is missing."""
        for index, item in enumerate(self.items(name)):
            yield Fields(item, f"{self.at(name)}[{index}]")

    def items(self, name: str) -> list[Any]:
        """An array; an empty one when it is missing."""
        value = self._get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise malformed(self.at(name), f"must be an array, not {_kind(value)}")
        return value

    def texts(self, name: str) -> list[str]:
        """An array of strings."""
        return [checked_text(item, f"{self.at(name)}[{index}]") for index, item in enumerate(self.items(name))]

    def scalars(self, name: str) -> dict[str, str]:
        """An object whose values are strings, numbers or booleans, as strings; null values are left out."""
        found = {}
        for key, value in self.object(name).content.items():
            spot = f"{self.at(name)}.{checked_text(key, self.at(name))}"
            if value is not None:
                found[key] = scalar_text(value, spot)
        return found

    def parsed(self, name: str) -> Any:
        """JSON, also when it comes as a string that holds JSON; a string that holds none stays as it is."""
        value = self._get(name)
        if isinstance(value, str):
            text = checked_text(value, self.at(name))
            try:
                value = parse(text, self.at(name))
            except ValueError:
                return text
        return checked_json(value, self.at(name))


def parse(text: str, spot: str) -> Any:
    """A string that holds JSON. Raises ValueError when it does not."""

    def refuse(constant: str) -> NoReturn:
        raise malformed(spot, f"holds {constant}")

    try:
        return json.loads(text, parse_constant=refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def checked_text(value: Any, spot: str) -> str:
    """A string that every file and database can hold."""
    if not isinstance(value, str):
        raise malformed(spot, f"must be a string, not {_kind(value)}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise malformed(spot, "is not valid Unicode: it holds half of a surrogate pair") from error
    if "\0" in value:
        raise malformed(spot, "holds a NUL character")
    return value


def scalar_text(value: Any, spot: str) -> str:
    """A string, number or boolean as Python would print it."""
    if isinstance(value, bool | int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return str(value)
    return checked_text(value, spot)


def whole_number(value: Any, spot: str) -> int:
    """A whole number, or a string that is one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError as error:
            raise malformed(spot, f"must be a whole number, not {value[:_LONGEST]!r}") from error
    raise malformed(spot, f"must be a whole number, not {_kind(value)}")


def checked_json(value: Any, spot: str, depth: int = 0) -> Any:
    """A JSON value without the values that have no canonical form."""
    if depth > 100:
        raise malformed(spot, "is nested too deeply")
    if isinstance(value, Mapping):
        return {checked_text(key, spot): checked_json(item, spot, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [checked_json(item, spot, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise malformed(spot, f"holds {value}")
    if isinstance(value, str):
        return checked_text(value, spot)
    return value


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "true or false", int: "a number"}
    return "null" if value is None else names.get(type(value), "a number")
