"""Operations and how a request finds its own.

A service module makes one :class:`Routes` and decorates its functions; :mod:`amlbridge.server` mounts them all, and the
coverage table is read from them. Path templates name parameters in braces; ``{name*}`` takes the rest of the path with
its slashes; ``/WS`` stands for the ARM scope of a workspace.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

from starlette.responses import Response

from amlbridge.wire.context import Call

#: The ARM scope of a workspace. Azure compares it without case.
SCOPE = (
    "/subscriptions/{subscription}/resourceGroups/{resource_group}"
    "/providers/Microsoft.MachineLearningServices/workspaces/{workspace}"
)

#: Who sends what no public call of an installed client does, although their REST layers have it: programs of users,
#: clients in other languages, other versions of the SDK. For ``others`` of an operation.
REST = "REST callers"

#: What an operation returns: JSON values, a whole response, or None for an empty 200.
Reply: TypeAlias = dict[str, Any] | list[Any] | str | int | bool | Response | None
Handler: TypeAlias = Callable[[Call], Reply]
#: token: a bearer token of ours. open: reveals nothing and changes nothing, or checks for itself.
Access = Literal["token", "open"]

#: How an operation is refused: HTTP status and code. Another status is for clients that repeat a 501, or hide it.
REFUSED = (501, "NotSupported")
_PARAMETER = re.compile(r"(\{\w+\*?\})")
_SCOPE = re.compile(r"/WS(?=/|$)")


@dataclass(frozen=True)
class Operation:
    """One thing that a client can ask for. ``refused`` holds the reason of an operation that answers 501, ``others``
    says who sends it when no client does that we install."""

    service: str
    name: str
    method: str
    path: str
    handler: Handler
    access: Access
    refused: str | None
    others: str | None = None
    #: The status and the code of a refusal.
    refused_as: tuple[int, str] = REFUSED

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What the path has to match. Made when it is first needed: there are hundreds, which take 0.2 s of a start."""
        return compile_path(self.path)

    @cached_property
    def fixed(self) -> tuple[str, ...]:
        """The fixed pieces of the path in lower case: a path that lacks one cannot match. The last is first, since many
        operations begin alike."""
        return tuple(piece.lower() for piece in reversed(_PARAMETER.split(self.path.rstrip("/"))[::2]) if piece)

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring, and who sends it when no client does that we install."""
        first = (self.handler.__doc__ or "").strip().partition("\n")[0]
        return f"{first} *For {self.others}.*" if self.others and first else first


class Routes:
    """The operations of one service, in the order in which they are tried."""

    def __init__(self, service: str, prefix: str = "") -> None:
        self.service = service
        self.prefix = prefix
        self.operations: list[Operation] = []

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations)

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
        """Registers the decorated function for ``method`` and ``prefix + path``."""

        def register(handler: Handler) -> Handler:
            full = expand(self.prefix + path)
            name = handler.__name__.strip("_")
            self.operations.append(
                Operation(self.service, name, method, full, handler, access, refused, others, refused_as)
            )
            return handler

        return register

    def get(self, path: str, *, access: Access = "token", others: str | None = None) -> Callable[[Handler], Handler]:
        """A GET operation."""
        return self.operation("GET", path, access=access, others=others)

    def post(self, path: str, *, access: Access = "token", others: str | None = None) -> Callable[[Handler], Handler]:
        """A POST operation."""
        return self.operation("POST", path, access=access, others=others)

    def put(self, path: str, *, others: str | None = None) -> Callable[[Handler], Handler]:
        """A PUT operation."""
        return self.operation("PUT", path, others=others)

    def patch(self, path: str, *, others: str | None = None) -> Callable[[Handler], Handler]:
        """A PATCH operation."""
        return self.operation("PATCH", path, others=others)

    def delete(self, path: str, *, others: str | None = None) -> Callable[[Handler], Handler]:
        """A DELETE operation."""
        return self.operation("DELETE", path, others=others)


def expand(path: str) -> str:
    """A path template with its ``/WS`` spelled out. Raises ValueError when it does not start with a slash."""
    if not path.startswith("/"):
        raise ValueError(f"the path of an operation starts with a slash: {path}")
    return _SCOPE.sub(SCOPE, path)


def compile_path(path: str) -> re.Pattern[str]:
    """The pattern of a path template. Fixed parts match without case; a trailing slash may be there or not."""
    pieces = []
    for piece in _PARAMETER.split(path.rstrip("/")):
        if not piece.startswith("{"):
            pieces.append(re.escape(piece))
        elif piece.endswith("*}"):
            pieces.append(f"(?P<{piece[1:-2]}>.+?)")
        else:
            pieces.append(f"(?P<{piece[1:-1]}>[^/]+)")
    return re.compile("".join(pieces) + "/?", re.IGNORECASE)


#: The group of operations whose first path segment is a parameter.
_ANY = "{"


class Router:
    """Finds the operation of a request. Operations are grouped by their first path segment and tried in order."""

    def __init__(self, *services: Routes) -> None:
        self._groups: dict[tuple[str, str], list[Operation]] = {}
        self.operations = [operation for routes in services for operation in routes]
        for operation in self.operations:
            self._groups.setdefault((_group(operation.path), operation.method), []).append(operation)

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation and the path's parameters, or None."""
        # The clients join base addresses that end with a slash and paths that start with one.
        path = re.sub("//+", "/", path)
        lower = path.lower()
        for group in (_group(path), _ANY):
            for operation in self._groups.get((group, method), ()):
                for piece in operation.fixed:
                    if piece not in lower:
                        break
                else:
                    if match := operation.pattern.fullmatch(path):
                        return operation, match.groupdict()
        return None


def _group(path: str) -> str:
    first = path.lstrip("/").partition("/")[0].lower()
    return _ANY if first.startswith("{") else first
