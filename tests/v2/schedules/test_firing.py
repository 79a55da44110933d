"""What schedules of jobs submit and when, on a clock of the tests': ticks, missed ones, kill -9, changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from amlbridge.engine.clock import iso, parse_iso
from amlbridge.engine.errors import ConflictError
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.server.assembly import build_service
from amlbridge.server.home import Home
from amlbridge.v2.jobs import submission
from amlbridge.v2.schedules import firing, records
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError, bad_request
from amlbridge.wire.schedules.runner import ScheduleRunner
from amlbridge.wire.schedules.state import State

NOW = parse_iso("2026-11-20T10:00:00Z")
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
HOURLY = {"triggerType": "Cron", "expression": "30 * * * *", "startTime": "2026-11-20 10:00:00", "timeZone": "UTC"}


class Killed(BaseException):
    """kill -9 at this point."""


class Desk:
    """A service on a clock of its own, whose jobs are recorded as submitted and nothing more."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.time = NOW
        #: What a submit runs into, before or after its job is recorded.
        self.before: list[BaseException] = []
        self.after: list[BaseException] = []
        self.open()

    def open(self) -> None:
        """Opens the state folder, as a service that was just started."""
        self.service: Service = build_service(Home(self.folder), clock=lambda: self.time)
        self.workspace: Workspace = self.service.records.workspaces.ensure("s", "g", "w")
        self.runner = ScheduleRunner(self.service, firing.SCHEDULES)

    def restart(self) -> None:
        """Another process on the same state folder."""
        self.service.records.close()
        self.open()

    def submit(self, _service: Service, _workspace: Workspace, name: str, job: Any, _who: Any) -> None:
        """In the place of :func:`submission.submit`."""
        if self.before:
            raise self.before.pop(0)
        if self.service.records.runs.find(self.workspace.id, name) is not None:
            raise ConflictError(name)
        experiment = self.service.records.experiments.ensure(self.workspace.id, "e")
        columns = {"extra": {"job": dict(job)}, "properties": dict(job["properties"])}
        self.service.records.runs.add(self.workspace.id, experiment.id, name, "pipeline", **columns)
        if self.after:
            raise self.after.pop(0)

    def put(self, trigger: Any = None, name: str = "nightly", **changes: Any) -> None:
        """Makes or replaces a schedule."""
        job = {
            "jobType": "Pipeline",
            "jobs": {"n": {}},
            "inputs": {"day": {"value": "${{creation_context.trigger_time}}"}},
        }
        action = {"actionType": "CreateJob", "jobDefinition": job}
        body = {"trigger": trigger or HOURLY, "action": action, **changes}
        records.put(self.service, self.workspace, name, body, None)

    def pass_time(self, seconds: float) -> float | None:
        """Lets the clock go on, then looks what is due."""
        self.time += seconds
        return self.runner.run_due()

    def jobs(self) -> list[str]:
        """The names of the jobs, the oldest first."""
        return [run.id for run in self.service.records.runs.query(self.workspace.id)]

    def state(self, name: str = "nightly") -> State:
        """Where a schedule stands."""
        return firing.SCHEDULES.state_of(self.service, self.workspace, name)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    made = Desk(tmp_path / "home")
    monkeypatch.setattr(submission, "submit", made.submit)
    monkeypatch.setattr(submission, "lower", lambda *given: None)
    yield made
    made.service.records.close()


def test_each_tick_submits_one_job_with_its_time(desk: Desk) -> None:
    desk.put()
    assert desk.runner.run_due() == NOW + 30 * MINUTE
    desk.pass_time(30 * MINUTE - 1)
    assert desk.jobs() == []
    assert desk.pass_time(1) == NOW + 90 * MINUTE
    desk.pass_time(10)
    desk.pass_time(HOUR)
    assert desk.jobs() == ["nightly-20261120T103000Z", "nightly-20261120T113000Z"]
    job = desk.service.records.runs.get(desk.workspace.id, "nightly-20261120T103000Z").extra["job"]
    assert job["inputs"] == {"day": {"value": "2026-11-20T10:30:00.000000+00:00"}}
    assert job["properties"][firing.SCHEDULE] == "nightly" and job["displayName"] == "nightly-20261120T103000Z"


def test_without_a_start_time_the_first_is_at_once_and_an_end_time_ends_it(desk: Desk) -> None:
    desk.put({"triggerType": "Cron", "expression": "30 * * * *", "endTime": "2026-11-20T11:30:00"})
    desk.runner.run_due()
    assert desk.pass_time(30 * MINUTE) == NOW + 90 * MINUTE
    assert desk.pass_time(HOUR) is None
    desk.pass_time(10 * HOUR)
    assert [name[-8:] for name in desk.jobs()] == ["T100000Z", "T103000Z", "T113000Z"]
    with pytest.raises(ServiceError, match="never due"):
        desk.put({**HOURLY, "endTime": "2026-11-20T12:00:00"}, "late")


