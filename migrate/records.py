"""Dataclasses whose methods are made when the first of their objects is: that takes up to a millisecond for each, and a
run needs a third of the hundred kinds that its modules define."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls: type | None = None, /, **options: bool) -> Any:
        """``dataclasses.dataclass``, but later: for the first object, here or of another process, or for a subclass."""
        return (lambda given: _postponed(given, options)) if cls is None else _postponed(cls, options)


def _postponed(cls: type, options: Mapping[str, bool]) -> type:
    def make() -> None:
        for name in stand_ins:
            delattr(cls, name)
        dataclasses.dataclass(**options)(cls)

    def init(self: Any, *args: Any, **keywords: Any) -> None:
        make()
        cls.__init__(self, *args, **keywords)  # type: ignore[misc]

    def set_state(self: Any, state: Mapping[str, Any]) -> None:
        make()
        self.__dict__.update(state)

    def init_subclass(_subclass: type) -> None:
        make()

    stand_ins: dict[str, Callable[..., None] | classmethod[Any, Any, None]] = {
        "__init__": init,
        "__setstate__": set_state,
        "__init_subclass__": classmethod(init_subclass),
    }
    for name, stand_in in stand_ins.items():
        if name in cls.__dict__:
            raise TypeError(f"{cls.__name__} has its own {name}: make it with dataclasses.dataclass")
        setattr(cls, name, stand_in)
    return cls


__all__ = ["dataclass"]
