"""docs/coverage.md, made from the routes by ``make docs``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from amlbridge.server import assembly
from amlbridge.wire import blob_operations, file_share, login, vault
from amlbridge.wire.routing import SCOPE

_HEAD = """# What the local workspace service answers

Made from the routes by `make docs`; a test fails when it is stale. *served*: the operation works as on Azure. *501*:
the service refuses it and says why. A route that is not in this table answers 501 with its name. `make test`
fails when no test has driven a served operation. Those marked *For …* no public call of the installed clients sends,
so tests drive them over plain HTTP; *REST callers* are programs of users and other versions of the SDK.
`WS` is the workspace's ARM id, `/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/\
Microsoft.MachineLearningServices/workspaces/{workspace}`.
"""


class Served(Protocol):
    """What the page needs to know of an operation."""

    @property
    def service(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def refused(self) -> str | None: ...
    @property
    def summary(self) -> str: ...


@dataclass(frozen=True)
class _FileOperation:
    name: str
    method: str
    path: str
    summary: str
    service: str = "file share"
    refused: str | None = None


def _file_operations() -> Iterator[Served]:
    for (method, kind, comp), handler in file_share.OPERATIONS.items():
        selectors = [f"restype={kind}"] if kind != "file" else []
        selectors += [f"comp={comp}"] if comp else []
        path = "/{share}" if kind == "share" else f"/{{share}}/{{{kind}}}"
        summary = (handler.__doc__ or "").strip().partition("\n")[0]
        query = "?" + "&".join(selectors) if selectors else ""
        yield _FileOperation(handler.__name__.strip("_"), method, path + query, summary)


def everything() -> list[Iterable[Served]]:
    """The operations of every service, by service."""
    own_hosts: list[Iterable[Served]] = [login.routes, vault.routes]
    return [*assembly.services(), blob_operations.OPERATIONS, list(_file_operations()), *own_hosts]


def table(services: Iterable[Iterable[Served]]) -> str:
    """The whole page as Markdown."""
    operations = [operation for routes in services for operation in routes]
    served = sum(operation.refused is None for operation in operations)
    lines = [_HEAD, f"{served} operations are served, {len(operations) - served} are refused."]
    for service, group in groupby(operations, key=lambda item: item.service):
        lines += ["", f"## {service}", "", "| operation | request | | what it does |", "|---|---|---|---|"]
        lines += _rows(group)
    return "\n".join(lines) + "\n"


def _rows(operations: Iterable[Served]) -> Iterator[str]:
    for operation in operations:
        path = operation.path.replace(SCOPE, "/WS").replace("|", "\\|")
        state = "served" if operation.refused is None else "501"
        text = (operation.refused or operation.summary).replace("|", "\\|")
        yield f"| {operation.name} | `{operation.method} {path}` | {state} | {text} |"


if __name__ == "__main__":
    sys.stdout.write(table(everything()))
