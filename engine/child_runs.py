"""Child runs of a driven step: what its driver tells of them, recorded while it runs.

A driver (:mod:`amlbridge.engine.kinds`) that searches over many trials appends lines of JSON to the file
:func:`events_file`. Each line is an object; ``index`` numbers the children from 0.

| event | fields | what becomes of it |
|---|---|---|
| ``child_started`` | index, name?, properties?, tags? | run ``{step's run}_{index}`` of kind :data:`TRIAL` runs |
| ``child_metrics`` | index, metrics: name -> number | its metrics |
| ``child_charts`` | index, charts: name -> kind (``confusion_matrix``, …) | metrics: its artifacts of these names |
| ``child_artifacts`` | index, folder, tables? | each file below the folder, by its path: artifacts of the child |
| ``child_ended`` | index, status, error?, properties?, tags? | its end: Completed, Failed or Canceled |
| ``parent`` | properties?, tags?, metrics? | the step's own run, also while it runs |
| ``note`` | message | a warning of the step's run; that its log has it too is the driver's business |

``tables`` names the files that are tables (delimited text with a header): datasets that the child has written. A
child's event with ``test: true`` is of the test of its model: run ``{child}_test`` of kind :data:`MODEL_TEST` below.

The other way round, a child that somebody cancels has a file in :func:`cancel_folder`: the driver ends that trial, and
goes on with the others.

Properties and tags are added to those that are there. A step that begins again (after a crash of the service, or as
another attempt) hides the children that it had; each index that it starts again takes its old run over.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import os
import shutil
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from amlbridge.engine.content_digest import files_below
from amlbridge.engine.errors import EngineError, StorageError
from amlbridge.engine.host import Host, StepContext
from amlbridge.engine.records import runs as status
from amlbridge.engine.records.metrics import MetricValue
from amlbridge.engine.records.store import Records

log = logging.getLogger(__name__)
T = TypeVar("T")

#: The kind of run that a child is.
TRIAL = "trial"
#: The kind of a run that tests the model of a child.
MODEL_TEST = "model_test"
#: Where the files of children lie that are no metrics: those of a trial, those of a test.
_FOLDERS = ("outputs", "predictions")
#: Seconds between two looks at the file.
INTERVAL = 0.25
#: How the services know a metric of single numbers.
_SCALAR = "azureml.v1.scalar"
#: How they know a metric that is a file: its kind, the type of its column, and the address of a run's artifact.
_CHART, _FILE, _ADDRESS = "azureml.v2.{}", "Artifact", "aml://artifactId/ExperimentRun/dcid.{}/{}"


def events_file(context: StepContext) -> Path:
    """The file that the driver of a step appends its events to."""
    return context.scratch / "events.jsonl"


def cancel_folder(scratch: Path) -> Path:
    """Where a driver finds the numbers of the children that it shall end: files of these names, without content."""
    return scratch / "cancelled"


def child_id(run_id: str, index: int) -> str:
    """The run of a step's child."""
    return f"{run_id}_{index}"


def test_id(child: str) -> str:
    """The run that tests the model of a child."""
    return f"{child}_test"


