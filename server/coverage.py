"""docs/coverage.md, made from the routes: ``python -m amlbridge.server.coverage > docs/coverage.md`` (``make docs``)."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import groupby

from amlbridge.server import assembly
from amlbridge.wire.routing import SCOPE, Operation, Routes

_HEAD = """# What the local workspace service answers

Made from the routes by `make docs`; a test fails when it is stale. *served*: the operation works as on Azure. *501*: the
service refuses it and says why. A route that is not in this table answers 501 with its name.
`WS` is the workspace's ARM id, `/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/\
Microsoft.MachineLearningServices/workspaces/{workspace}`.
"""


def table(services: Iterable[Routes]) -> str:
    """The whole page as Markdown."""
    operations = [operation for routes in services for operation in routes]
    served = sum(operation.refused is None for operation in operations)
    lines = [_HEAD, f"{served} operations are served, {len(operations) - served} are refused."]
    for service, group in groupby(operations, key=lambda item: item.service):
        lines += ["", f"## {service}", "", "| operation | request | | what it does |", "|---|---|---|---|"]
        lines += _rows(group)
    return "\n".join(lines) + "\n"


def _rows(operations: Iterable[Operation]) -> Iterator[str]:
    for operation in operations:
        path = operation.path.replace(SCOPE, "/WS").replace("|", "\\|")
        state = "served" if operation.refused is None else "501"
        text = (operation.refused or operation.summary).replace("|", "\\|")
        yield f"| {operation.name} | `{operation.method} {path}` | {state} | {text} |"


if __name__ == "__main__":
    sys.stdout.write(table(assembly.services()))
