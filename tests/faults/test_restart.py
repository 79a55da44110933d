"""The service goes away while a real client polls a pipeline, and comes back: at its old port, or at another one."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.submitting import Rest
from tests.support.live import GROUP, SUBSCRIPTION, LiveService

pytestmark = pytest.mark.slow
STEP = """
import os, time
from azureml.core import Run, Workspace
run = Run.get_context()
run.log("life", 1)
while not os.path.exists({go!r}):
    time.sleep(0.05)
print(Workspace.get("ws", subscription_id={subscription!r}, resource_group={group!r}).location)
run.log("end", 2)
"""
POLL = """
import sys
from azureml.core import Workspace
from azureml.pipeline.core import PipelineRun
run = PipelineRun.get(Workspace.from_config(), sys.argv[1])
print("polling", flush=True)
print("STATUS", run.wait_for_completion(show_output=False), flush=True)
"""


class Poller:
    """A real client that waits for a pipeline run in a process of its own."""

    def __init__(self, live: LiveService, folder: Path, run_id: str) -> None:
        folder.mkdir()
        config = {"subscription_id": SUBSCRIPTION, "resource_group": GROUP, "workspace_name": "ws"}
        (folder / "config.json").write_text(json.dumps(config))
        (folder / "poll.py").write_text(POLL)
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "poll.py", run_id],
            cwd=folder,
            env=live.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        until(lambda: any("polling" in line for line in self.lines) or self.process.poll() is not None)

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(self.process.stdout)

    def end(self, seconds: float) -> str:
        """What it printed until it ended."""
        try:
            self.process.wait(seconds)
        finally:
            self.process.kill()
        self.reader.join(60)
        return "".join(self.lines)


def until(condition: Callable[[], object], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[LiveService, Rest, str, Path]]:
    """A service with a pipeline whose step has logged a metric and waits for a file."""
    monkeypatch.setenv("AMLBRIDGE_PREWARM", "0")
    go = tmp_path / "go"
    live = LiveService(tmp_path / "service")
    rest = Rest(live)
    rest.prepare(STEP.format(go=str(go), subscription=SUBSCRIPTION, group=GROUP))
    run_id = rest.create_pipeline()
    rest.submit(run_id)
    until(lambda: metrics(rest, run_id) == {"life": [1.0]})
    yield live, rest, run_id, go
    if live.process is not None and live.process.poll() is None:
        live.kill()


def metrics(rest: Rest, run_id: str) -> dict[str, list[float]]:
    """The metrics of the only step."""
    steps = rest("GET", f"/history/v1.0/WS/runs/{run_id}/children")["value"]
    if not steps:
        return {}
    listed = rest("POST", f"/metric/v2.0/WS/runs/{steps[0]['runId']}/list", {})["value"]
    names = [item["metricKey"]["name"] for item in listed]
    found = {}
    for name in names:
        full = rest("POST", f"/metric/v2.0/WS/runs/{steps[0]['runId']}/full", {"metricName": name})["value"]
        found[name] = [row["data"][name] for row in full]
    return found


@contextmanager
def strangers(*ports: int) -> Iterator[None]:
    """Somebody else takes the ports and hangs up on everyone."""
    servers = [socket.create_server(("127.0.0.1", port)) for port in ports]

    def hang_up(server: socket.socket) -> None:
        while True:
            try:
                server.accept()[0].close()
            except OSError:
                return

    for server in servers:
        threading.Thread(target=hang_up, args=(server,), daemon=True).start()
    try:
        yield
    finally:
        for server in servers:
            server.shutdown(socket.SHUT_RDWR)
            server.close()


def test_a_client_that_polls_while_the_service_is_away(
    running: tuple[LiveService, Rest, str, Path], tmp_path: Path
) -> None:
    """The real client gives up at the first request that nobody answers: it says so. At the same ports everything
    is found again, and the run goes on."""
    live, rest, run_id, go = running
    ports = live.http_port, live.https_port
    poller = Poller(live, tmp_path / "poller", run_id)
    live.kill()
    said = poller.end(90)
    assert poller.process.returncode != 0
    assert "STATUS Finished" not in said
    assert "Connection" in said or "127.0.0.1" in said, said[-2000:]
    live.start()
    assert (live.http_port, live.https_port) == ports
    go.touch()
    until(lambda: rest.status(run_id) == "Completed")
    found = metrics(rest, run_id)
    assert found["end"] == [2.0]
    assert set(found["life"]) == {1.0}


def test_a_client_of_the_old_port(running: tuple[LiveService, Rest, str, Path], tmp_path: Path) -> None:
    """Where a stranger sits at the old ports the client ends, too; the run goes on at the new ones."""
    live, _, run_id, go = running
    poller = Poller(live, tmp_path / "poller", run_id)
    old = live.http_port, live.https_port
    live.kill()
    with strangers(*old):
        live.start()
        assert not {live.http_port, live.https_port} & set(old)
        go.touch()
        said = poller.end(90)
        assert poller.process.returncode != 0
        assert "STATUS Finished" not in said
        rest = Rest(live)
        until(lambda: rest.status(run_id) == "Completed")
        found = metrics(rest, run_id)
        assert (set(found["life"]), found["end"]) == ({1.0}, [2.0])
        assert "STATUS Finished" in Poller(live, tmp_path / "again", run_id).end(60)
