"""SDK v2: what a submit costs the service, how soon stream returns, a step that logs to MLflow, a page of jobs."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from amlbridge.cli.polling import NO_SLEEP
from amlbridge.engine.records.runs import Run
from amlbridge.server import lifecycle

from .live import Client, LiveService
from .machine import say
from .measure import Row, Series, Target, interleave, timed
from .plain_http import answer, request

_SUBMIT, _STREAM, _PAGE = (Target(limit, of="ours") for limit in (0.15, 0.2, 0.05))
_MLFLOW = Target(0.4)
_REQUEST = re.compile(r"amlbridge\.wire\.application: \d{3} [A-Z]+ \S+ (\d+\.\d) ms")
_STEP = "import os, sys\nopen(os.path.join(sys.argv[1], 'x'), 'w').write('1')\n"
_LOGS = """\
import mlflow
mlflow.set_experiment("bench")
with mlflow.start_run():
    for step in range(20):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
"""
_JOBS = 1000


def rows(quick: bool) -> Iterator[Row]:
    """All four."""
    rounds = 3 if quick else 6
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="amlbridge-bench-")))
        service = stack.enter_context(LiveService(root, {"AMLBRIDGE_LOG_LEVEL": "DEBUG"}))
        client = stack.enter_context(Client(service, "v2_client", NO_SLEEP))
        service.wait_until_warm()
        yield from _submit(service, client, root, rounds)
        yield _mlflow(service, client, root, rounds)
        yield _page(service, rounds)


def _submit(service: LiveService, client: Client, root: Path, rounds: int) -> Iterator[Row]:
    say("  submit and stream")
    client.ask("register", folder=str(_folder(root, "step", _STEP)))
    inside, whole, after = [], [], []
    for index in range(rounds + 1):
        before = len(_requests(service))
        submitted = client.ask("submit")
        inside.append(sum(_requests(service)[before:]))
        returned = client.ask("stream")["returned"]
        ended = _run(service, submitted["run_id"]).ended
        if ended is None:
            raise RuntimeError("stream returned before the job had ended")
        whole.append(submitted["seconds"])
        after.append(returned - ended)
        if index == 0:
            yield Row("v2: submit of two steps, first", ours=Series.of(whole), note="with the code and the components")
            inside, whole, after = [], [], []
    note = "the sum of what the service needed for the requests of `jobs.create_or_update`, by its log"
    yield Row("v2: submit of two registered steps, in the service", ours=Series.of(inside), target=_SUBMIT, note=note)
    yield Row("v2: submit of two registered steps, in the client", ours=Series.of(whole))
    note = "from the end in the job's record until `jobs.stream` has returned"
    yield Row("v2: stream returns after the end", ours=Series.of(after), target=_STREAM, note=note)


def _mlflow(service: LiveService, client: Client, root: Path, rounds: int) -> Row:
    say("  mlflow")
    folder = _folder(root, "mlflow", _LOGS)

    def ours() -> float:
        run = _run(service, client.ask("run", folder=str(folder))["run_id"])
        if run.status != "Completed" or run.started is None or run.ended is None:
            raise RuntimeError(f"the job is {run.status}: {run.error}")
        values = service.records.metrics.values(run.workspace_id, run.id, "loss")
        if len(values) != 20:
            raise RuntimeError(f"{len(values)} of 20 metrics were recorded")
        return run.ended - run.started

    def floor() -> float:
        environment = {**service.environment(), "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}"}
        script = [sys.executable, "main.py"]
        return timed(lambda: subprocess.run(script, cwd=folder, env=environment, capture_output=True, check=True))

    ours(), floor()
    found = interleave({"ours": ours, "floor": floor}, rounds)
    note = (
        "a command job that imports mlflow and logs 20 metrics one by one, from `started` to `ended` of its record; "
        "the floor is the same script alone with a sqlite store that already exists"
    )
    name = "v2: step that logs 20 metrics to MLflow"
    return Row(name, ours=found["ours"], floor=found["floor"], target=_MLFLOW, note=note)


def _page(service: LiveService, rounds: int) -> Row:
    say("  jobs")
    workspace = service.records.workspaces.list()[0]
    experiment = service.records.experiments.ensure(workspace.id, "many")
    jobs = [{"id": f"many_{index}", "kind": "script", "status": "Completed"} for index in range(_JOBS)]
    service.records.runs.add_many(workspace.id, experiment.id, jobs)
    text = request("GET", f"{workspace.scope}/jobs?api-version=2024-01-01-preview", lifecycle.token(service.home))

    async def once() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", service.address.http_port)
        writer.write(text)
        await answer(reader)
        writer.close()

    asyncio.run(once())
    seconds = [timed(lambda: asyncio.run(once())) for _ in range(rounds)]
    return Row(f"v2: a page of {_JOBS:,} jobs", ours=Series.of(seconds), target=_PAGE)


def _folder(root: Path, name: str, script: str) -> Path:
    folder = root / f"{name}-{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    (folder / "main.py").write_text(script)
    return folder


def _run(service: LiveService, run_id: str) -> Run:
    return service.records.runs.get(service.records.workspaces.list()[0].id, run_id)


def _requests(service: LiveService) -> list[float]:
    """Seconds of each request so far, by the service's log."""
    text = service.home.log.read_text(errors="replace")
    return [float(found[1]) / 1000 for found in _REQUEST.finditer(text)]
