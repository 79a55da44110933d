"""Schedules with the real client, on a service that fires them."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import time

import httpx
import pytest

from tests.support.live import LiveService
from tests.v1.pipelines.scripts import FILES, HEAD, lines

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def live(module_live: LiveService) -> LiveService:
    """It is killed, and its log read."""
    return module_live


_HEAD = (
    HEAD
    + """
import datetime
from azureml.pipeline.core import PipelineEndpoint, PublishedPipeline, Schedule, ScheduleRecurrence
from azureml.pipeline.core.schedule import TimeZone

def publish(name="greeter"):
    arguments = ["--word", PipelineParameter("word", "default")]
    return Pipeline(ws, [step("ok.py", "say", arguments=arguments)]).publish(name, "says a word")

def wait_for_runs(schedule, count=1, seconds=60):
    end = time.time() + seconds
    while len(schedule.get_pipeline_runs()) < count and time.time() < end:
        time.sleep(0.1)
    return schedule.get_pipeline_runs()

def said(run):
    run.wait_for_completion(show_output=False)
    return next(run.get_steps()).get_stdout_log().strip()

def shown(recurrence):
    zone = recurrence.time_zone.name if recurrence.time_zone else None
    return [recurrence.frequency, recurrence.interval, recurrence.start_time, zone, recurrence.hours,
            recurrence.minutes, recurrence.week_days]
"""
)


def test_recurrences(live: LiveService) -> None:
    done = live.run(
        _HEAD
        + """
pipeline = publish()
daily = ScheduleRecurrence(frequency="Day", interval=1, time_of_day="2:30")
schedule = Schedule.create(ws, name="nightly", pipeline_id=pipeline.id, experiment_name="sched", recurrence=daily,
                           description="by night", pipeline_parameters={"word": "night"}, wait_for_provisioning=True,
                           continue_on_step_failure=True)
print("MADE", [schedule.name, schedule.description, schedule.status, schedule.pipeline_id == pipeline.id,
               schedule.pipeline_endpoint_id, schedule.continue_on_step_failure, shown(schedule.recurrence)])
runs = wait_for_runs(schedule)
print("FIRED", [len(runs), runs[0].experiment.name, said(runs[0]), schedule.get_last_pipeline_run().id == runs[0].id])
properties = runs[0].get_properties()
print("PROPERTIES", sorted(key for key in properties if "schedule" in key), properties["runType"])
zoned = ScheduleRecurrence("Week", 2, start_time=datetime.datetime(2040, 5, 20, 16),
                           time_zone=TimeZone.PacificStandardTime, week_days=["Monday", "Friday"],
                           hours=[16, 18], minutes=[0, 15])
schedule.update(name="weekly", description="by week", recurrence=zoned, pipeline_parameters={"word": "week"})
again = Schedule.get(ws, schedule.id)
print("UPDATED", [again.name, again.description, again.status, shown(again.recurrence)])
print(again)
again.disable(wait_for_provisioning=True)
print("DISABLED", Schedule.get(ws, schedule.id).status, [item.name for item in Schedule.list(ws)],
      [item.name for item in Schedule.list(ws, active_only=False)])
print("OF", [item.name for item in Schedule.get_schedules_for_pipeline_id(ws, pipeline.id)],
      [item.name for item in Schedule.get_all(ws, pipeline_id=pipeline.id)])
again.enable()
print("ENABLED", Schedule.get(ws, schedule.id).status, [item.name for item in Schedule.get_all(ws)])
print("RUNS", len(schedule.get_pipeline_runs()))
endpoint = PipelineEndpoint.publish(ws, name="entry", description="", pipeline=pipeline)
monthly = ScheduleRecurrence("Month", 1, start_time="2039-11-01T09:00:00")
of_endpoint = Schedule.create_for_pipeline_endpoint(ws, name="monthly", pipeline_endpoint_id=endpoint.id,
                                                    experiment_name="sched", recurrence=monthly)
print("ENDPOINT", [of_endpoint.pipeline_endpoint_id == endpoint.id, of_endpoint.get_last_pipeline_run()],
      [item.name for item in Schedule.list(ws, pipeline_endpoint_id=endpoint.id)])
of_endpoint.update(recurrence=ScheduleRecurrence("Minute", 10), status="Active")
print("ENDPOINT FIRED", said(wait_for_runs(of_endpoint)[0]))
info = Schedule.load_yaml(ws, "schedule.yaml")
from_yaml = Schedule.create(ws, name="yaml", pipeline_id=pipeline.id, experiment_name="sched",
                            recurrence=info["recurrence"], description=info["description"])
