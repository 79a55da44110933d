"""Small requests a second, against an application on the same server that only answers."""

from __future__ import annotations

import asyncio
import tempfile
import time
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from amlbridge.server import lifecycle

from .bare_server import serving
from .live import LiveService
from .machine import say
from .measure import Contestant, Row, interleave
from .plain_http import answer, request

_CONNECTIONS = 8
_NOTE = (
    f"{_CONNECTIONS} connections that each send the next request when the answer is there, from one process on the "
    "same cores; the floor is uvicorn with an application that does nothing"
)


def rows(quick: bool) -> Iterator[Row]:
    """Health, one run read, one run changed."""
    rounds, count = (2, 400) if quick else (4, 1500)
    with tempfile.TemporaryDirectory(prefix="amlbridge-bench-") as folder, LiveService(Path(folder)) as service:
        service.wait_until_warm()
        port, requests = service.address.http_port, _requests(service)
        with serving() as floor_port:
            health = request("GET", "/amlbridge/health")
            contestants: dict[str, Contestant] = {"floor": partial(rate, floor_port, health, count)}
            contestants |= {name: partial(rate, port, text, count) for name, text in requests.items()}
            say("  requests")
            interleave(contestants, 1)
            found = interleave(contestants, rounds)
    note = _NOTE
    for name in requests:
        yield Row(f"small requests: {name}", "1/s", ours=found[name], floor=found["floor"], note=note)
        note = ""


def _requests(service: LiveService) -> dict[str, bytes]:
    """Name -> request."""
    workspace = service.records.workspaces.ensure(str(uuid.UUID(int=1)), "bench", "bench")
    token = lifecycle.token(service.home)
    run = f"/history/v1.0{workspace.scope}/experiments/bench/runs/{uuid.uuid4()}"
    change = request("PATCH", run, token, {"tags": {"a": "b"}})
    # The first one makes the run that the second one reads.
    if rate(service.address.http_port, change, 1) <= 0:
        raise RuntimeError("the run could not be made")
    return {
        "health": request("GET", "/amlbridge/health"),
        "a run's record (token checked)": request("GET", run, token),
        "a run's tags changed (durable)": change,
    }


def rate(port: int, text: bytes, count: int) -> float:
    """Answers a second for at least ``count`` requests. Raises RuntimeError for an answer that is not a 200."""
    each = -(-count // _CONNECTIONS) if count > 1 else 1
    connections = _CONNECTIONS if count > 1 else 1

    async def all_of_them() -> None:
        await asyncio.gather(*(_connection(port, text, each) for _ in range(connections)))

    began = time.perf_counter()
    asyncio.run(all_of_them())
    return connections * each / (time.perf_counter() - began)


async def _connection(port: int, text: bytes, count: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for _ in range(count):
            writer.write(text)
            await answer(reader)
    finally:
        writer.close()
