"""Schedules from the real client: made, fired, listed, disabled, enabled, triggered, deleted, refused."""

from __future__ import annotations

import ast
from datetime import datetime, timezone

import pytest

from tests.support.live import LiveService
from tests.support.patience import until
from tests.v2.jobs.scripts import COMPONENTS, FILES, HEAD

pytestmark = pytest.mark.slow

TOOLS = """
from datetime import datetime, timedelta, timezone
from azure.ai.ml.constants import TimeZone
from azure.ai.ml.entities import (
    CronTrigger, JobSchedule, PipelineJob, PipelineJobSettings, RecurrencePattern, RecurrenceTrigger
)
put = lambda schedule: ml.schedules.begin_create_or_update(schedule).result()

@dsl.pipeline(compute="serverless", description="one step")
def one(text):
    return {"written": write(t=text).outputs.o}

def jobs_of(name, count=1):
    for _ in range(600):
        found = list(ml.jobs.list(scheduled_job_name=name))
        if len(found) >= count:
            break
        time.sleep(0.1)
    for job in found:
        ml.jobs.stream(job.name)
    return [ml.jobs.get(job.name) for job in found]
"""

LIFE = """
# How long it takes to make one, however slow the machine is: the next must be made before it is due.
began = time.time()
trigger = CronTrigger(expression="0 3 * * *", start_time="2990-01-01T00:00:00")
put(JobSchedule(name="measured", create_job=one("m"), trigger=trigger))
taken = time.time() - began
ml.schedules.begin_disable("measured").result()
ml.schedules.begin_delete("measured").result()
soon = datetime.now(timezone.utc) + timedelta(seconds=2 + 3 * taken)
job = one("at ${{creation_context.trigger_time}}")
job.settings.force_rerun = True
job.experiment_name = "nights"
pattern = RecurrencePattern(hours=[3, 15], minutes=[0, 30], week_days=["monday", "sunday"])
trigger = RecurrenceTrigger(frequency="minute", interval=600, start_time=soon.strftime("%Y-%m-%dT%H:%M:%S"),
                            end_time=datetime(2990, 1, 1), time_zone=TimeZone.UTC)
made = put(JobSchedule(name="soon", trigger=trigger, create_job=job, display_name="Soon", description="d",
                       tags={"a": "b"}))
print("MADE", (made.name, made.is_enabled, made.provisioning_state.value, made.display_name,
                made.description, made.tags))
got = ml.schedules.get("soon")
print("TRIGGER", (got.trigger.frequency, got.trigger.interval, got.trigger.start_time == trigger.start_time,
                  got.trigger.end_time, got.trigger.time_zone))
print("ACTION", (got.create_job.type, sorted(got.create_job.jobs), got.create_job.settings.force_rerun))
found = jobs_of("soon")
expected = "soon-" + soon.strftime("%Y%m%dT%H%M%SZ")
print("FIRED", [(job.name == expected, job.display_name == expected,
                 job.status[:], job.experiment_name) for job in found])
ml.jobs.download(found[0].name, output_name="written", download_path="got")
print("WROTE", [text.startswith("at " + soon.strftime("%Y-%m-%dT%H:%M:%S")) for text in tree("got").values()])
print("SCHEDULED", expected in [job.name for job in ml.jobs.list(schedule_defined=True)],
      len(list(ml.jobs.list(scheduled_job_name="other"))))

weekly = put(JobSchedule(name="weekly", create_job=one("w"), trigger=RecurrenceTrigger(
    frequency="week", interval=2, schedule=pattern, time_zone="Pacific Standard Time",
    start_time="2990-01-01T00:00:00")))
print("PATTERN", (weekly.trigger.schedule.hours, weekly.trigger.schedule.minutes, weekly.trigger.schedule.week_days))
names = lambda **view: sorted(item.name for item in ml.schedules.list(**view))
off = ml.schedules.begin_disable("weekly").result()
print("DISABLED", (off.is_enabled, names(), names(list_view_type="DisabledOnly"), names(list_view_type="All")))
refused(lambda: ml.schedules.trigger("weekly"))
on = ml.schedules.begin_enable("weekly").result()
print("ENABLED", (on.is_enabled, names(), on.create_job.inputs["text"]._data))
refused(lambda: ml.schedules.begin_delete("weekly").result())
once = ml.schedules.trigger("weekly")
ml.jobs.stream(once.job_name)
print("ONCE", (once.schedule_action_type, [job.name == once.job_name for job in jobs_of("weekly")]))
ml.schedules.begin_disable("weekly").result()
ml.schedules.begin_delete("weekly").result()
print("DELETED", (names(list_view_type="All"), ml.jobs.get(once.job_name).status[:]))
# A job of a component that the client holds: it sends the nodes of the component, too.
@dsl.pipeline(compute="serverless")
def typed(text: str):
    return {"written": write(t=text).outputs.o}
held = ml.components.create_or_update(typed("c").component, version="1")
settings = PipelineJobSettings(default_compute="serverless")
trigger = CronTrigger(expression="0 3 * * *", start_time="2990-01-01T00:00:00")
job = PipelineJob(component=held, inputs={"text": "held"}, settings=settings)
put(JobSchedule(name="held", create_job=job, trigger=trigger))
off = ml.schedules.begin_disable("held").result()
print("HELD", (off.is_enabled, off.create_job.component.endswith("/versions/1"), off.create_job.inputs["text"]._data))
ml.schedules.begin_delete("held").result()
refused(lambda: ml.schedules.get("weekly"))
ml.schedules.begin_disable("soon").result()
"""

