"""What schedules start and when, on a clock of the tests': missed ticks, jumps, kill -9, trouble of one of them."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlbridge.engine.clock import iso, parse_iso
from amlbridge.engine.errors import StateError, StorageError
from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.server.assembly import build_service
from amlbridge.server.home import Home
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.pipelines import graphs, published, rest_submissions, run_records, schedule_firing, schedule_records
from amlbridge.v1.pipelines.rest_submissions import Origin, Submission
from amlbridge.wire import storage
from amlbridge.wire.context import Service
from amlbridge.wire.errors import bad_request
from amlbridge.wire.schedules.runner import ScheduleRunner
from amlbridge.wire.schedules.state import State

NOW = parse_iso("2026-11-20T10:00:00Z")
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
PIPELINE = "00000000-0000-0000-0000-00000000000a"
BROKEN = "00000000-0000-0000-0000-00000000000b"


class Killed(BaseException):
    """kill -9 at this point."""


class Desk:
    """A service on a clock of its own, whose pipelines are recorded as started and nothing more."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.time = NOW
        #: What a start runs into, before or after its run is recorded.
        self.before: list[BaseException] = []
        self.after: list[BaseException] = []
        self.open()

    def open(self) -> None:
        """Opens the state folder, as a service that was just started."""
        self.service: Service = build_service(Home(self.folder), clock=lambda: self.time)
        self.workspace: Workspace = self.service.records.workspaces.ensure("s", "g", "w")
        self.runner = ScheduleRunner(self.service, schedule_firing.SCHEDULES)
        interface = {"DataPathParameters": [{"Name": "place"}]}
        resources = self.service.records.resources
        resources.put(self.workspace.id, graphs.KIND, "graph", {"Graph": {}, "GraphInterface": interface})
        for pipeline in (PIPELINE, BROKEN):
            body = {"GraphId": "graph", "EntityStatus": "0"}
            resources.put(self.workspace.id, published.KIND, pipeline, body)

    def start_run(
        self, _service: Service, _workspace: Workspace, pipeline: Resource, made: Submission, origin: Origin, _who: Any
    ) -> Resource:
        """In the place of :func:`rest_submissions.start`."""
        if pipeline.name == BROKEN:
            raise bad_request("the pipeline is broken")
        if self.before:
            raise self.before.pop(0)
        body = {"schedule_id": origin.schedule_id, "paths": dict(made.data_paths)}
        experiment = self.service.records.experiments.ensure(self.workspace.id, made.experiment)
        run_id = str(uuid.uuid4())
        columns = {"extra": {run_records.EXTRA: body}, "properties": dict(made.properties)}
        self.service.records.runs.add(self.workspace.id, experiment.id, run_id, "pipeline", **columns)
        if self.after:
            raise self.after.pop(0)
        return Resource(run_records.KIND, run_id, "", body, self.time, self.time)

    def schedule(self, pipeline: str = PIPELINE, **recurrence: Any) -> str:
        """Makes a schedule; returns its id."""
        body = {"Recurrence": {"Frequency": "Hour", "Interval": 1, **recurrence}, "ScheduleType": "0"}
        return self._create(pipeline, body)

    def watch(self, path: str | None = "inbox", parameter: str | None = "place") -> str:
        """Makes a schedule that looks at a folder every five minutes; returns its id."""
        trigger = {"DataStoreName": storage.DEFAULT, "PathOnDataStore": path, "DataPathParameterName": parameter}
        return self._create(PIPELINE, {"DataStoreTriggerInfo": trigger, "ScheduleType": "1"})

    def _create(self, pipeline: str, body: dict[str, Any]) -> str:
        whole = {"Name": "n", "PipelineId": pipeline, "PipelineSubmissionInfo": {"ExperimentName": "e"}, **body}
        return schedule_records.create(self.service, self.workspace, Fields(whole, "the body")).name

    def update(self, schedule_id: str, **changes: Any) -> None:
        """Changes a schedule."""
        schedule_records.update(self.service, self.workspace, schedule_id, Fields(changes, "the body"))

    def write(self, name: str, content: str) -> None:
        """A blob of the default datastore."""
        store = storage.default_datastore(self.service, self.workspace)
        self.service.blobs.put(store.account, store.container, name, content.encode())

    def pass_time(self, seconds: float) -> float | None:
        """Lets the clock go on, then looks what is due."""
        self.time += seconds
        return self.runner.run_due()

    def runs(self, schedule_id: str) -> list[Run]:
        """What a schedule started, the oldest first."""
        return rest_submissions.engine_runs_of(self.service, self.workspace, schedule_id=schedule_id)[::-1]

    def fired(self, schedule_id: str) -> list[str]:
        """The ticks of these runs."""
        return [run.properties[schedule_firing.DUE][11:16] for run in self.runs(schedule_id)]

    def state(self, schedule_id: str) -> State:
        """Where it stands."""
        return schedule_records.state_of(self.service, self.workspace, schedule_id)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    made = Desk(tmp_path / "home")
    monkeypatch.setattr(rest_submissions, "start", made.start_run)
    yield made
    made.service.records.close()