class ChildRuns:
    """The children of one attempt of one step. ``note(message)`` writes a line into the step's log."""

    def __init__(self, records: Records, host: Host, context: StepContext, note: Callable[[str], None]) -> None:
        self._records = records
        self._host = host
        self._context = context
        self._workspace = context.workspace.id
        self._note = note
        self._read = 0
        self._target: str | None = None

    async def follow(self, ending: Awaitable[T]) -> T:
        """Records what the driver tells until ``ending`` is done; returns its result."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self.begin)
        waiting = asyncio.ensure_future(ending)
        try:
            while not waiting.done():
                await asyncio.wait({waiting}, timeout=INTERVAL)
                await loop.run_in_executor(None, self.take)
        finally:
            waiting.cancel()
        await loop.run_in_executor(None, self.take)
        return await waiting

    def begin(self) -> None:
        """Puts the children of an earlier attempt out of the way."""
        now = self._records.clock()
        run = self._records.runs.get(self._workspace, self._context.run_id)
        self._target = run.target
        with self._records.database.write():
            for child in _own(self._records, self._workspace, self._context.run_id):
                ended = {} if child.finished else {"status": status.CANCELED, "ended": now}
                self._records.metrics.delete(self._workspace, child.id)
                self._records.runs.set(self._workspace, child.id, hidden=True, properties={}, **ended)

    def take(self) -> None:
        """Records the events that have come since the last call. On a full disk those that are left wait."""
        try:
            with events_file(self._context).open("rb") as file:
                file.seek(self._read)
                lines = file.read()
        except FileNotFoundError:
            return
        for line in lines.splitlines(keepends=True):
            if not line.endswith(b"\n"):
                return  # the rest of it is still to come
            try:
                self._record(line)
            except StorageError as error:
                log.warning("run %s: %s", self._context.run_id, error)
                return
            except (EngineError, OSError, ValueError, KeyError, TypeError) as error:
                # What the driver tells must not end the step; but nobody may take it for recorded.
                log.exception("run %s: the event %.500r", self._context.run_id, line)
                self._note(f"an event of this step could not be recorded: {type(error).__name__}: {error}")
            self._read += len(line)

    # -- one event ------------------------------------------------------------------------------------------------

    def _record(self, line: bytes) -> None:
        event = json.loads(line)
        handlers: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "child_started": self._started,
            "child_metrics": lambda found: self._metrics(self._child(found), found["metrics"]),
            "child_charts": self._charts,
            "child_artifacts": self._artifacts,
            "child_ended": self._ended,
            "parent": self._parent,
            "note": self._noted,
        }
        if event.get("event") not in handlers:
            raise ValueError(f"unknown event {event.get('event')!r}; there are {', '.join(handlers)}")
        handlers[event["event"]](event)

    def _child(self, event: Mapping[str, Any]) -> str:
        child = child_id(self._context.run_id, int(event["index"]))
        return test_id(child) if event.get("test") else child

    def _started(self, event: Mapping[str, Any]) -> None:
        run_id, runs = self._child(event), self._records.runs
        values: dict[str, Any] = {
            "name": event.get("name"),
            "status": status.RUNNING,
            "started": self._records.clock(),
            "ended": None,
            "error": None,
            "hidden": False,
            "target": self._target,
            "properties": _texts(event.get("properties")),
            "tags": _texts(event.get("tags")),
        }
        with self._records.database.write():
            if runs.find(self._workspace, run_id) is None:
                tests = bool(event.get("test"))
                parent = child_id(self._context.run_id, int(event["index"])) if tests else self._context.run_id
                kind = MODEL_TEST if tests else TRIAL
                runs.add(self._workspace, self._context.experiment_id, run_id, kind, parent_id=parent, **values)
            else:
                self._records.metrics.delete(self._workspace, run_id)
                runs.set(self._workspace, run_id, **values)

    def _metrics(self, run_id: str, metrics: Mapping[str, Any]) -> None:
        now = self._records.clock()
        values = [
            MetricValue(name, f"{run_id}/{name}", now, {name: "double"}, {name: _number(value)}, _SCALAR)
            for name, value in metrics.items()
        ]
        _replace(self._records, self._workspace, run_id, values)

    def _charts(self, event: Mapping[str, Any]) -> None:
        run_id, now = self._child(event), self._records.clock()
        values = [_chart(run_id, str(name), now, _CHART.format(kind)) for name, kind in event["charts"].items()]
        _replace(self._records, self._workspace, run_id, values)

    def _artifacts(self, event: Mapping[str, Any]) -> None:
        folder = Path(event["folder"])
        for name, source in files_below(folder):
            _link(source, self._host.child_artifact(self._context, self._child(event), name))
        for name in event.get("tables", []):
            self._host.wrote_table(self._context, self._child(event), name)

    def _ended(self, event: Mapping[str, Any]) -> None:
        state = event["status"]
        if state not in status.TERMINAL:
            raise ValueError(f"a child cannot end as {state!r}")
        now = self._records.clock()

        def change(run: status.Run) -> dict[str, Any]:
            added = _added(run, event)
            # Somebody may have cancelled it meanwhile: an end is never taken back.
            return added if run.finished else {**added, "status": state, "ended": now, "error": event.get("error")}

        self._records.runs.change(self._workspace, self._child(event), change)

    def _parent(self, event: Mapping[str, Any]) -> None:
        self._records.runs.change(self._workspace, self._context.run_id, lambda run: _added(run, event))
        if event.get("metrics"):
            self._metrics(self._context.run_id, event["metrics"])

    def _noted(self, event: Mapping[str, Any]) -> None:
        warning = {"source": "amlbridge", "message": str(event["message"])}

        def change(run: status.Run) -> dict[str, Any]:
            known = run.extra.get("warnings") or []
            # A step that runs again says it again.
            return {} if warning in known else {"extra": {**run.extra, "warnings": [*known, warning]}}

        self._records.runs.change(self._workspace, self._context.run_id, change)


def end_all(records: Records, workspace: str, run_id: str, state: str, why: str) -> None:
    """Ends the children of a step that has ended in ``state`` without telling of theirs."""
    ended = status.CANCELED if state != status.FAILED else status.FAILED
    error = {"code": "Canceled" if ended == status.CANCELED else "UserError", "message": why}
    for child in _own(records, workspace, run_id):
        if not child.finished:
            records.runs.set(workspace, child.id, status=ended, ended=records.clock(), error=error)


def copy_artifacts(records: Records, host: Host, context: StepContext, original: str) -> None:
    """Gives a step that is not run the artifacts of the children of its original; before :func:`copy`.

    The step's outputs are not copies but the very ones of the original, as in Azure: where they name children (the
    Metrics output of AutoML), these are the original's."""
    workspace = context.workspace.id
    for child in _shown(records, workspace, original):
        copy_id = context.run_id + child.id.removeprefix(original)
        names = []
        for folder in _FOLDERS:
            source = host.child_artifact(context, child.id, folder)
            names += [f"{folder}/{name}" for name, _ in files_below(source)] if source.is_dir() else []
        for name in [*names, *(value.name for value in _charts_of(records, workspace, child.id))]:
            path = host.child_artifact(context, child.id, name)
            if path.is_file():
                _link(path, host.child_artifact(context, copy_id, name))


