"""A call that SDK v1 code makes and what becomes of it: data for docs/v1-calls.md.

The symbols are those that real files use most (pipelines, control scripts, run scripts, data, models). Each says which
operations of the service stand behind it, as ``service.operation``, and which test drives it with the real client;
``tests/server/test_v1_calls.py`` checks all of it against the routes, the tests and the installed packages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: served: works as on Azure. refused: answers with an error that says why. client: makes objects in the client alone;
#: the service is asked when they are used. gone: not in the packages that amlbridge installs.
Status = Literal["served", "refused", "client", "gone"]


@dataclass(frozen=True)
class V1Call:
    """One public symbol, by its full name, and what becomes of a call of it. ``operations`` are those of the service
    (``service.operation``), ``test`` is ``file::function`` below tests/."""

    symbol: str
    status: Status
    operations: tuple[str, ...] = ()
    note: str = ""
    test: str = ""


def served(symbol: str, operations: str, test: str, note: str = "") -> V1Call:
    return V1Call(symbol, "served", tuple(operations.split()), note, test)


def refused(symbol: str, operations: str, note: str, test: str = "") -> V1Call:
    return V1Call(symbol, "refused", tuple(operations.split()), note, test)


def client(symbol: str, note: str = "", test: str = "") -> V1Call:
    return V1Call(symbol, "client", (), note, test)


def gone(symbol: str, note: str) -> V1Call:
    return V1Call(symbol, "gone", (), note)