def test_each_tick_fires_once_at_its_time(desk: Desk) -> None:
    plain = desk.schedule(StartTime="2026-11-20T10:30:00")
    assert desk.runner.run_due() == NOW + 30 * MINUTE
    assert desk.pass_time(30 * MINUTE - 1) == NOW + 30 * MINUTE
    assert desk.fired(plain) == []
    assert desk.pass_time(1) == NOW + 90 * MINUTE
    assert desk.pass_time(10) == NOW + 90 * MINUTE
    desk.pass_time(HOUR)
    assert desk.fired(plain) == ["10:30", "11:30"]
    at_once = desk.schedule()
    assert desk.runner.run_due() == NOW + 150 * MINUTE
    assert len(desk.runs(at_once)) == 1
    desk.pass_time(HOUR)
    assert len(desk.runs(at_once)) == 2


def test_what_was_missed_while_no_service_ran_fires_once(desk: Desk) -> None:
    missed = desk.schedule(Frequency="Minute", StartTime="2026-11-20T10:01:00")
    desk.service.records.close()
    desk.time += 3 * DAY + 30
    desk.open()
    assert desk.runner.run_due() == NOW + 3 * DAY + MINUTE
    assert desk.fired(missed) == ["10:01"]
    desk.pass_time(30)
    assert len(desk.runs(missed)) == 2


@pytest.mark.parametrize("recorded", [False, True])
def test_a_kill_between_the_tick_and_its_run_neither_loses_nor_repeats_it(desk: Desk, recorded: bool) -> None:
    schedule = desk.schedule(StartTime="2026-11-20T10:30:00")
    (desk.after if recorded else desk.before).append(Killed())
    with pytest.raises(Killed):
        desk.pass_time(30 * MINUTE)
    desk.service.records.close()
    desk.open()
    assert desk.pass_time(1) == NOW + 90 * MINUTE
    assert desk.fired(schedule) == ["10:30"]
    assert desk.state(schedule).last_run == desk.runs(schedule)[0].id
    desk.pass_time(HOUR)
    assert desk.fired(schedule) == ["10:30", "11:30"]


@pytest.mark.parametrize("problem", [StateError("the service is stopping"), StorageError("the disk is full")])
def test_a_start_that_cannot_be_now_is_done_later(desk: Desk, problem: Exception) -> None:
    schedule = desk.schedule(StartTime="2026-11-20T10:30:00")
    desk.before.append(problem)
    assert desk.pass_time(30 * MINUTE) == NOW + 30 * MINUTE + 30
    assert desk.fired(schedule) == []
    desk.pass_time(30)
    assert desk.fired(schedule) == ["10:30"]


