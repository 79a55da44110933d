"""Schedules of pipelines that another module has published."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.convert import convert_module
from amlbridge.migrate.findings import Finding, Status
from amlbridge.migrate.module import Conversion, ModuleText, Options
from amlbridge.migrate.project.modules import build_project
from tests.migrate.rules.support import convert

_PUBLISH = """\
from azureml.core import Dataset, Workspace
from azureml.data.datapath import DataPath, DataPathComputeBinding
from azureml.data.dataset_consumption_config import DatasetConsumptionConfig
from azureml.pipeline.core import Pipeline, PipelineEndpoint, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
orders = PipelineParameter("orders", default_value=Dataset.get_by_name(ws, {dataset}))
prices = PipelineParameter("prices", default_value=DataPath(store, "prices/2025"))
data = DatasetConsumptionConfig("orders", orders).as_mount()
folder = (prices, DataPathComputeBinding(mode="mount"))
step = PythonScriptStep(
    "bill.py", arguments=[data, folder], inputs=[data, folder], compute_target="cpu", runconfig=env
)
billing = Pipeline(ws, steps=[step])
PipelineEndpoint.publish(ws, name="billing", pipeline=billing.publish(name="billing"), description="d")
"""
_SCHEDULE = """\
from azureml.core import Workspace
from azureml.pipeline.core import PipelineEndpoint
from azureml.pipeline.core.schedule import Schedule, ScheduleRecurrence

ws = Workspace.from_config()
schedule = Schedule.create_for_pipeline_endpoint(
    ws,
    name="nightly",
    pipeline_endpoint_id=PipelineEndpoint.get(ws, name="{endpoint}").id,
    recurrence=ScheduleRecurrence("Day", 1),
    experiment_name="e",
    pipeline_parameters={parameters},
)
print(schedule.status, schedule.id)
"""


def schedule(dataset: str = '"o"', endpoint: str = "billing", parameters: str = '{"limit": 3}') -> Conversion:
    """The converted schedule, beside a module that publishes the pipeline."""
    texts = {
        "publish.py": _PUBLISH.replace("{dataset}", dataset),
        "schedule.py": _SCHEDULE.replace("{endpoint}", endpoint).replace("{parameters}", parameters),
    }
    modules = [ModuleText(Path(name), text) for name, text in texts.items()]
    return convert_module(modules[1], build_project(modules, Options()), Options())


def _worst(findings: tuple[Finding, ...]) -> set[Status]:
    return {finding.status for finding in findings} - {Status.CONVERTED}


def test_the_schedule_names_the_data_that_were_defaults() -> None:
    found = schedule()
    text = "".join(found.text.split()).replace(",)", ")")
    assert _worst(found.findings) == {Status.REVIEW}
    assert "azureml" not in text.replace("azureml://", "")
    assert 'component=ml_client.components.get("billing",label="latest").id' in text
    assert 'path=ml_client.data.get("o",label="latest").id)' in text
    assert 'path="azureml://datastores/workspaceblobstore/paths/prices/2025")' in text
    assert '"limit":3' in text and 'experiment_name="e"' in text
    assert 'print(("Active"ifschedule.is_enabledelse"Disabled"),schedule.name)' in text


@pytest.mark.parametrize("options", [{"dataset": "name"}, {"endpoint": "other"}])
def test_what_cannot_be_told_stays(options: dict[str, str]) -> None:
    found = schedule(**options)
    assert "Schedule.create_for_pipeline_endpoint(" in found.text
    assert Status.MANUAL in _worst(found.findings)


def test_data_that_the_schedule_gives_is_taken() -> None:
    text = schedule(dataset="name", parameters='{"orders": mine}').text
    assert '"orders": mine' in text


_HELD = """\
from azureml.core import Workspace
from azureml.pipeline.core.schedule import Schedule, ScheduleRecurrence

ws = Workspace.from_config()
held = Schedule.get(ws, "nightly")
"""


def test_an_update_changes_the_schedule_and_saves_it() -> None:
    text = f"""{_HELD}held.update(
    name="weekly", description="d", status="Disabled", recurrence=ScheduleRecurrence("Week", 1)
)
"""
    after = convert(text).text
    assert after.endswith(
        """\