KILLED = """
trigger = CronTrigger(expression="* * * * *", start_time="2990-01-01T00:00:00")
began = time.time()
put(JobSchedule(name="later", trigger=trigger, create_job=one("later")))
soon = datetime.now(timezone.utc) + timedelta(seconds=2 + 3 * (time.time() - began))
trigger = RecurrenceTrigger(frequency="minute", interval=600, start_time=soon.strftime("%Y-%m-%dT%H:%M:%S"))
put(JobSchedule(name="missed", trigger=trigger, create_job=one("missed")))
print("MADE", soon.strftime("%Y%m%dT%H%M%SZ"))
"""

AGAIN = """
print("MISSED", [(job.name, job.status[:]) for job in jobs_of("missed")],
      len(list(ml.jobs.list(schedule_defined=True))))
"""

OTHERS = """
source = follow(one("first"), experiment_name="kept")
cron = put(JobSchedule(name="copies", trigger=CronTrigger(expression="0 3 1 jan mon-fri"), create_job=source.name))
print("CRON", (cron.trigger.expression, cron.create_job.type, cron.create_job.inputs["text"]._data))
print("COPY", [(job.experiment_name, job.inputs["text"]._data, job.status[:]) for job in jobs_of("copies")])
changed = ml.jobs.get(source.name)
changed.experiment_name = "changed"
put(JobSchedule(name="changed", trigger=CronTrigger(expression="0 3 * * *"), create_job=changed))
print("CHANGED", [(job.experiment_name, job.inputs["text"]._data, job.status[:]) for job in jobs_of("changed")])
os.environ["AZURE_ML_CLI_PRIVATE_FEATURES_ENABLED"] = "true"
alone = command(code="src", environment=ENV, command="python write.py ${{outputs.o}} alone", compute="serverless",
                outputs={"o": Output(type="uri_folder")})
put(JobSchedule(name="alone", trigger=CronTrigger(expression="0 3 * * *"), create_job=alone))
print("COMMAND", [(job.type, job.status[:]) for job in jobs_of("alone")])

tick = CronTrigger(expression="0 3 * * *")
refused(lambda: put(JobSchedule(name="wrong", trigger=CronTrigger(expression="0 25 * * *"), create_job=one("x"))))
refused(lambda: put(JobSchedule(name="wrong", trigger=tick, create_job="no_such_job")))
refused(lambda: put(JobSchedule(name="wrong.name", trigger=tick, create_job=one("x"))))
late = CronTrigger(expression="0 3 * * *", start_time="2020-01-01T00:00:00", end_time="2020-02-01T00:00:00")
refused(lambda: put(JobSchedule(name="wrong", trigger=late, create_job=one("x"))))
nowhere = one("x")
nowhere.settings.default_compute = "no-such-compute"
refused(lambda: put(JobSchedule(name="wrong", trigger=tick, create_job=nowhere)))
from azure.ai.ml.entities import ImportDataSchedule
from azure.ai.ml.data_transfer import Database
from azure.ai.ml.entities._data_import.data_import import DataImport
source = DataImport(name="d", source=Database(query="select 1", connection="azureml:c"), path="azureml://datastores/workspaceblobstore/paths/x")
refused(lambda: put(ImportDataSchedule(name="imports", trigger=tick, import_data=source)))
print("LEFT", sorted(item.name for item in ml.schedules.list(list_view_type="All")))
"""


