"""kill -9 at random moments while clients write: all that was acknowledged is there when the service is back."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.faults.submitting import Rest
from tests.support.live import LiveService

pytestmark = pytest.mark.slow
KILLS = 6
#: How many more a slow machine may need until every kind of write was acknowledged often enough to tell something.
MOST_KILLS = 60
ACKNOWLEDGED = 4
#: Seconds after which the service is killed, at most.
LATEST = 0.6
JOB = {
    "properties": {
        "jobType": "Command",
        "command": "true",
        "environmentId": "azureml:AzureML-sklearn-1.0-ubuntu20.04-py38-cpu@latest",
    }
}


class Writers:
    """Threads that write until the service is gone and remember what it acknowledged."""

    def __init__(self, live: LiveService, module: str) -> None:
        self.live, self.module = live, module
        self.metrics: list[int] = []
        self.files: dict[str, bytes] = {}
        self.models: list[str] = []
        self.created: list[str] = []
        self.submitted: list[str] = []
        self.jobs: list[str] = []
        self.data: list[str] = []
        self._number = 0
        self._lock = threading.Lock()

    def acknowledged(self) -> int:
        """How many writes of the rarest kind the service has acknowledged."""
        return min(map(len, (self.metrics, self.files, self.models, self.submitted, self.jobs, self.data)))

    def number(self) -> int:
        with self._lock:
            self._number += 1
            return self._number

    def metric(self, rest: Rest) -> None:
        number = self.number()
        rest.log_metric("r", "value", number)
        self.metrics.append(number)

    def file(self, rest: Rest) -> None:
        name, content = f"f{self.number()}", random.Random(self._number).randbytes(300_000)
        found = rest("GET", f"/artifact/v2.0/WS/artifacts/write/ExperimentRun/dcid.r/{name}")
        rest.upload(found["contentUri"], content)
        self.files[name] = content

    def model(self, rest: Rest) -> None:
        self.models.append(rest.register_model("m"))

    def pipeline(self, rest: Rest) -> None:
        self.created.append(rest.create_pipeline())
        run_id = self.created[-1]
        rest.submit(run_id)
        self.submitted.append(run_id)
        time.sleep(0.1)

    def job(self, rest: Rest) -> None:
        """A command job of SDK v2."""
        name = f"job{self.number()}"
        rest("PUT", f"/WS/jobs/{name}", JOB)
        self.jobs.append(name)
        time.sleep(0.1)

    def asset(self, rest: Rest) -> None:
        """A version of a data asset of SDK v2."""
        version = f"/WS/data/d/versions/{self.number()}"
        rest("PUT", version, {"properties": {"dataType": "uri_folder", "dataUri": "https://example.com/x"}})
        self.data.append(version)

    def until_gone(self, kind: Callable[[Rest], None]) -> None:
        rest = Rest(self.live)
        rest.module = self.module
        try:
            while True:
                kind(rest)
        except httpx.TransportError:
            return  # the service is gone; what it did not acknowledge may be there or not
        finally:
            rest.client.close()

    def run(self, seconds: float) -> None:
        """All kinds of writes at once, for so long, then kill -9."""
        kinds = (self.metric, self.file, self.model, self.pipeline, self.job, self.asset)
        failed: list[BaseException] = []

        def guarded(kind: Callable[[Rest], None]) -> None:
            try:
                self.until_gone(kind)
            except BaseException as error:  # noqa: BLE001  # shown by the assertion below
                failed.append(error)

        threads = [threading.Thread(target=guarded, args=(kind,)) for kind in kinds]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        self.live.kill()
        for thread in threads:
            thread.join(60)
        assert not failed, failed


def check(writers: Writers, rest: Rest) -> None:
    """Everything acknowledged is there, and nothing twice."""
    metrics = rest("POST", "/metric/v2.0/WS/runs/r/full", {"metricName": "value"}) if writers.metrics else {"value": []}
    values = [row["data"]["value"] for row in metrics["value"]]
    assert set(writers.metrics) <= set(values)
    assert len(values) == len(set(values))
    for name, content in writers.files.items():
        path = f"/artifact/v2.0{rest.scope}/artifacts/content/ExperimentRun/dcid.r/{name}"
        assert rest.client.get(path).content == content
    for model in set(writers.models):
        assert rest("GET", f"/modelmanagement/v1.0/WS/models/{model}")["id"] == model
    assert len(writers.models) == len(set(writers.models)), "a version was given twice"
    for run_id in writers.created:
        assert rest("GET", f"/pipelines/v1.0/WS/PipelineRuns/{run_id}")["Id"] == run_id
    for run_id in writers.submitted:
        assert rest.status(run_id) != ""
    for name in writers.jobs:
        assert rest("GET", f"/WS/jobs/{name}")["name"] == name
    for version in writers.data:
        assert rest("GET", version)["properties"]["dataUri"] == "https://example.com/x"


def test_what_was_acknowledged_survives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMLBRIDGE_PREWARM", "0")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    source = random.Random(20261120)
    live = LiveService(tmp_path)
    try:
        rest = Rest(live)
        rest.prepare()
        rest("PATCH", "/history/v1.0/WS/experiments/e/runs/r", {"runId": "r"})
        writers = Writers(live, rest.module)
        for kills in range(MOST_KILLS):
            if kills >= KILLS and writers.acknowledged() >= ACKNOWLEDGED:
                break
            writers.run(source.uniform(0.02, LATEST))
            found = sqlite3.connect(live.home.root / "records.db").execute("PRAGMA integrity_check").fetchall()
            assert found == [("ok",)]
            live.start()
            rest = Rest(live)
            check(writers, rest)
            assert not list((live.home.blobs / ".staging").iterdir())
        assert writers.acknowledged() >= ACKNOWLEDGED
        deadline = time.monotonic() + 60
        while states := {
            run: rest.status(run) for run in [*writers.submitted, *writers.jobs] if rest.status(run) != "Completed"
        }:
            assert time.monotonic() < deadline, states
            assert not set(states.values()) & {"Failed", "Canceled"}, states
            time.sleep(0.2)
    finally:
        live.kill()
    # A service that is killed cannot clear up behind it.
    assert not list(temporary.glob("amlbridge*"))