print("YAML", [from_yaml.description, shown(from_yaml.recurrence)])
""",
        files={**FILES, "schedule.yaml": _YAML},
    ).stdout
    made = ["nightly", "by night", "Active", True, None, True, ["Day", 1, None, None, [2], [30], None]]
    assert lines(done, "MADE") == [str(made)]
    assert lines(done, "FIRED") == ["""[1, 'sched', "ok ['--word', 'night']", True]"""]
    assert lines(done, "PROPERTIES") == [
        "['amlbridge.schedule_due', 'amlbridge.schedule_firing', 'azureml.scheduleid'] Schedule"
    ]
    zoned = ["Week", 2, "2040-05-20T16:00:00", "PacificStandardTime", [16, 18], [0, 15], ["Monday", "Friday"]]
    assert lines(done, "UPDATED") == [str(["weekly", "by week", "Active", zoned])]
    assert "Recurrence Details: Runs at 16:00, 16:15, 18:00, 18:15 on Monday, Friday every 2 Weeks" in done
    assert lines(done, "DISABLED") == ["Disabled [] ['weekly']"]
    assert lines(done, "OF") == ["['weekly'] ['weekly']"]
    assert lines(done, "ENABLED") == ["Active ['weekly']"]
    assert lines(done, "RUNS") == ["1"]
    assert lines(done, "ENDPOINT") == ["[True, None] ['monthly']", """FIRED ok ['--word', 'default']"""]
    weekly = ["Week", 1, "2039-06-07T10:50:00", "UTC", [1], [0], ["Friday"]]
    assert lines(done, "YAML") == [str(["from a file", weekly])]
    told = live.log.read_text()
    assert re.search(r"INFO.*schedule 'nightly' \(.*\): fired for 20.*, run .*; next due 20..-..-..T02:30:00", told)


_YAML = """
Schedule:
    description: "from a file"
    recurrence:
        frequency: Week
        interval: 1
        start_time: 2039-06-07T10:50:00
        time_zone: UTC
        hours:
        - 1
        minutes:
        - 0
        time_of_day: null
        week_days:
        - Friday
"""


def test_changed_blobs_start_runs(live: LiveService) -> None:
    done = live.run(
        _HEAD
        + """
place = DataPath(store, "inbox/none.csv")
path = PipelineParameter("input_data", place)
seen = (path, DataPathComputeBinding(mode="mount"))
reader = PythonScriptStep("ok.py", name="read", source_directory="src", compute_target=cpu,
                          arguments=[seen], inputs=[seen])
open("none.csv", "w").write("a")
store.upload_files(["none.csv"], target_path="inbox")
pipeline = Pipeline(ws, [reader]).publish("reader", "")
watch = Schedule.create(ws, name="watch", pipeline_id=pipeline.id, experiment_name="watched", datastore=store,
                        polling_interval=1, path_on_datastore="inbox", data_path_parameter_name="input_data")
print("MADE", [watch.datastore_name, watch.polling_interval, watch.path_on_datastore, watch.data_path_parameter_name,
               watch.recurrence, watch.get_last_pipeline_run()])
watch.update(polling_interval=2)
print("UPDATED", Schedule.get(ws, watch.id).polling_interval, Schedule.get(ws, watch.id).path_on_datastore)
print(watch)
print("ID", watch.id)
def create(pipeline_id=pipeline.id, **more):
    return lambda: Schedule.create(ws, "x", pipeline_id, "e", datastore=store, **more)

attempt("PARAMETER", create(data_path_parameter_name="inputs"))
attempt("PARAMETER", create(pipeline_parameters={"wrod": "x"}))
attempt("PIPELINE", create("nothing"))
attempt("MISSING", lambda: Schedule.get(ws, "nothing"))
store.upload_files(["none.csv"], target_path="inbox/deeper")
open("two.csv", "w").write("b")
store.upload_files(["two.csv"], target_path="inbox")
""",
        files=FILES,
    ).stdout
    assert lines(done, "MADE") == ["['workspaceblobstore', 1, 'inbox', 'input_data', None, None]"]
    assert lines(done, "UPDATED") == ["2 inbox"]
    assert "'inputs': the pipeline has no such data path parameter; it has: input_data" in lines(done, "PARAMETER")[0]
    assert "assigns 'wrod': the pipeline has no such parameter; it has: input_data" in lines(done, "PARAMETER")[1]
    assert "names no published pipeline of this workspace: nothing" in lines(done, "PIPELINE")[0]
    assert "there is no schedule nothing" in lines(done, "MISSING")[0]
    schedule_id = lines(done, "ID")[0]
    live.kill()
    _make_due(live, schedule_id)
    live.start()
    done = live.run(
        _HEAD
        + f"""
