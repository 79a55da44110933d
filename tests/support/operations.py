"""Which served operations no test drives: read from the logs that the services of a test session have left.

    AMLBRIDGE_LOG_LEVEL=DEBUG python -m pytest --basetemp build/session -n 2 --dist loadfile
    python -m tests.support.operations build/session

Prints ``service.operation METHOD path`` of each served operation that was never answered with success; exit code 1 when
there are any. Blobs and file shares are not looked at: their operations differ in query and headers, which logs lack.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from amlbridge.server.assembly import services
from amlbridge.wire.routing import SCOPE, Operation, Router

#: What ``amlbridge.wire.application`` writes of each request at DEBUG.
_REQUEST = re.compile(r"amlbridge\.wire\.application: (\d{3}) ([A-Z]+) (/.*) \d+\.\d ms$")
_LOGS = ("service.out", "service.log", "service.log.*")


def requests(folder: Path) -> Iterator[tuple[int, str, str]]:
    """Status, method and path of every request in the logs below a folder."""
    for pattern in _LOGS:
        for path in folder.rglob(pattern):
            with path.open(encoding="utf-8", errors="replace") as file:
                for line in file:
                    if found := _REQUEST.search(line):
                        yield int(found[1]), found[2], found[3]


def never_driven(router: Router, seen: Iterable[tuple[int, str, str]]) -> list[Operation]:
    """The served operations without a successful request among those seen. What shares a handler counts as one:
    a run has three addresses."""
    driven = set()
    for status, method, path in set(seen):
        found = router.find(method, path)
        if found is not None and status < 400:
            driven.add(found[0].handler)
    return [item for item in router.operations if item.refused is None and item.handler not in driven]


def main(folder: Path) -> int:
    """Prints the operations; the exit code."""
    seen = set(requests(folder))
    if not seen:
        print(f"no requests in the logs below {folder}: run the tests with AMLBRIDGE_LOG_LEVEL=DEBUG", file=sys.stderr)
        return 2
    left = never_driven(Router(*services()), seen)
    for item in left:
        print(f"{item.service}.{item.name} {item.method} {item.path.replace(SCOPE, '/WS')}")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
