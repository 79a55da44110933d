"""The logs of a step as plain text."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from starlette.responses import PlainTextResponse, Response, StreamingResponse

from amlbridge.engine.clock import iso
from amlbridge.engine.host import DRIVER_LOG, RANK_DRIVER_LOG
from amlbridge.engine.records.runs import Run
from amlbridge.v1.pipelines import run_records
from amlbridge.v1.pipelines.entities import make_routes, node_path
from amlbridge.wire.context import Call
from amlbridge.wire.routing import Reply

routes = make_routes()
_CHUNK = 1 << 20
_CONTAINER = "azureml"
#: A distributed step has a log for each process; the first one stands for the step, as when the client streams it.
_STDOUT = (DRIVER_LOG, RANK_DRIVER_LOG.format(0))


def _step(call: Call) -> Run:
    return run_records.step_run(call, run_records.engine_run(call), node_path(call))


def _logs(call: Call, run: Run) -> dict[str, Path]:
    """The files of ``azureml-logs`` by name. A reused step was given those of the run that it was taken from."""
    prefix = f"ExperimentRun/dcid.{run.id}/"
    account = call.workspace.storage_account
    folder = call.service.blobs.path(account, _CONTAINER, prefix + "azureml-logs")
    names = sorted(path.name for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    return {f"azureml-logs/{name}": folder / name for name in names}


def _text(path: Path | None) -> Response:
    if path is None:
        return PlainTextResponse("")
    return StreamingResponse(_decoded(path), media_type="text/plain; charset=utf-8")


def _decoded(path: Path) -> Iterator[str]:
    """The text in pieces. The client decodes UTF-8 strictly: what a script printed in another encoding is replaced."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


@routes.post("/PipelineRuns/{run_id}/Graph/Shareable/STDOUT")
def get_stdout(call: Call) -> Reply:
    """What a step has printed so far: standard output and standard error in one, in order."""
    logs = _logs(call, _step(call))
    return _text(next((logs[name] for name in _STDOUT if name in logs), None))


@routes.post("/PipelineRuns/{run_id}/Graph/Shareable/STDERR")
def get_stderr(call: Call) -> Reply:
    """Standard error, when a step keeps it apart. Steps here write it into the same log as standard output."""
    logs = _logs(call, _step(call))
    return _text(next((path for name, path in logs.items() if "stderr" in name), None))


@routes.post("/PipelineRuns/{run_id}/Graph/Shareable/JobLog")
def get_job_log(call: Call) -> Reply:
    """How a step was prepared and how it went: the logs besides its own, and a summary of its run."""
    run = _step(call)
    lines = [f"step {run.name!r} (run {run.id}): {run.status}"]
    times = (("created", run.created), ("started", run.started), ("ended", run.ended))
    lines += [f"{name} {iso(time)}" for name, time in times if time is not None]
    if run.properties.get("azureml.reusedrunid"):
        lines.append(f"reused from run {run.properties['azureml.reusedrunid']}")
    if run.error:
        lines.append(f"error: {run.error.get('message')}")
    others = [path for name, path in _logs(call, run).items() if name not in _STDOUT and "stderr" not in name]
    texts = ["".join(_decoded(path)) for path in others]
    return PlainTextResponse("\n".join([*texts, *lines]) + "\n")