def test_a_clock_that_goes_back_fires_no_tick_twice(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    schedule = desk.schedule(StartTime="2026-11-20T10:30:00")
    desk.pass_time(30 * MINUTE)
    desk.pass_time(HOUR)
    desk.pass_time(-2 * HOUR)
    assert "the clock went back by 7200 s" in caplog.text
    for _ in range(12):
        desk.pass_time(10 * MINUTE)
    assert desk.fired(schedule) == ["10:30", "11:30"]
    desk.pass_time(HOUR)
    assert desk.fired(schedule) == ["10:30", "11:30", "12:30"]


def test_a_clock_that_was_years_ahead_for_a_moment_does_not_stop_a_schedule(desk: Desk) -> None:
    schedule, watch = desk.schedule(StartTime="2026-11-20T10:30:00"), desk.watch()
    desk.pass_time(5000 * DAY)
    assert desk.fired(schedule) == ["10:30"]
    desk.pass_time(-5000 * DAY)
    desk.write("inbox/a", "a")
    desk.pass_time(91 * MINUTE)
    assert desk.fired(schedule) == ["10:30", "11:30"]
    assert len(desk.runs(watch)) == 1


def test_enabling_goes_by_the_clock_of_then(desk: Desk) -> None:
    schedule = desk.schedule(StartTime="2026-11-20T10:30:00")
    desk.pass_time(30 * MINUTE)
    desk.update(schedule, EntityStatus="Disabled")
    assert desk.pass_time(5 * HOUR) is None
    assert desk.fired(schedule) == ["10:30"]
    desk.update(schedule, EntityStatus="Active")
    assert desk.runner.run_due() == NOW + 6.5 * HOUR
    desk.pass_time(HOUR)
    assert desk.fired(schedule) == ["10:30", "16:30"]


def test_a_changed_recurrence_begins_anew_and_another_name_changes_no_tick(desk: Desk) -> None:
    schedule = desk.schedule(StartTime="2026-11-20T10:30:00")
    desk.update(schedule, Name="other", PipelineSubmissionInfo={"ExperimentName": "second"})
    assert desk.state(schedule).next_due == NOW + 30 * MINUTE
    desk.update(schedule, Recurrence={"Frequency": "Day", "Interval": 1})
    desk.pass_time(1)
    assert len(desk.runs(schedule)) == 1
    assert desk.state(schedule).next_due == NOW + DAY


def test_trouble_of_one_schedule_does_not_stop_the_others(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    broken, good = desk.schedule(BROKEN), desk.schedule()
    desk.before.append(RuntimeError("a bug"))
    buggy = desk.schedule()
    desk.pass_time(1)
    error = desk.state(broken).last_error
    assert error == {"time": iso(desk.time), "due": iso(NOW), "message": "the pipeline is broken"}
    assert "no run for 2026-11-20T10:00:00" in caplog.text
    # The bug struck one of the two; it goes on with its next tick.
    assert len(desk.runs(good) + desk.runs(buggy)) == 1
    assert "a mistake of amlbridge" in str([desk.state(item).last_error for item in (good, buggy)])
    desk.pass_time(HOUR)
    assert len(desk.runs(good) + desk.runs(buggy)) == 3
    assert desk.state(broken).next_due == NOW + 2 * HOUR
    assert [desk.state(item).last_error for item in (good, buggy)] == [None, None]


# -- datastores --------------------------------------------------------------------------------------------------------


def test_each_changed_blob_starts_a_run_with_its_path(desk: Desk) -> None:
    desk.write("inbox/old", "a")
    watch = desk.watch()
    assert desk.pass_time(5 * MINUTE) == NOW + 10 * MINUTE
    desk.write("inbox/new", "b")
    desk.write("inbox/deeper/ignored", "c")
    desk.write("elsewhere", "d")
    desk.write("inbox/old", "changed")
    desk.pass_time(5 * MINUTE)
    desk.pass_time(5 * MINUTE)
    paths = [run.extra[run_records.EXTRA]["paths"]["place"] for run in desk.runs(watch)]
    assert sorted(path["RelativePath"] for path in paths) == ["inbox/new", "inbox/old"]
    assert {path["DataStoreName"] for path in paths} == {storage.DEFAULT}


def test_without_a_parameter_all_changes_start_one_run(desk: Desk) -> None:
    watch = desk.watch(path=None, parameter=None)
    for name in ("one", "two", "deeper/three"):
        desk.write(name, "x")
    desk.pass_time(5 * MINUTE)
    desk.pass_time(5 * MINUTE)
    assert [run.extra[run_records.EXTRA]["paths"] for run in desk.runs(watch)] == [{}]


def test_another_folder_begins_with_what_it_holds(desk: Desk) -> None:
    watch = desk.watch()
    desk.write("second/there", "x")
    trigger = {"DataStoreName": storage.DEFAULT, "PathOnDataStore": "second", "DataPathParameterName": "place"}
    desk.update(watch, DataStoreTriggerInfo=trigger)
    desk.pass_time(5 * MINUTE)
    assert desk.runs(watch) == []
    desk.write("second/new", "x")
    desk.pass_time(5 * MINUTE)
    assert len(desk.runs(watch)) == 1


@pytest.mark.parametrize("recorded", [False, True])
def test_a_kill_amid_many_changed_blobs_loses_none(desk: Desk, recorded: bool) -> None:
    watch = desk.watch()
    names = [f"inbox/{number}" for number in range(5)]
    for name in names:
        desk.write(name, name)
    (desk.after if recorded else desk.before).append(Killed())
    with pytest.raises(Killed):
        desk.pass_time(5 * MINUTE)
    desk.service.records.close()
    desk.open()
    desk.pass_time(5 * MINUTE)
    started = [run.extra[run_records.EXTRA]["paths"]["place"]["RelativePath"] for run in desk.runs(watch)]
    assert sorted(started) == names


def test_many_changed_blobs_are_spread_over_several_looks(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule_firing, "MOST_RUNS", 3)
    watch = desk.watch()
    for number in range(5):
        desk.write(f"inbox/{number}", "x")
    desk.pass_time(5 * MINUTE)
    assert len(desk.runs(watch)) == 3
    desk.pass_time(5 * MINUTE)
    assert len(desk.runs(watch)) == 5


# -- any history -------------------------------------------------------------------------------------------------------

_EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.integers(1, 200)),
        st.tuples(st.just("jump"), st.integers(-300, 300)),
        st.tuples(st.just("kill"), st.booleans()),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    max_size=25,
)