def lines(text: str) -> dict[str, str]:
    """The words that the script printed; several lines of one name are numbered."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, _, rest = line.partition(" ")
        if name.isupper() and rest:
            while name in found:
                name += "+"
            found[name] = rest
    return found


def test_a_schedule_fires_is_disabled_enabled_triggered_and_deleted(empty_live: LiveService) -> None:
    found = lines(empty_live.run(HEAD + COMPONENTS + TOOLS + LIFE, files=FILES).stdout)
    assert found["MADE"] == "('soon', True, 'Succeeded', 'Soon', 'd', {'a': 'b'})"
    assert found["TRIGGER"] == "('minute', 600, True, '2990-01-01 00:00:00', 'UTC')"
    assert found["ACTION"] == "('pipeline', ['write'], True)"
    assert found["FIRED"] == "[(True, True, 'Completed', 'nights')]"
    assert found["WROTE"] == "[True]"
    assert found["SCHEDULED"] == "True 0"
    assert found["PATTERN"] == "([3, 15], [0, 30], ['monday', 'sunday'])"
    assert found["DISABLED"] == "(False, ['soon'], ['weekly'], ['soon', 'weekly'])"
    assert "the schedule weekly is disabled" in found["REFUSED"]
    assert found["ENABLED"] == "(True, ['soon', 'weekly'], 'w')"
    assert "a schedule must be disabled before it can be deleted" in found["REFUSED+"]
    assert found["ONCE"] == "('CreateJob', [True])"
    assert found["DELETED"] == "(['soon'], 'Completed')"
    assert found["HELD"] == "(False, True, 'held')"
    assert "there is no schedule weekly" in found["REFUSED++"]
    # What the service says of it.
    with empty_live.client() as client:
        schedules = client.get("/amlbridge/status").json()["schedules"]
    (told,) = [one for one in schedules if one["name"] == "Soon"]  # other tests may have had the service before
    assert (told["name"], told["active"], told["next_due"], told["error"]) == ("Soon", False, None, None)


def test_schedules_of_jobs_that_ran_and_what_is_refused(live: LiveService) -> None:
    done = live.run(HEAD + COMPONENTS + TOOLS + OTHERS, files=FILES)
    found = lines(done.stdout)
    assert found["CRON"] == "('0 3 1 jan mon-fri', 'pipeline', 'first')"
    assert found["COPY"] == "[('kept', 'first', 'Completed')]"
    assert found["CHANGED"] == "[('changed', 'first', 'Completed')]"
    assert found["COMMAND"] == "[('command', 'Completed')]"
    refusals = [value for name, value in found.items() if name.startswith("REFUSED")]
    for told, words in zip(
        refusals,
        (
            "trigger.expression: has 25 as hour: it must be from 0 to 23",
            "there is no job no_such_job in this workspace",
            "'wrong.name' cannot be the name of a schedule",
            "is never due",
            "no-such-compute",
            "imports data from outside of the workspace, which amlbridge does not do",
        ),
        strict=True,
    ):
        assert words in told
    assert ast.literal_eval(found["LEFT"]) == ["alone", "changed", "copies"]


def test_a_tick_that_was_missed_while_the_service_was_killed_submits_one_job(own_live: LiveService) -> None:
    made = lines(own_live.run(HEAD + COMPONENTS + TOOLS + KILLED, files=FILES).stdout)["MADE"]
    own_live.kill()
    due = datetime.strptime(made, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    until(lambda: datetime.now(timezone.utc) > due)
    own_live.start()
    for _ in range(2):
        found = lines(own_live.run(HEAD + COMPONENTS + TOOLS + AGAIN, files=FILES).stdout)["MISSED"]
        assert found == f"[('missed-{made}', 'Completed')] 1"
        own_live.kill()
        own_live.start()