def copy(records: Records, workspace: str, original: str, run_id: str) -> dict[str, str]:
    """Gives a step that is not run the children of its original, in one transaction with its end. Returns the new ids
    by the old ones."""
    ids = {}
    for child in _shown(records, workspace, original):
        ids[child.id] = new = run_id + child.id.removeprefix(original)
        columns = ("name", "status", "started", "ended", "error", "target", "tags", "properties", "hidden")
        values = {name: getattr(child, name) for name in columns}
        if child.kind == MODEL_TEST:
            # The datasets that it has written are the original's own.
            values["extra"] = child.extra
        if records.runs.find(workspace, new) is None:
            place = records.runs.get(workspace, run_id)
            parent = run_id + str(child.parent_id).removeprefix(original)
            records.runs.add(workspace, place.experiment_id, new, child.kind, parent_id=parent, **values)
        else:
            # The step had begun once, before the service went away.
            records.metrics.delete(workspace, new)
            records.runs.set(workspace, new, **values)
        records.metrics.copy(workspace, child.id, new)
        charts = _charts_of(records, workspace, child.id)
        own = [_chart(new, value.name, value.created, value.kind) for value in charts]
        _replace(records, workspace, new, own)
    return ids


def _shown(records: Records, workspace: str, run_id: str) -> list[status.Run]:
    return [child for child in _own(records, workspace, run_id) if not child.hidden]


def _own(records: Records, workspace: str, run_id: str) -> list[status.Run]:
    """The children of a step, each before the test of its model."""
    found = []
    for child in records.runs.children(workspace, run_id):
        if child.kind == TRIAL:
            found += [child, *(item for item in records.runs.children(workspace, child.id) if item.kind == MODEL_TEST)]
    return found


def _chart(run_id: str, name: str, created: float, kind: str | None) -> MetricValue:
    """A metric whose value is the run's artifact of that name."""
    address = _ADDRESS.format(run_id, name)
    return MetricValue(name, f"{run_id}/{name}", created, {name: _FILE}, {name: address}, kind)


def _charts_of(records: Records, workspace: str, run_id: str) -> list[MetricValue]:
    """The metrics of a child that are files."""
    return [value for value in records.metrics.values(workspace, run_id) if _FILE in value.columns.values()]


def _replace(records: Records, workspace: str, run_id: str, values: list[MetricValue]) -> None:
    """Records metrics in place of those of their names."""
    with records.database.write():
        for value in values:
            records.metrics.delete(workspace, run_id, value.name)
        records.metrics.add(workspace, run_id, values)


def _link(source: Path, target: Path) -> None:
    """Puts a file in its place at once, without a copy where that can be."""
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.new")
    aside.unlink(missing_ok=True)
    try:
        os.link(source, aside)
    except OSError:
        # Another file system, or one without hard links.
        shutil.copy2(source, aside)
    aside.replace(target)
    # A rename does nothing when both are names of one file: the child may tell of it twice.
    aside.unlink(missing_ok=True)


def _texts(values: Mapping[str, Any] | None) -> dict[str, str]:
    return {str(name): value if isinstance(value, str) else json.dumps(value) for name, value in (values or {}).items()}


def _added(run: status.Run, event: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a run with an event's properties and tags added."""
    found = {}
    for column in ("properties", "tags"):
        if event.get(column):
            found[column] = {**getattr(run, column), **_texts(event[column])}
    return found


def _number(value: Any) -> float | str:
    """A metric's value as it is recorded: what JSON has no number for is text."""
    number = float(value)
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
