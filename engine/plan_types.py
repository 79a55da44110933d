"""Checks that a Plan read from a file holds values of the types that its classes declare."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin

from amlbridge.engine import plan
from amlbridge.engine.errors import PlanError


def check(value: Any, spot: str = "plan") -> None:
    """Raises :class:`PlanError` that names the first field of a wrong type. ``value`` is one of the Plan's classes."""
    for name, hint in _hints(type(value)).items():
        _check(getattr(value, name), hint, f"{spot}.{name}")


#: The fields of each class, once they were asked for.
_known: dict[str, dict[str, Any]] = {}


def _hints(cls: Any) -> dict[str, Any]:
    if cls.__name__ not in _known:
        hints = typing.get_type_hints(cls, vars(plan))
        _known[cls.__name__] = {item.name: hints[item.name] for item in dataclasses.fields(cls)}
    return _known[cls.__name__]


def _check(value: Any, hint: Any, spot: str) -> None:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return
    if origin in (Union, types.UnionType):
        _check_union(value, arguments, spot)
    elif origin is Literal:
        _require(value in arguments if isinstance(value, str) else False, value, spot)
    elif origin is tuple:
        _require(isinstance(value, tuple), value, spot)
        for index, item in enumerate(value):
            _check(item, arguments[0], f"{spot}[{index}]")
    elif origin is Mapping:
        _require(isinstance(value, Mapping), value, spot)
        for key, item in value.items():
            _check(item, arguments[1], f"{spot}[{key!r}]")
    elif dataclasses.is_dataclass(hint):
        _require(type(value) is hint, value, spot)
        check(value, spot)
    else:
        _require(_is_scalar(value, hint), value, spot)


def _check_union(value: Any, choices: tuple[Any, ...], spot: str) -> None:
    classes = [choice for choice in choices if dataclasses.is_dataclass(choice)]
    if type(value) in classes:
        check(value, spot)
        return
    plain = [choice for choice in choices if choice not in classes]
    for choice in plain:
        if get_origin(choice) is not None or choice is Any:
            try:
                _check(value, choice, spot)
            except PlanError:
                continue
            return
        if _is_scalar(value, choice):
            return
    _require(False, value, spot)


def _is_scalar(value: Any, hint: Any) -> bool:
    if hint in (None, types.NoneType):
        return value is None
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, hint) and (hint is bool or not isinstance(value, bool))


def _require(good: bool, value: Any, spot: str) -> None:
    if not good:
        raise PlanError(f"not a Plan: {spot} cannot be {type(value).__name__} {str(value)[:60]!r}")
