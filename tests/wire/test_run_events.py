"""What events and cancelling mean for runs that the engine executes, and for those that a client made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from amlbridge.engine.blobs import BlobStore
from amlbridge.engine.records.store import Records
from amlbridge.wire import run_events
from amlbridge.wire.context import Service
from amlbridge.wire.identity import TokenIssuer
from amlbridge.wire.run_dto import run_dto
from amlbridge.wire.run_types import RUN_TYPES


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    records = Records(f"sqlite:///{tmp_path}/records.db", clock=lambda: 1000.0)
    issuer = TokenIssuer(b"x" * 32)
    yield Service(tmp_path, records, BlobStore(tmp_path / "blobs"), issuer, clock=lambda: 1000.0)
    records.close()


def _event(name: str, **data: Any) -> dict[str, Any]:
    return {"name": f"Microsoft.MachineLearning.Run.{name}", "data": data}


def test_the_scheduler_cancels_what_it_runs(service: Service) -> None:
    asked: list[tuple[str, str]] = []
    service.parts[run_events.CANCEL_HOOK] = lambda workspace, run: asked.append((workspace, run))
    workspace = service.records.workspaces.ensure("s", "g", "w")
    experiment = service.records.experiments.ensure(workspace.id, "e").id
    for name, kind in (("step", "step"), ("mine", "interactive")):
        service.records.runs.add(workspace.id, experiment, name, kind, status="Running", started=900.0)
        run_events.apply(service, workspace, _event("Canceled", EndTime="1970-01-01T00:16:41Z"), name)
    assert asked == [(workspace.id, "step")]
    assert service.records.runs.get(workspace.id, "step").status == "Running"
    mine = service.records.runs.get(workspace.id, "mine")
    assert (mine.status, mine.ended) == ("Canceled", 1001.0)


def test_without_a_scheduler_the_status_alone_says_it(service: Service) -> None:
    workspace = service.records.workspaces.ensure("s", "g", "w")
    experiment = service.records.experiments.ensure(workspace.id, "e").id
    run = service.records.runs.add(workspace.id, experiment, "r", "script", status="Running")
    run_events.cancel(service, workspace, run, "no longer needed")
    found = service.records.runs.get(workspace.id, "r")
    assert (found.status, found.ended, found.extra["cancelationReason"]) == ("Canceled", 1000.0, "no longer needed")


def test_an_end_before_the_start_is_moved_to_the_start(service: Service) -> None:
    """The clocks of client and service may differ."""
    workspace = service.records.workspaces.ensure("s", "g", "w")
    experiment = service.records.experiments.ensure(workspace.id, "e").id
    service.records.runs.add(workspace.id, experiment, "r", "interactive", status="Running", started=900.0)
    run_events.apply(service, workspace, _event("Completed", EndTime="1970-01-01T00:00:00Z"), "r")
    assert service.records.runs.get(workspace.id, "r").ended == 900.0


@pytest.mark.parametrize(("kind", "expected"), [*RUN_TYPES.items(), ("interactive", None)])
def test_the_type_that_the_client_sees(service: Service, kind: str, expected: str | None) -> None:
    workspace = service.records.workspaces.ensure("s", "g", "w")
    experiment = service.records.experiments.ensure(workspace.id, "e").id
    run = service.records.runs.add(workspace.id, experiment, "r", kind, error={"code": "E", "message": "Traceback …"})
    dto = run_dto(service, workspace, run)
    assert dto["runType"] == expected
    assert (dto["cancelUri"] is None) == (kind == "interactive")
    assert dto["error"]["error"]["message"] == "Traceback …"