@settings(max_examples=15)
@given(_EVENTS)
def test_no_history_of_jumps_and_kills_fires_a_tick_twice(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[str, Any]]
) -> None:
    desk = Desk(tmp_path_factory.mktemp("history") / "home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rest_submissions, "start", desk.start_run)
        schedule = desk.schedule(Interval=1, StartTime="2026-11-20T10:30:00")
        for name, value in events:
            if name == "kill":
                (desk.after if value else desk.before).append(Killed())
                value = 61
            if name in ("kill", "restart"):
                desk.service.records.close()
                desk.open()
            try:
                desk.pass_time(value * MINUTE)
            except Killed:
                desk.service.records.close()
                desk.open()
            desk.before.clear(), desk.after.clear()
        # However it went, the schedule lives: two hours past everything that fired, it fires again.
        last = desk.state(schedule).last_due or NOW
        desk.runner.run_due()
        before = len(desk.runs(schedule))
        desk.pass_time(max(0.0, last - desk.time) + 2 * HOUR)
        assert len(desk.runs(schedule)) == before + 1
        due = [run.properties[schedule_firing.DUE] for run in desk.runs(schedule)]
        assert len(due) == len(set(due))
        assert due == sorted(due)
    desk.service.records.close()


# -- the thread --------------------------------------------------------------------------------------------------------


def test_the_thread_sleeps_until_a_schedule_is_made_and_reads_nothing_meanwhile(desk: Desk) -> None:
    looked, done = [], threading.Event()
    run_due = desk.runner.run_due

    def counted() -> float | None:
        looked.append(desk.time)
        found = run_due()
        done.set()
        return found

    desk.runner.run_due = counted  # type: ignore[method-assign]
    desk.runner.start()
    assert done.wait(60)
    schedule = desk.schedule()
    assert not done.clear()
    assert desk.runs(schedule) == []
    desk.runner.wake()
    assert done.wait(60)
    assert len(desk.runs(schedule)) == 1
    # It is due in an hour: neither a wake-up of nothing nor the clock makes it read again.
    with desk.runner._changes:
        desk.runner._changes.notify()
    desk.runner.stop()
    assert len(looked) == 2