watch = Schedule.get(ws, "{schedule_id}")
runs = wait_for_runs(watch)
print("SAID", len(runs), said(runs[0]).split("/")[-1])
time.sleep(0.5)
print("RUNS", len(watch.get_pipeline_runs()))
""",
        files=FILES,
    ).stdout
    # Only the new blob of the folder itself; the step got its path.
    assert lines(done, "SAID") == ["1 two.csv']"]
    assert lines(done, "RUNS") == ["1"]


def test_what_was_missed_runs_once_and_failures_are_told(own_live: LiveService) -> None:
    live = own_live
    done = live.run(
        _HEAD
        + """
start = "2020-01-01T00:00:07"
good, bad = publish("good"), publish("bad")
for name, pipeline in (("good", good), ("bad", bad)):
    schedule = Schedule.create(ws, name=name, pipeline_id=pipeline.id, experiment_name="sched",
                               recurrence=ScheduleRecurrence("Day", 1, start_time=start))
    print("ID", schedule.id)
bad.disable()
# The service is killed while this one fires, or just before, or just after.
print("ID", Schedule.create(ws, "at once", good.id, "sched", recurrence=ScheduleRecurrence("Day", 1)).id)
""",
        files=FILES,
    ).stdout
    live.kill()
    good, bad, at_once = lines(done, "ID")
    for schedule_id in (bad, good):
        _make_due(live, schedule_id, ago=5 * 86400)
    live.start()
    with live.client() as client:
        end = time.monotonic() + 60
        while time.monotonic() < end and not all(_get(client, live, item)["LastDue"] for item in (good, bad, at_once)):
            time.sleep(0.05)
        time.sleep(0.5)
        runs = {item: _ask(client, live, f"PipelineRuns/Schedule/{item}") for item in (good, bad, at_once)}
        assert [len(runs[item]) for item in (good, bad, at_once)] == [1, 0, 1]
        assert client.get(_url(live, f"PipelineRuns/Schedule/{bad}/Last")).status_code == 204
        failed = _get(client, live, bad)
        assert "is disabled: enable it" in failed["LastError"]["message"]
        assert _get(client, live, good)["LastError"] is None
        told = {item["name"]: item for item in client.get("/amlbridge/status").json()["schedules"]}
        assert told["good"]["last_run"] == runs[good][0]["Id"]
        assert time.time() < told["good"]["next_due"] <= time.time() + 86400
        assert "is disabled" in told["bad"]["error"]
    command = [sys.executable, "-m", "amlbridge.cli.main", "status"]
    shown = subprocess.run(
        command, env={**live.environment(), "AMLBRIDGE_HOME": str(live.home.root)}, capture_output=True, text=True
    ).stdout
    assert re.search(r"good +ws +20\d\d-.. *.*", shown), shown
    logged = live.log.read_text()
    assert re.search(r"ERROR.*schedule 'bad' .*: no run for .* is disabled", logged)
    assert len(re.findall(r"INFO.*schedule 'good' .*: fired for", logged)) == 1


def test_wrong_bodies_are_refused(live: LiveService) -> None:
    done = live.run(_HEAD + 'print("ID", publish().id)', files=FILES).stdout
    pipeline_id = lines(done, "ID")[0]
    good = {
        "Name": "n",
        "PipelineId": pipeline_id,
        "ScheduleType": "0",
        "PipelineSubmissionInfo": {"ExperimentName": "e"},
        "Recurrence": {"Frequency": "Day", "Interval": 1, "StartTime": "2040-01-01T00:00:00"},
    }

    def recurrence(**changes: object) -> dict[str, object]:
        return {**good, "Recurrence": {**good["Recurrence"], **changes}}  # type: ignore[dict-item]

    polling = {**good, "ScheduleType": "1", "Recurrence": None}
    wrong = [
        ({**good, "Name": None}, "Name"),
        ({**good, "PipelineId": None}, "must name a published pipeline"),
        ({**good, "PipelineSubmissionInfo": {}}, "ExperimentName"),
        ({**good, "ScheduleType": "7"}, "must be Recurrence (0) or DataStore (1), not '7'"),
        ({**good, "Recurrence": None}, "lacks Recurrence"),
        ({**good, "EntityStatus": "Asleep"}, "Active, Deprecated and Disabled"),
        (recurrence(Frequency="Year"), "must be one of Minute, Hour, Day, Week, Month, not 'Year'"),
        (recurrence(Interval=0), "must be from 1 to 500 for Day, not 0"),
        (recurrence(Interval=501), "must be from 1 to 500 for Day, not 501"),
        (recurrence(Interval="x"), "whole number"),
        (recurrence(TimeZone="Mars"), "is no time zone: 'Mars'"),
        (recurrence(StartTime="soon"), "must be a time as in 2026-11-20T09:30:00, not 'soon'"),
        (recurrence(StartTime="9999-01-01T00:00:00"), "years 1970 to 9990"),
        (recurrence(Schedule={"Hours": [24]}), "must be from 0 to 23, not 24"),
        (recurrence(Schedule={"Minutes": [-1]}), "must be from 0 to 59, not -1"),
        (recurrence(Schedule={"WeekDays": ["Monday"]}), "only a Week recurrence may, not Day"),
        (recurrence(Frequency="Week", Schedule={"WeekDays": ["Mon"]}), "Monday, Tuesday"),
        (recurrence(Frequency="Hour", Schedule={"Hours": [1]}), "only a Day or Week recurrence may, not Hour"),
        ({**polling, "DataStoreTriggerInfo": {"DataStoreName": "nowhere"}}, "is no datastore here"),
        ({**polling, "DataStoreTriggerInfo": {"DataStoreName": "workspacefilestore"}}, "AzureBlob datastores only"),
        (
            {**polling, "DataStoreTriggerInfo": {"DataStoreName": "workspaceblobstore", "PollingInterval": 0}},
            "1 to 72000",
        ),
        (
            {**polling, "DataStoreTriggerInfo": {"DataStoreName": "workspaceblobstore", "PathOnDataStore": "../x"}},
            "leads out of the datastore",
        ),
    ]
    with live.client() as client:
        before = len(_ask(client, live, "Schedules?activeOnly=false"))
        for body, words in wrong:
            answer = client.post(_url(live, "Schedules/Create"), json=body)
            assert answer.status_code == 400, (words, answer.text)
            assert words in answer.json()["error"]["message"]
        assert len(_ask(client, live, "Schedules?activeOnly=false")) == before
        made = client.post(_url(live, "Schedules/Create"), json=good).json()
        url = _url(live, f"Schedules/{made['Id']}")
        for change in ({"PipelineEndpointId": "e"}, {"ScheduleType": "1"}, {"Id": "other"}):
            answer = client.put(url, json={**made, **change})
            assert answer.status_code == 400, answer.text
        assert client.put(url, json={**made, "Name": "second"}).json()["Name"] == "second"
        stale = client.put(url, json={**made, "Name": "third"})
        assert stale.status_code == 409
        assert "changed by someone else" in stale.json()["error"]["message"]
        assert client.put(url, json={"EntityStatus": "2"}).json()["EntityStatus"] == "2"
        assert client.get(_url(live, "Schedules?activeOnly=maybe")).status_code == 400
        assert client.get(_url(live, "Schedules/Pipeline/nothing")).status_code == 404
        assert client.get(_url(live, "Schedules/PipelineEndpoint/nothing")).status_code == 404


def _url(live: LiveService, path: str) -> str:
    return f"/pipelines/v1.0{live.scope()}/{path}"


def _ask(client: httpx.Client, live: LiveService, path: str) -> list[dict[str, str]]:
    answer = client.get(_url(live, path))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, str]] = answer.json()
    return found


def _get(client: httpx.Client, live: LiveService, schedule_id: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = client.get(_url(live, f"Schedules/{schedule_id}")).json()
    return found


def _make_due(live: LiveService, schedule_id: str, ago: float = 1) -> None:
    """As if the service had been down for ``ago`` seconds longer than it was."""
    with sqlite3.connect(live.home.root / "records.db") as connection:
        connection.execute(
            "UPDATE resource SET body = json_set(body, '$.next_due', ?, '$.settled', ?) "
            "WHERE kind = 'pipeline_schedule_state' AND name = ?",
            (time.time() - ago, time.time() - ago - 60, schedule_id),
        )