held.display_name = "weekly"
held.description = "d"
held.trigger = RecurrenceTrigger(frequency="week", interval=1)
held = ml_client.schedules.begin_create_or_update(held).result()
held = ml_client.schedules.begin_disable(held.name).result()
"""
    )


def test_an_update_after_it_was_enabled_keeps_it_enabled() -> None:
    """The variable would still have the schedule as it was before, and save that."""
    after = convert(f'{_HELD}held.enable()\nheld.update(description="d")\n').text
    assert "held = ml_client.schedules.begin_enable(held.name).result()\nheld.description" in after
    assert "\nml_client.schedules.begin_enable(held.name).result()\n" in convert(f"{_HELD}held.enable()\n").text


def test_schedules_are_a_list_where_they_are_not_run_over() -> None:
    after = convert(
        f"{_HELD}all_of_them = Schedule.list(ws)\nprint(len(Schedule.list(ws)), sorted(Schedule.list(ws)))\n"
    )
    assert "all_of_them = list(ml_client.schedules.list())" in after.text
    assert "print(len(list(ml_client.schedules.list())), sorted(ml_client.schedules.list()))" in after.text


@pytest.mark.parametrize(
    "listed", ["list(ws, pipeline_id=i)", "get_all(ws, False, i)", "get_schedules_for_pipeline_id(ws, i)"]
)
def test_no_schedule_of_another_pipeline_is_disabled(listed: str) -> None:
    """A schedule of SDK v2 does not say whose pipeline it starts."""
    loop = f"{_HELD}for one in Schedule.{listed}:\n"
    disabled = convert(f"{loop}    one.disable()\n")
    assert "begin_disable" not in disabled.text and f"Schedule.{listed}" in disabled.text
    assert "name them" in " ".join(finding.message for finding in disabled.findings)
    assert "ml_client.schedules.list(" in convert(f"{loop}    print(one.name)\n").text
    assert "begin_disable" in convert(f"{_HELD}for one in Schedule.list(ws):\n    one.disable()\n").text


@pytest.mark.parametrize("given", ["pipeline_parameters={}", "status=STATUS", "datastore=store"])
def test_other_updates_stay(given: str) -> None:
    assert f"held.update({given})" in convert(f"{_HELD}held.update({given})\n").text


def test_a_schedule_compared_with_what_was_published_stays() -> None:
    found = convert(
        """\
from azureml.core import Workspace
from azureml.pipeline.core import PublishedPipeline, Schedule

ws = Workspace.from_config()
for published in PublishedPipeline.list(ws):
    for schedule in Schedule.list(ws):
        if schedule.pipeline_id == published.id:
            schedule.disable()
"""
    )
    assert "if schedule.pipeline_id == published.id:" in found.text and "PublishedPipeline.list(ws)" in found.text
    assert any("does not say what was published" in finding.message for finding in found.findings)


def test_a_run_that_was_published_is_scheduled_as_its_job() -> None:
    head = """\
from azureml.core import Workspace
from azureml.pipeline.core import Schedule, ScheduleRecurrence

ws = Workspace.from_config()
run = list(ws.experiments["e"].get_runs())[0]
published = run.publish_pipeline("weekly", "d", "1.0")
"""
    call = 'Schedule.create(ws, "w", published.id, "e", ScheduleRecurrence("Week", 1)'
    found = convert(f"{head}{call})\n")
    assert "create_job=run.name" in found.text and "azureml.core" not in found.text
    assert any("repeats the job of the run" in finding.message for finding in found.findings)
    left = convert(f'{head}{call}, pipeline_parameters={{"a": 1}})\n')
    assert "Schedule.create(" in left.text


def test_old_names_of_enable_and_get() -> None:
    text = convert(
        """\
from azureml.core import Workspace
from azureml.pipeline.core import Schedule

ws = Workspace.from_config()
schedule = Schedule.get_schedule(ws, ID)
schedule.activate()
"""
    ).text
    assert "schedule = ml_client.schedules.get(ID)" in text
    assert "ml_client.schedules.begin_enable(schedule.name).result()" in text


def test_an_id_in_a_variable_is_that_of_the_pipeline_published_last() -> None:
    text = """\
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline, Schedule, ScheduleRecurrence
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
"""
    for name in ("a", "b"):
        text += f"""\
