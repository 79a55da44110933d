"""The machine's clock is set back and forward while the service runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from amlbridge.engine.clock import parse_iso
from amlbridge.server import assembly
from amlbridge.server.home import Home
from tests.faults.malformed import send, serving
from tests.support.engine import Engine

WS = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
NOW = 1_795_172_400.0
DAY = 24 * 3600.0


class Jumping:
    """The service in this process, with a clock that the test sets."""

    def __init__(self, folder: Path) -> None:
        self.time = NOW
        self.service = assembly.build_service(Home(folder), clock=lambda: self.time)
        self.service.http_port, self.service.https_port = 1, 2
        self.application = assembly.build_application(self.service)
        self.token = self.service.issuer.issue("x")[0]

    def __call__(self, method: str, path: str, body: bytes = b"{}") -> Any:
        headers = {"authorization": f"Bearer {self.token}"}
        answer = send(self.application, method, path.replace("/WS", WS), "", body, headers)
        assert answer.status == 200, answer.body
        return answer.json


@pytest.fixture
def jumping(tmp_path: Path) -> Iterator[Jumping]:
    made = Jumping(tmp_path / "home")
    with serving():
        yield made
    made.service.records.close()


@pytest.mark.parametrize("jump", [-3600.0, -400 * DAY, 3600.0, 20 * DAY])
def test_runs_and_tokens_across_a_jump(jumping: Jumping, jump: float) -> None:
    runs = "/history/v1.0/WS/experiments/e/runs"
    jumping("PATCH", f"{runs}/first", b'{"runId": "first", "status": "Running"}')
    jumping(
        "POST", f"{runs}/first/events", b'{"name": "Microsoft.MachineLearning.Run.Start", "data": {"RunId": "first"}}'
    )
    jumping.time += 10 + jump
    ended = b'{"name": "Microsoft.MachineLearning.Run.Completed", "data": {"RunId": "first"}}'
    jumping("POST", f"{runs}/first/events", ended)  # the token of before still serves
    run = jumping("GET", f"{runs}/first")
    assert run["status"] == "Completed"
    assert parse_iso(run["endTimeUtc"]) >= parse_iso(run["startTimeUtc"])
    jumping("PATCH", f"{runs}/second", b'{"runId": "second"}')
    listed = jumping("POST", "/history/v1.0/WS/experiments/e/runs:query", b"{}")["value"]
    assert {item["runId"] for item in listed} == {"first", "second"}
    numbers = {item["runId"]: item["runNumber"] for item in listed}
    assert numbers["first"] < numbers["second"], "the order of creation does not hang on the clock"


def test_a_blob_is_new_after_the_clock_was_set_back(jumping: Jumping, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two versions of a blob differ even if they are written at the same time by the clock."""
    blobs = jumping.service.blobs
    times = iter([2_000_000_000_000_000_000, 1_000_000_000_000_000_000, 1_000_000_000_000_000_000])
    monkeypatch.setattr("amlbridge.engine.blobs.time.time_ns", lambda: next(times))
    tags = [blobs.put("a", "c", "x", content).etag for content in (b"1", b"2", b"3")]
    assert len(set(tags)) == 3


def test_an_expired_token_is_not_revived_by_steps_of_the_clock(jumping: Jumping) -> None:
    jumping.time += 31 * DAY
    assert jumping.service.issuer.verify(jumping.token) is None
    assert jumping.service.issuer.verify(jumping.service.issuer.issue("x")[0]) is not None


@pytest.mark.slow
@pytest.mark.parametrize("jump", [-7200.0, 7200.0])
def test_a_step_whose_clock_jumps(tmp_path: Path, jump: float) -> None:
    """Its time limit and its duration do not follow the clock."""
    import time

    engine = Engine(tmp_path / "engine")
    shift = 0.0
    engine.records.runs._clock = engine.records.clock = lambda: time.time() + shift
    try:
        step = engine.step(
            "s",
            "import os, sys, time\nwhile not os.path.exists(sys.argv[1]): time.sleep(0.02)",
            str(tmp_path / "go"),
            timeout=120.0,
        )
        engine.submit(step)
        while engine.runs()["s"].status != "Running":
            time.sleep(0.01)
        shift = jump
        time.sleep(1.2)  # the time limit is looked at
        (tmp_path / "go").touch()
        assert engine.scheduler.wait(engine.workspace.id, "p", 60)
        for run in engine.runs().values():
            assert run.status == "Completed", run.error
            assert run.ended >= run.started
    finally:
        engine.close()