def test_days_and_months_of_an_expression_count_and_the_log_says_that_azure_differs(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.put()
    assert "Azure reads them as *" not in caplog.text
    desk.put({**HOURLY, "expression": "0 9 1 jan *"})
    assert desk.runner.run_due() == parse_iso("2027-01-01T09:00:00Z")
    assert "schedule nightly: 0 9 1 jan *: days and months count here; Azure reads them as *" in caplog.text


def test_recurrences_go_by_the_time_zone(desk: Desk) -> None:
    pattern = {"hours": [8], "minutes": [0, 30], "weekDays": ["Monday", "saturday"]}
    trigger = {
        "triggerType": "Recurrence",
        "frequency": "Week",
        "interval": 1,
        "schedule": pattern,
        "startTime": "2026-11-20T00:00:00",
        "timeZone": "Pacific Standard Time",
    }
    desk.put(trigger)
    assert desk.runner.run_due() == parse_iso("2026-11-21T16:00:00Z")
    desk.time = parse_iso("2026-11-21T16:00:00Z")
    assert desk.runner.run_due() == parse_iso("2026-11-21T16:30:00Z")
    monthly = {**trigger, "frequency": "Month", "schedule": {"hours": [8], "minutes": [], "monthDays": [1, 31]}}
    desk.put(monthly)
    assert desk.runner.run_due() == parse_iso("2026-12-01T16:00:00Z")


def test_what_was_missed_while_no_service_ran_submits_once(desk: Desk) -> None:
    desk.put()
    desk.time += 3 * DAY
    desk.restart()
    assert desk.runner.run_due() == NOW + 3 * DAY + 30 * MINUTE
    assert desk.jobs() == ["nightly-20261120T103000Z"]


@pytest.mark.parametrize("recorded", [False, True])
def test_a_kill_between_the_tick_and_its_job_neither_loses_nor_repeats_it(desk: Desk, recorded: bool) -> None:
    desk.put()
    (desk.after if recorded else desk.before).append(Killed())
    with pytest.raises(Killed):
        desk.pass_time(30 * MINUTE)
    desk.restart()
    assert desk.pass_time(1) == NOW + 90 * MINUTE
    assert desk.jobs() == ["nightly-20261120T103000Z"]
    assert desk.state().last_run == "nightly-20261120T103000Z"


def test_a_name_that_is_taken_gets_a_number(desk: Desk) -> None:
    desk.put()
    experiment = desk.service.records.experiments.ensure(desk.workspace.id, "e")
    desk.service.records.runs.add(desk.workspace.id, experiment.id, "nightly-20261120T103000Z", "pipeline")
    desk.after.append(Killed())
    with pytest.raises(Killed):
        desk.pass_time(30 * MINUTE)
    desk.restart()
    desk.pass_time(1)
    assert desk.jobs() == ["nightly-20261120T103000Z", "nightly-20261120T103000Z-2"]


def test_a_failed_start_is_told_and_the_next_tick_goes_on(desk: Desk) -> None:
    desk.put()
    desk.before.append(bad_request("jobs.n.inputs.x: the data asset x:1 is not there any more"))
    desk.pass_time(30 * MINUTE)
    assert desk.state().last_error == {
        "time": iso(desk.time),
        "due": iso(desk.time),
        "message": "jobs.n.inputs.x: the data asset x:1 is not there any more",
    }
    desk.pass_time(HOUR)
    assert desk.jobs() == ["nightly-20261120T113000Z"] and desk.state().last_error is None


def test_disabling_enabling_and_another_trigger(desk: Desk) -> None:
    desk.put()
    desk.put(isEnabled=False)
    assert desk.pass_time(5 * HOUR) is None and desk.jobs() == []
    desk.put(isEnabled=True)
    assert desk.runner.run_due() == NOW + 5.5 * HOUR
    # Another description is no other trigger.
    desk.put(description="changed")
    assert desk.state().next_due == NOW + 5.5 * HOUR
    desk.put({**HOURLY, "expression": "45 * * * *"})
    assert desk.pass_time(30 * MINUTE) == NOW + 5.75 * HOUR
    assert desk.jobs() == []


def test_an_enabled_schedule_is_not_deleted_and_a_deleted_one_submits_nothing(desk: Desk) -> None:
    desk.put()
    with pytest.raises(ServiceError, match="must be disabled"):
        records.delete(desk.service, desk.workspace, "nightly")
    desk.put(isEnabled=False)
    assert records.delete(desk.service, desk.workspace, "nightly")
    assert not records.delete(desk.service, desk.workspace, "nightly")
    assert desk.pass_time(HOUR) is None and desk.jobs() == []


@pytest.mark.parametrize(
    ("trigger", "problem"),
    [
        ({"triggerType": "Cron", "expression": "61 * * * *"}, "trigger.expression: has 61 as minute"),
        ({"triggerType": "Cron"}, "trigger.expression: is missing"),
        ({"triggerType": "Hourly"}, "trigger.triggerType: must be Cron or Recurrence"),
        ({**HOURLY, "timeZone": "Mars"}, "trigger.timeZone: is no time zone: 'Mars'"),
        ({**HOURLY, "startTime": "soon"}, "trigger.startTime: must be a time"),
        ({**HOURLY, "endTime": "2026-11-19T00:00:00"}, "trigger.endTime: is before startTime"),
        ({"triggerType": "Recurrence", "frequency": "Year", "interval": 1}, "trigger.frequency: must be one of"),
        ({"triggerType": "Recurrence", "frequency": "Day", "interval": 0}, "trigger.interval: must be from 1 to 500"),
        (
            {"triggerType": "Recurrence", "frequency": "Day", "interval": 1, "schedule": {"weekDays": ["Monday"]}},
            "trigger.schedule.weekDays: goes with the frequency Week, not with Day",
        ),
        (
            {"triggerType": "Recurrence", "frequency": "Month", "interval": 1, "schedule": {"monthDays": [32]}},
            "trigger.schedule.monthDays: must be whole numbers from 1 to 31",
        ),
    ],
)
def test_a_wrong_trigger_is_told_and_recorded_nowhere(desk: Desk, trigger: dict[str, Any], problem: str) -> None:
    with pytest.raises(ServiceError) as raised:
        desk.put(trigger)
    assert problem in raised.value.message and raised.value.status == 400
    assert records.all_of(desk.service, desk.workspace) == []
