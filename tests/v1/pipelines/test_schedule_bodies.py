"""Whatever a client says of a schedule is taken or refused with the reason, and reads back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from amlbridge.engine.errors import EngineError
from amlbridge.engine.schedules.recurrence import Recurrence
from amlbridge.engine.schedules.zones import zone
from amlbridge.server.assembly import build_service
from amlbridge.server.home import Home
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.pipelines import graphs, published, schedule_bodies, schedule_records
from amlbridge.v1.pipelines.schedule_bodies import Definition, Polling
from amlbridge.wire import storage
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError

PIPELINE = "00000000-0000-0000-0000-00000000000a"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    made = build_service(Home(tmp_path_factory.mktemp("home")))
    workspace = made.records.workspaces.ensure("s", "g", "w")
    content = {"Graph": {}, "GraphInterface": {"DataPathParameters": [{"Name": "place"}]}}
    made.records.resources.put(workspace.id, graphs.KIND, "graph", content)
    body = {"GraphId": "graph", "EntityStatus": "0"}
    made.records.resources.put(workspace.id, published.KIND, PIPELINE, body)
    yield made
    made.records.close()


def read(**changes: Any) -> Definition:
    body = {"Name": "n", "PipelineId": PIPELINE, "PipelineSubmissionInfo": {"ExperimentName": "e"}, **changes}
    return schedule_bodies.read(Fields(body, "the body"))


_ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["", "0", "Day", "Week", "UTC", "2026-11-20", "9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00Z"]),
    st.sampled_from(["a" * 5000, "../..", "/", "a//b", "a/" * 3000, "9" * 5000, storage.DEFAULT, "workspacefilestore"]),
    st.lists(st.one_of(st.integers(), st.text(max_size=5), st.none()), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)
_TIMES = st.fixed_dictionaries({}, optional={"Hours": _ODD, "Minutes": _ODD, "WeekDays": _ODD})
_RECURRENCE = st.fixed_dictionaries(
    {"Frequency": st.sampled_from(["Day", "Week", "Minute", "4", 0]), "Interval": st.sampled_from([1, 16, "2"])},
    optional={"StartTime": _ODD, "TimeZone": st.one_of(_ODD, st.just("UTC")), "Schedule": st.one_of(_TIMES, _ODD)},
)
_TRIGGER = st.fixed_dictionaries(
    {"DataStoreName": st.one_of(st.just(storage.DEFAULT), _ODD)},
    optional={
        "PollingInterval": _ODD,
        "PathOnDataStore": _ODD,
        "DataPathParameterName": st.one_of(_ODD, st.just("place")),
    },
)
_BODY = st.one_of(
    st.fixed_dictionaries(
        {"ScheduleType": st.sampled_from(["0", 0, None]), "Recurrence": st.one_of(_RECURRENCE, _ODD)}
    ),
    st.fixed_dictionaries({"ScheduleType": st.just("1"), "DataStoreTriggerInfo": st.one_of(_TRIGGER, _ODD)}),
    st.fixed_dictionaries({}, optional=dict.fromkeys(("Name", "PipelineId", "EntityStatus", "ScheduleType"), _ODD)),
)


@settings(max_examples=300)
@given(body=_BODY, changes=_BODY)
@example(body={"DataStoreTriggerInfo": {"DataStoreName": storage.DEFAULT, "PathOnDataStore": "a" * 5000}}, changes={})
@example(body={"DataStoreTriggerInfo": {"DataStoreName": storage.DEFAULT, "PathOnDataStore": "a/" * 3000}}, changes={})
def test_any_body_is_recorded_or_refused(service: Service, body: dict[str, Any], changes: dict[str, Any]) -> None:
    workspace = service.records.workspaces.ensure("s", "g", "w")
    whole = {"Name": "n", "PipelineId": PIPELINE, "PipelineSubmissionInfo": {"ExperimentName": "e"}, **body}
    before = len(schedule_records.all_of(service, workspace))
    try:
        made = schedule_records.create(service, workspace, Fields(whole, "the body"))
    except (ServiceError, EngineError) as error:
        assert getattr(error, "status", 400) == 400
        assert len(schedule_records.all_of(service, workspace)) == before
        return
    told = schedule_records.dto(service, workspace, made)
    assert told["NextDue"] is not None or told["EntityStatus"] != "0"
    # What is told back can be sent back, and changes nothing.
    same = schedule_records.update(service, workspace, made.name, Fields(told, "the body"))
    assert same.body == made.body
    try:
        schedule_records.update(service, workspace, made.name, Fields({**told, **changes}, "the body"))
    except (ServiceError, EngineError) as error:
        assert getattr(error, "status", 400) == 400
        found = schedule_records.find(service, workspace, made.name)
        assert found is not None
        assert found.body == made.body


def test_numbers_stand_for_names_as_in_the_service() -> None:
    recurrence = {"Frequency": "1", "Interval": "2", "Schedule": {"WeekDays": ["0", "Friday"], "Hours": [3, 1]}}
    trigger = read(Recurrence=recurrence).trigger
    assert trigger == Recurrence("Week", 2, zone("UTC"), None, (1, 3), (), (0, 4))


def test_a_start_time_with_an_offset_is_wall_time_of_the_zone() -> None:
    for text in ("2026-11-20T15:00:00Z", "2026-11-20T15:00:00.0000000+00:00", "2026-11-20T10:00:00"):
        recurrence = {"Frequency": "Day", "Interval": 1, "StartTime": text, "TimeZone": "Eastern Standard Time"}
        trigger = read(Recurrence=recurrence).trigger
        assert isinstance(trigger, Recurrence)
        assert trigger.start == datetime(2026, 11, 20, 10)


def test_polling_has_the_client_s_default() -> None:
    trigger = read(DataStoreTriggerInfo={"DataStoreName": "s", "PathOnDataStore": "/a/b/"}).trigger
    assert trigger == Polling("s", "a/b", 5, None)
