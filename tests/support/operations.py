"""Which served operations no test drives: read from the logs that the services of a test session have left.

    AMLBRIDGE_LOG_LEVEL=DEBUG python -m pytest --basetemp FOLDER -n 2 --dist loadfile
    python -m tests.support.operations FOLDER

FOLDER must lie outside of any git repository: the v1 client would record its properties with each run. Prints
``service.operation METHOD path`` of each served operation that was never answered with success; exit code 1 when there
are any. Then it lists those that only the tests' own HTTP client has driven, although a real client should. Pages, what
the ``amlbridge`` command asks, and operations for others (:class:`amlbridge.wire.routing.Operation`) are none of them.
Blobs, file shares, vaults and the login are not looked at: their operations differ in host, query and headers, which
logs lack.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from amlbridge.server.assembly import services
from amlbridge.wire.routing import SCOPE, Operation, Router

#: What ``amlbridge.wire.application`` writes of each request at DEBUG.
_REQUEST = re.compile(r"amlbridge\.wire\.application: (\d{3}) ([A-Z]+) (/.*) \d+\.\d ms (.*)$")
_LOGS = ("service.out", "service.log", "service.log.*")
#: The User-Agent of ``LiveService.client``.
_TESTS = "python-httpx/"
#: Services whose client is a browser or our own command.
_NO_SDK = ("amlbridge", "studio")
#: Operations whose only answer is 404: there is nothing of the kind to find.
_NEVER_FOUND = ("models.get_profile",)


class Seen(NamedTuple):
    """A request in a log."""

    status: int
    method: str
    path: str
    agent: str


def requests(folder: Path) -> Iterator[Seen]:
    """Every request in the logs below a folder."""
    for pattern in _LOGS:
        for path in folder.rglob(pattern):
            with path.open(encoding="utf-8", errors="replace") as file:
                for line in file:
                    if found := _REQUEST.search(line):
                        yield Seen(int(found[1]), found[2], found[3], found[4])


def never_driven(router: Router, seen: Iterable[Seen], *, by_clients: bool = False) -> list[Operation]:
    """The served operations without a successful request among those seen; ``by_clients``: of a real client, where one
    sends it. What shares a handler counts as one: a run has three addresses."""
    driven = set()
    for request in set(seen):
        found = router.find(request.method, request.path)
        if found is not None and _counts(found[0], request, by_clients):
            driven.add(found[0].handler)
    return [item for item in router.operations if item.refused is None and item.handler not in driven]


def _counts(operation: Operation, request: Seen, by_clients: bool) -> bool:
    succeeds = request.status == 404 if _name(operation) in _NEVER_FOUND else request.status < 400
    any_client_will_do = not by_clients or operation.others is not None or operation.service in _NO_SDK
    return succeeds and (any_client_will_do or not request.agent.startswith(_TESTS))


def _name(operation: Operation) -> str:
    return f"{operation.service}.{operation.name}"


def main(folder: Path) -> int:
    """Prints the operations; the exit code."""
    seen = set(requests(folder))
    if not seen:
        print(f"no requests in the logs below {folder}: run the tests with AMLBRIDGE_LOG_LEVEL=DEBUG", file=sys.stderr)
        return 2
    router = Router(*services())
    left = never_driven(router, seen)
    plain = [item for item in never_driven(router, seen, by_clients=True) if item not in left]
    for title, items in (("driven by no test", left), ("driven over plain HTTP only", plain)):
        if items:
            print(f"{title}:")
        for item in items:
            print(f"  {_name(item)} {item.method} {item.path.replace(SCOPE, '/WS')}")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
