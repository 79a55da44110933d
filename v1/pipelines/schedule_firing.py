"""What the schedules of published pipelines start when they are due (:mod:`amlbridge.wire.schedules.firing`).

A schedule that watches a datastore looks at it when it is due, and starts runs for what has changed.
"""

from __future__ import annotations

import dataclasses
import logging
import uuid
from collections.abc import Mapping
from typing import Any

from amlbridge.engine.errors import EngineError
from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1.pipelines import (
    endpoints,
    published,
    rest_submissions,
    schedule_bodies,
    schedule_polling,
    schedule_records,
)
from amlbridge.v1.pipelines.entities import ACTIVE
from amlbridge.v1.pipelines.rest_submissions import Origin, Submission
from amlbridge.v1.pipelines.schedule_bodies import Definition, Polling
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError, bad_request
from amlbridge.wire.identity import TENANT, USER, Identity
from amlbridge.wire.schedules.firing import DUE, FIRING, Schedules, marks
from amlbridge.wire.schedules.state import Pending, State

__all__ = ["DUE", "FIRING", "SCHEDULES"]

log = logging.getLogger(__name__)

_RUN_TYPE = "Schedule"
#: At most so many runs of one look at a datastore; the other blobs follow at the next one.
MOST_RUNS = 100


class PipelineSchedules(Schedules):
    """The schedules of published pipelines and pipeline endpoints."""

    kind, state_kind = schedule_records.KIND, schedule_records.STATE_KIND

    def active(self, record: Resource) -> bool:
        """Whether a schedule fires."""
        return bool(record.body["EntityStatus"] == ACTIVE)

    def label(self, record: Resource) -> str:
        """What a schedule is called in the log."""
        return f"schedule {record.body['Name']!r} ({record.name})"

    def upcoming(self, record: Resource, state: State, now: float) -> float | None:
        """When a schedule is due next."""
        return schedule_records.upcoming(schedule_bodies.of_document(record.body).trigger, state, now)

    def submit(self, service: Service, workspace: Workspace, record: Resource, state: State, pending: Pending) -> str:
        """Starts the run of a tick."""
        definition = schedule_bodies.of_document(record.body)
        submission = _submission(definition, pending)
        identity = Identity(USER, TENANT, environments=state.environments) if state.environments else None
        return _submit(service, workspace, record, definition, submission, identity).name

    def started(self, service: Service, workspace: Workspace, record: Resource, pending: Pending) -> str | None:
        """The run that was started for a tick already."""
        # The record of a run is written as one with its start, and no one else starts runs for a schedule.
        last = last_run(service, workspace, record.name)
        return last.id if last is not None and last.properties.get(FIRING) == pending.firing else None

    def looks(self, record: Resource) -> bool:
        """Whether a schedule watches a datastore."""
        return isinstance(schedule_bodies.of_document(record.body).trigger, Polling)

    def look(self, service: Service, workspace: Workspace, record: Resource, due: float) -> None:
        """Starts a run when blobs have changed: one for each of them when the pipeline is to get its path, else one."""
        polling = schedule_bodies.of_document(record.body).trigger
        assert isinstance(polling, Polling), "only a watched datastore is looked at"
        before = schedule_records.blobs_of(service, workspace, record.name)
        try:
            now = schedule_polling.look(service, workspace, polling)
        except (ServiceError, EngineError) as problem:
            reason = f"the datastore {polling.datastore} cannot be read: {problem}"
            self.failed(service, workspace, record, due, reason)
            return
        names = schedule_polling.changed(before, now)
        if polling.parameter is None or not names:
            pending = Pending(due, uuid.uuid4().hex) if names else None
            if now != before:
                _claim(service, workspace, record.name, now, pending)
            if pending is not None:
                self.start(service, workspace, record, pending)
            return
        if len(names) > MOST_RUNS:
            log.warning("%s: %s blobs changed, %s of them start a run now", self.label(record), len(names), MOST_RUNS)
        seen = {name: version for name, version in before.items() if name in now}
        for name in names[:MOST_RUNS]:
            seen[name] = now[name]
            pending = Pending(due, uuid.uuid4().hex, name)
            _claim(service, workspace, record.name, seen, pending)
            self.start(service, workspace, record, pending)


#: They have no state of their own.
SCHEDULES = PipelineSchedules()


def _claim(
    service: Service, workspace: Workspace, schedule_id: str, blobs: dict[str, str], pending: Pending | None
) -> None:
    with service.records.database.write():
        schedule_records.put_blobs(service, workspace, schedule_id, blobs)
        state = schedule_records.state_of(service, workspace, schedule_id)
        schedule_records.put_state(service, workspace, schedule_id, dataclasses.replace(state, pending=pending))


def _submission(definition: Definition, pending: Pending) -> Submission:
    submission = definition.submission
    paths: Mapping[str, Any] = submission.data_paths
    if pending.blob is not None:
        assert isinstance(definition.trigger, Polling), "only a watched folder has blobs"
        assert definition.trigger.parameter is not None, "only a parameter gets the path of a blob"
        place = {"DataStoreName": definition.trigger.datastore, "RelativePath": pending.blob}
        paths = {**paths, definition.trigger.parameter: place}
    return dataclasses.replace(
        submission,
        properties={**submission.properties, **marks(pending)},
        data_paths=paths,
        run_source=submission.run_source or _RUN_TYPE,
        run_type=submission.run_type or _RUN_TYPE,
    )


def _submit(
    service: Service,
    workspace: Workspace,
    record: Resource,
    definition: Definition,
    submission: Submission,
    identity: Identity | None,
) -> Resource:
    if definition.endpoint_id is not None:
        endpoint = endpoints.find(service, workspace, definition.endpoint_id)
        if endpoint is None:
            raise bad_request(f"the pipeline endpoint {definition.endpoint_id} is not there any more")
        return endpoints.start(service, workspace, endpoint, None, submission, record.name, identity)
    assert definition.pipeline_id is not None, "a schedule has a pipeline or an endpoint"
    pipeline = published.find(service, workspace, definition.pipeline_id)
    if pipeline is None:
        raise bad_request(f"the published pipeline {definition.pipeline_id} is not there any more")
    origin = Origin(definition.pipeline_id, schedule_id=record.name)
    return rest_submissions.start(service, workspace, pipeline, submission, origin, identity)


def last_run(service: Service, workspace: Workspace, schedule_id: str) -> Run | None:
    """The run that a schedule started last, or None."""
    runs = rest_submissions.engine_runs_of(service, workspace, schedule_id=schedule_id, limit=1)
    return runs[0] if runs else None
