"""Routes below a tracking URI, and the arguments of a request to them.

MLflow's client sends the fields of a request message as the query of a GET and as the JSON body of anything else. A
64-bit integer may come as a number or, as protobuf writes it, as text.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from amlbridge.engine.errors import EngineError
from amlbridge.wire import paging
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import ServiceError
from amlbridge.wire.mlflow.errors import converted, invalid
from amlbridge.wire.routing import REFUSED, Access, Handler, Reply, Routes

#: Where a workspace's tracking URI leads: ``v1.0`` as ARM says it, ``v2.0`` as azureml-mlflow makes of it.
ROOT = "/mlflow/{api}/WS"
_MISSING: Any = object()
Arguments = Mapping[str, Any]


class MlflowRoutes(Routes):
    """The operations of one resource; their errors have MLflow's form."""

    def __init__(self, service: str, version: str = "2.0") -> None:
        super().__init__(service, f"{ROOT}/api/{version}/mlflow")

    def operation(
        self,
        method: str,
        path: str,
        *,
        access: Access = "token",
        refused: str | None = None,
        others: str | None = None,
        refused_as: tuple[int, str] = REFUSED,
    ) -> Callable[[Handler], Handler]:
        """Registers the decorated function for ``method`` and ``path`` below ``…/mlflow``."""
        base = super().operation(method, path, access=access, refused=refused, others=others, refused_as=refused_as)

        def register(handler: Handler) -> Handler:
            base(_answering(handler))
            return handler

        return register


def _answering(handler: Handler) -> Handler:
    @functools.wraps(handler)
    def answer(call: Call) -> Reply:
        try:
            return handler(call)
        except (ServiceError, EngineError) as error:
            raise converted(error) from error

    return answer


def arguments(call: Call) -> Arguments:
    """The fields of the request message. In a query every value is a list of texts; :func:`text` takes its last."""
    if call.method == "GET":
        return parse_qs(call.query_string, keep_blank_values=True)
    return call.object


def _value(given: Arguments, name: str) -> Any:
    found = given.get(name)
    if isinstance(found, list) and found and isinstance(found[0], str):
        return found[-1]
    return found


def text(given: Arguments, name: str, default: Any = _MISSING) -> Any:
    """A text. A required one must not be empty: protobuf does not tell an empty field from none."""
    found = _value(given, name)
    if found is None or found == "":
        if default is _MISSING:
            raise invalid(f"Missing value for required parameter '{name}'.")
        return default
    return typed({name: found}, name, str)


def integer(given: Arguments, name: str, default: Any = _MISSING) -> Any:
    """A whole number of 64 bits, also as text."""
    found = _value(given, name)
    if isinstance(found, str) and found.lstrip("-").isdecimal():
        found = int(found) if len(found) <= 20 else 2**64
    if found == "":
        found = None
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    if found is None and default is _MISSING:
        raise invalid(f"Missing value for required parameter '{name}'.")
    number = typed({name: found}, name, int, default)
    if number is not None and not -(2**63) <= number < 2**63:
        raise invalid(f"Invalid value for parameter '{name}': it has more than 64 bits")
    return number


def boolean(given: Arguments, name: str, default: bool = False) -> bool:
    """true or false."""
    found = _value(given, name)
    return typed({name: {"true": True, "false": False}.get(found, found)}, name, bool, default)


def texts(given: Arguments, name: str) -> list[str]:
    """A list of texts; [] when it is missing."""
    found: list[Any] = typed(given, name, list, [])
    if not all(isinstance(item, str) for item in found):
        raise invalid(f"Invalid value for parameter '{name}': it must be a list of strings")
    return found


def objects(given: Arguments, name: str) -> list[dict[str, Any]]:
    """A list of messages; [] when it is missing."""
    found: list[Any] = typed(given, name, list, [])
    if not all(isinstance(item, dict) for item in found):
        raise invalid(f"Invalid value for parameter '{name}': it must be a list of objects")
    return found


def pairs(given: Arguments, name: str) -> dict[str, str]:
    """A list of ``{key, value}`` (tags, parameters) as a mapping; a value that is missing is empty."""
    found: dict[str, str] = {}
    for item in objects(given, name):
        key, value = text(item, "key"), text(item, "value", "")
        if found.setdefault(key, value) != value:
            raise invalid(f"Duplicate {name} have been given: {key!r} has the values {found[key]!r} and {value!r}")
    return found


def as_pairs(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A mapping as a list of ``{key, value}``."""
    return [{"key": key, "value": value} for key, value in values.items()]


def milliseconds(time: float | None) -> int | None:
    """A time of the records as MLflow writes it: milliseconds since the epoch."""
    return None if time is None else round(time * 1000)


def page_of(given: Arguments, default: int, largest: int) -> tuple[int, int]:
    """``max_results`` and the offset that ``page_token`` holds."""
    size = integer(given, "max_results", default)
    if not 1 <= size <= largest:
        raise invalid(f"Invalid value {size} for parameter 'max_results' supplied: it must be from 1 to {largest}")
    state = paging.state(text(given, "page_token", None), offset=int)
    offset = 0 if state is None else state["offset"]
    if not 0 <= offset < 2**62:
        raise invalid("Invalid page token: start again without one")
    return size, offset


def page(name: str, items: list[Any], size: int, offset: int) -> dict[str, Any]:
    """An answer with ``items`` (one more than ``size`` when there are more) and the token of the next page."""
    answer: dict[str, Any] = {name: items[:size]}
    if len(items) > size:
        answer["next_page_token"] = paging.token({"offset": offset + size})
    return answer
