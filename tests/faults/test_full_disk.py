"""A full disk: requests get a clear error at once, nothing recorded is lost, and all goes on once there is room."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from amlbridge.engine.errors import StorageError
from amlbridge.engine.plan import Settings
from tests.faults.disks import SmallDisk, small_disk
from tests.support.engine import FOLDER_OUTPUT, Engine, OutputRef
from tests.support.live import LiveService

pytestmark = pytest.mark.slow


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", 24) as made:
        yield made


def batch(name: str, values: int = 1, text: str = "") -> dict[str, Any]:
    """A metric batch as the client posts it."""
    rows = [
        {"metricId": f"{name}-{number}", "createdUtc": "2026-11-20T11:01:11.588925Z", "data": {name: text or number}}
        for number in range(values)
    ]
    kind = "string" if text else "double"
    metric = {"name": name, "columns": {name: kind}, "value": rows, "properties": {"uxMetricType": "azureml.v1.list"}}
    return {"values": [metric]}


def test_the_service_on_a_full_disk(disk: SmallDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMLBRIDGE_PREWARM", "0")
    live = LiveService(disk.folder / "state")
    account = "state"
    history, metrics = f"/history/v1.0{live.scope()}", f"/metric/v2.0{live.scope()}"
    artifact = f"/artifact/v2.0{live.scope()}/artifacts/content/ExperimentRun/dcid.r"
    try:
        with live.client() as client:
            assert client.patch(f"{history}/experiments/e/runs/r", json={"runId": "r"}).status_code == 200
            assert client.post(f"{metrics}/runs/r/batch", json=batch("before", 50)).status_code == 200
            assert client.post(f"{artifact}/before.bin", content=b"before" * 1000).status_code == 200
            disk.fill()
            refused: list[httpx.Response] = []
            began = time.monotonic()
            for number in range(40):  # what the write-ahead log has room for is still taken
                answer = client.post(f"{metrics}/runs/r/batch", json=batch(f"m{number}", 200, "x" * 500))
                refused += [answer] if answer.status_code != 200 else []
            refused.append(client.post(f"{artifact}/full.bin", content=b"x" * 3_000_000))
            refused.append(client.post(f"{artifact}/small.bin", content=b"x" * 10_000))
            assert len(refused) > 5
            for answer in refused:
                assert answer.status_code == 409, answer.text
                error = answer.json()["error"]
                assert (error["code"], error["details"]) == ("InsufficientStorage", [])
                assert "free some space" in error["message"]
            assert time.monotonic() - began < 90
            assert client.get(f"{history}/runs/r").json()["runId"] == "r"
            assert client.get(f"{artifact}/before.bin").content == b"before" * 1000
            assert client.get(f"{artifact}/full.bin").status_code == 404
            client_error = live.run(
                """
                from azureml.core import Workspace
                store = Workspace.from_config().get_default_datastore()
                open("large.bin", "wb").write(b"x" * 5_000_000)
                store.upload_files(["large.bin"], show_progress=False)
                """,
                folder=tmp_path / "client",
                check=False,
            )
            assert client_error.returncode != 0
            assert "full" in client_error.stderr + client_error.stdout, account
            disk.make_room()
            assert client.post(f"{metrics}/runs/r/batch", json=batch("after", 200, "x" * 500)).status_code == 200
            assert client.post(f"{artifact}/full.bin", content=b"x" * 3_000_000).status_code == 200
            full = client.post(f"{metrics}/runs/r/full", json={"metricName": "before"}).json()
            assert sorted(row["data"]["before"] for row in full["value"]) == list(range(50))
        assert live.process is not None
        assert live.process.poll() is None
        assert not list((live.home.blobs / ".staging").iterdir())
    finally:
        live.kill()
    assert sqlite3.connect(live.home.root / "records.db").execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_service_does_not_start_on_a_full_disk_and_says_why(disk: SmallDisk) -> None:
    import subprocess
    import sys

    disk.fill()
    command = [sys.executable, "-m", "amlbridge.server", str(disk.folder / "state")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 69
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


FILLS = """
    import sys
    with open(sys.argv[1] + "/part", "wb", buffering=0) as file:
        file.write(b"the first megabyte" * 50_000)
    with open("scratch", "wb", buffering=0) as file:
        while True:
            if file.write(b"x" * 65536) < 65536:
                file.write(b"x")
"""


def test_a_step_that_fills_the_disk(disk: SmallDisk) -> None:
    """It fails with the reason, another one goes on, and so does the pipeline."""
    # One step at a time: another that runs meanwhile meets the full disk, too.
    engine = Engine(disk.folder / "engine", slots=1)
    try:
        fills = engine.step("fills", FILLS, OutputRef("out"), outputs={"out": FOLDER_OUTPUT})
        runs = engine.run(fills, engine.step("other", "print(1)"), settings=Settings(continue_on_failure=True))
        assert (runs["fills"].status, runs["other"].status, runs[""].status) == ("Failed", "Completed", "Failed")
        assert "The disk of the state folder is full" in runs["fills"].error["message"]
        after = engine.run(engine.step("after", "print(2)"), run_id="after")
        assert after["after"].status == "Completed"
    finally:
        engine.close()


def test_ends_are_recorded_as_soon_as_there_is_room(disk: SmallDisk) -> None:
    """While nothing can be recorded nothing is lost, nobody acts on what is not, and nothing hangs for ever."""
    engine = Engine(disk.folder / "engine")
    try:
        wait = "import os, sys, time\nwhile not os.path.exists(sys.argv[1]): time.sleep(0.02)"
        go = disk.folder.parent / "go"
        first = engine.step("first", wait, str(go))
        engine.submit(first, engine.step("second", "print(1)", after=("first",)), run_id="p")
        while engine.runs()["first"].status != "Running":
            time.sleep(0.01)
        disk.fill()
        with pytest.raises(StorageError, match="free some space"):
            for _ in range(1000):  # until the write-ahead log has no room left, either
                engine.records.runs.set(engine.workspace.id, "p", description="x" * 100_000)
        go.touch()
        time.sleep(0.5)
        state = engine.runs()
        assert {state["first"].status, state[""].status} == {"Running"}, state
        disk.make_room()
        assert engine.scheduler.wait(engine.workspace.id, "p", 60)
        runs = engine.runs()
        assert {run.status for run in runs.values()} == {"Completed"}, [run.error for run in runs.values()]
        assert runs["first"].ended <= runs["second"].started
    finally:
        engine.close()
