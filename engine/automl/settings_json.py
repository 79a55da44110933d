"""Reads frozen dataclasses from JSON by their annotations, and names the field that does not fit."""

from __future__ import annotations

import dataclasses
import functools
import types
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from amlbridge.engine.errors import EngineError

_NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false", type(None): "null"}


def read(kind: Any, content: Any, spot: str) -> Any:
    """An instance of the dataclass ``kind``. Raises :class:`EngineError` with the path of the wrong field."""
    if not isinstance(content, Mapping):
        raise _wrong(spot, content, "an object")
    hints = _hints(kind)
    unknown = sorted(map(str, content.keys() - hints.keys()))
    if unknown:
        raise EngineError(f"{spot} has no field {', '.join(unknown)}; there are {', '.join(hints)}")
    for item in dataclasses.fields(kind):
        required = item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
        if required and item.name not in content:
            raise EngineError(f"{spot}.{item.name} is missing")
    return kind(**{name: _value(hints[name], value, f"{spot}.{name}") for name, value in content.items()})


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _value(hint: Any, value: Any, spot: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return value
    if origin in (Union, types.UnionType):
        return _one_of(arguments, value, spot)
    if origin is Literal:
        if value not in arguments or isinstance(value, bool):
            raise _wrong(spot, value, " or ".join(map(repr, arguments)))
        return value
    if origin is tuple:
        return _items(arguments, value, spot)
    if dataclasses.is_dataclass(hint):
        return read(hint, value, spot)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(value, Mapping):
            raise _wrong(spot, value, "an object")
        return {str(key): _value(arguments[1], item, f"{spot}.{key}") for key, item in value.items()}
    return _plain(hint, value, spot)


def _one_of(choices: tuple[Any, ...], value: Any, spot: str) -> Any:
    problems = []
    for choice in choices:
        try:
            return _value(choice, value, spot)
        except EngineError as error:
            problems.append(error)
    # The choice that went deepest knows best what is wrong.
    raise max(problems, key=lambda error: (str(error).partition(" ")[0].count("."), -len(str(error))))


def _items(arguments: tuple[Any, ...], value: Any, spot: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise _wrong(spot, value, "a list")
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_value(arguments[0], item, f"{spot}[{index}]") for index, item in enumerate(value))
    if len(value) != len(arguments):
        raise _wrong(spot, value, f"a list of {len(arguments)}")
    pairs = zip(arguments, value, strict=True)
    return tuple(_value(hint, item, f"{spot}[{index}]") for index, (hint, item) in enumerate(pairs))


def _plain(hint: Any, value: Any, spot: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise _wrong(spot, value, _NAMES.get(hint, str(hint)))
    return value


def _wrong(spot: str, value: Any, wanted: str) -> EngineError:
    return EngineError(f"{spot} is {value!r}: it must be {wanted}")