step = PythonScriptStep("{name}.py", compute_target="cpu", source_directory="src")
pipeline_{name} = Pipeline(ws, steps=[step])
pipeline_id = pipeline_{name}.publish("{name}").id
Schedule.create(ws, "s{name}", pipeline_id, "e", recurrence=ScheduleRecurrence("Day", 1))
"""
    found = convert(text)
    assert "azureml.pipeline" not in found.text
    assert "scheduled_job = pipeline_a()\n" in found.text and "scheduled_job_2 = pipeline_b()\n" in found.text


@pytest.mark.parametrize(
    ("arguments", "pattern"),
    [
        ("time_zone=None, hours=None, minutes=None, week_days=None", ""),
        ("time_of_day=None, start_time=None", ""),
        ("hours=[6], minutes=None", "RecurrencePattern(hours=[6], minutes=[0])"),
        ("minutes=[30]", "RecurrencePattern(hours=[0], minutes=[30])"),
    ],
)
def test_what_is_none_is_not_given(arguments: str, pattern: str) -> None:
    head = "from azureml.pipeline.core.schedule import ScheduleRecurrence\n\n"
    text = convert(f'{head}recurrence = ScheduleRecurrence("Day", 2, {arguments})\n').text
    wanted = f'frequency="day", interval=2, schedule={pattern}' if pattern else 'frequency="day", interval=2'
    assert "".join(text.split()).endswith(f"RecurrenceTrigger({wanted})".replace(" ", ""))


def test_a_schedule_that_stays_is_told_that_it_gets_the_name_of_an_endpoint() -> None:
    found = convert(
        """\
from azureml.core import Workspace
from azureml.pipeline.core import PublishedPipeline, Schedule, ScheduleRecurrence

ws = Workspace.from_config()
wanted = next(one.id for one in PublishedPipeline.list(ws) if one.name == "billing")
daily = ScheduleRecurrence(frequency="Day", interval=1)
Schedule.create(ws, name="daily", pipeline_id=wanted, experiment_name="bills", recurrence=daily)
"""
    )
    stays = next(finding for finding in found.findings if finding.symbol == "Schedule.create")
    assert "one.name for one" in found.text and stays.status is Status.MANUAL
    assert "it needs the id that SDK v1 published" in stays.message


@pytest.mark.parametrize("declared", ["", "    global schedule\n"])
def test_a_function_that_changes_a_schedule_of_the_module(declared: str) -> None:
    """Setting the module's variable would hide it from the rest of the function."""
    code = (
        "from azureml.core import Workspace\nfrom azureml.pipeline.core import Schedule\n\n"
        "schedule = Schedule.get(Workspace.from_config(), ID)\n\n\ndef change():\n"
        + declared
        + "    schedule.update(name='often', status='Disabled')\n    print(schedule.id)\n"
    )
    text = convert(code).text
    assert ("schedule = ml_client.schedules.begin_disable(schedule.name)" in text) == bool(declared)
    assert "ml_client.schedules.begin_disable(schedule.name).result()" in text


def test_a_function_that_enables_a_schedule_of_the_module_that_is_changed_later() -> None:
    found = convert(
        "from azureml.core import Workspace\nfrom azureml.pipeline.core import Schedule\n\n"
        "schedule = Schedule.get(Workspace.from_config(), ID)\n\n\ndef change():\n"
        "    schedule.enable()\n    schedule.update(name='often')\n"
    )
    assert "begin_enable(" not in found.text and "schedule = ml_client.schedules.begin_create" not in found.text


@pytest.mark.parametrize("code", ["str({})", "'{{}}'.format({})", 'f"{{{}}}"'])
@pytest.mark.parametrize("variable", [True, False])
def test_an_id_as_a_text_is_that_id(code: str, variable: bool) -> None:
    """SDK v1's ids are texts already: format leaves them what they are."""
    given = code.format("published.id")
    text = convert(
        f"""\
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline, Schedule, ScheduleRecurrence
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
step = PythonScriptStep("bill.py", compute_target="cpu", source_directory="src")
pipeline = Pipeline(ws, steps=[step])
published = pipeline.publish("bills")
{f"wanted = {given}" if variable else ""}
Schedule.create(ws, "s", {"wanted" if variable else given}, "e", recurrence=ScheduleRecurrence("Day", 1))
"""
    ).text
    assert "scheduled_job = pipeline()\n" in text and "create_job=scheduled_job" in text
    assert "azureml.pipeline" not in text and convert(text).text == text
