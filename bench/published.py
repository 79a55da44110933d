"""A published pipeline called over REST by many at once: how long each waits, and that no run is lost."""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from amlbridge.engine.records import schema
from amlbridge.server import lifecycle

from .bare_server import serving
from .live import Client, LiveService
from .machine import say, wait_until_idle
from .measure import Row, Series, Target
from .plain_http import answer, request

_CONNECTIONS = 16
_MEDIAN = Target(0.050, of="ours")
_PATIENCE = 300.0
_NOTE = (
    f"{_CONNECTIONS} connections, each of which posts the next submit when the answer is there, from one process on "
    "the same cores, while the engine already runs the steps (each a process, nothing is reused); every run is then "
    "looked up in the records: all must complete; the floor is uvicorn with an application that does nothing"
)


def rows(quick: bool) -> Iterator[Row]:
    """Median and 99th percentile of the answers, time until all runs have completed."""
    count = 200 if quick else 1000
    with tempfile.TemporaryDirectory(prefix="amlbridge-bench-") as folder, LiveService(Path(folder)) as service:
        service.wait_until_warm()
        with Client(service) as client:
            made = client.ask("publish", folder=str(_step(Path(folder))))
        wait_until_idle(service.process)
        url = urlsplit(made["endpoint"])
        submit = {"ExperimentName": "bench-rest", "ParameterAssignments": {"value": 2}}
        text = request("POST", url.path, lifecycle.token(service.home), submit)
        say(f"  {count} submits")
        asyncio.run(_post(service.address.http_port, text, 50, 1))
        began = time.perf_counter()
        answers, seconds = asyncio.run(_post(service.address.http_port, text, count, _CONNECTIONS))
        submitted = time.perf_counter() - began
        _wait_for(service, made["workspace_id"], answers)
        finished = time.perf_counter() - began
    with serving() as port:
        _, floor = asyncio.run(_post(port, text, count, _CONNECTIONS))
    name = f"REST submit, {count:,} times at {_CONNECTIONS} connections"
    yield Row(f"{name}: median answer", ours=_series(seconds, 50), floor=_series(floor, 50), target=_MEDIAN, note=_NOTE)
    yield Row(f"{name}: 99th percentile", ours=_series(seconds, 99), floor=_series(floor, 99))
    yield Row(f"{name}: rate", "1/s", ours=Series((count / submitted,)))
    yield Row(f"{name}: until all runs have completed", ours=Series((finished,)))


def _step(folder: Path) -> Path:
    source = folder / "published"
    source.mkdir()
    (source / "main.py").write_text("import sys\nprint(sys.argv)\n")
    return source


def _series(seconds: list[float], percentile: int) -> Series:
    return Series((statistics.quantiles(seconds, n=100)[percentile - 1],))


async def _post(port: int, text: bytes, count: int, connections: int) -> tuple[list[str], list[float]]:
    """Posts a request so often. Returns the bodies of the answers and how long each took, in seconds."""
    bodies: list[str] = []
    seconds: list[float] = []
    left = iter(range(count))

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in left:
            began = time.perf_counter()
            writer.write(text)
            body = await answer(reader)
            seconds.append(time.perf_counter() - began)
            bodies.append(body.decode())
        writer.close()

    await asyncio.gather(*(connection() for _ in range(connections)))
    return bodies, seconds


def _wait_for(service: LiveService, workspace_id: str, answers: list[str]) -> None:
    """Waits until every run has ended. Raises RuntimeError when one is missing or did not complete."""
    wanted = {json.loads(body)["Id"] for body in answers}
    if len(wanted) != len(answers):
        raise RuntimeError(f"{len(answers)} submits were answered with {len(wanted)} different runs")
    deadline = time.monotonic() + _PATIENCE
    while True:
        found = service.records.runs.query(workspace_id, schema.run.c.kind == "pipeline")
        states = {run.id: run.status for run in found if run.id in wanted}
        if len(states) != len(wanted):
            raise RuntimeError(f"of {len(wanted)} runs that were answered, {len(states)} are recorded")
        if set(states.values()) == {"Completed"}:
            return
        if any(state in ("Failed", "Canceled") for state in states.values()) or time.monotonic() > deadline:
            raise RuntimeError(f"the runs are {sorted(set(states.values()))}")
        time.sleep(0.2)
