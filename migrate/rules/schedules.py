"""Schedules: ``Schedule.create`` -> ``JobSchedule`` with a ``RecurrenceTrigger``.

The schedule of a published pipeline starts the pipeline itself; where another module beside has published it, a job of
its component, with the data that were the defaults there. SDK v2 has no schedules that watch a datastore: what becomes
of one would start the pipeline at each polling interval, changed or not, and is disabled until somebody has seen to it.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.findings import together
from amlbridge.migrate.models.code.additions import base
from amlbridge.migrate.models.code.listing import listing
from amlbridge.migrate.models.code.seen import may_be_set
from amlbridge.migrate.models.datasets.paths import uploaded_file
from amlbridge.migrate.module import Publication
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.pipelines import given_parameters, job_code
from amlbridge.migrate.rules.publishing import submitted_pipeline
from amlbridge.migrate.signatures.table import v2_table

rule = Rule(
    "schedules",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Workspace
from azureml.pipeline.core import Schedule, ScheduleRecurrence

ws = Workspace.from_config()
weekly = ScheduleRecurrence(frequency="Week", interval=1, week_days=["Monday"], hours=[6])
for schedule in Schedule.list(ws):
    print(schedule.id, schedule.name)
    schedule.disable()
""",
            """\
from azure.ai.ml import MLClient
from azure.ai.ml.entities import RecurrencePattern, RecurrenceTrigger
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
weekly = RecurrenceTrigger(
    frequency="week",
    interval=1,
    schedule=RecurrencePattern(hours=[6], minutes=[0], week_days=["Monday"]),
)
for schedule in ml_client.schedules.list():
    print(schedule.name, schedule.name)
    ml_client.schedules.begin_disable(schedule.name).result()
""",
        ),
        Case(
            """\
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline, Schedule
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
step = PythonScriptStep("train.py", compute_target="cpu")
pipeline = Pipeline(ws, steps=[step])
published = pipeline.publish(name="train")
schedule = Schedule.create(
    ws,
    name="on-new-data",
    pipeline_id=published.id,
    experiment_name="e",
    datastore=ws.datastores["landing"],
    polling_interval=60,
)
""",
            """\
from datetime import datetime, timedelta, timezone
from azure.ai.ml import MLClient, command, dsl
from azure.ai.ml.entities import (
    BatchEndpoint,
    Environment,
    JobSchedule,
    PipelineComponentBatchDeployment,
    RecurrenceTrigger,
)
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
default_environment = Environment(
    image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest",
    conda_file={
        "channels": ["conda-forge"],
        "dependencies": ["python=3.10", "pip", {"pip": ["mlflow", "azureml-mlflow"]}],
    },
)
step_component = command(
    name="train_py",
    display_name="train.py",
    code=".",
    command="python train.py",
    environment=default_environment,
    compute="cpu",
)


@dsl.pipeline()
def pipeline():
    step = step_component()


pipeline_component = ml_client.components.create_or_update(pipeline().component)
published = ml_client.batch_endpoints.begin_create_or_update(
    BatchEndpoint(name="train")
).result()
ml_client.batch_deployments.begin_create_or_update(
    PipelineComponentBatchDeployment(
        name="version-1", endpoint_name=published.name, component=pipeline_component
    )
).result()
published.defaults.deployment_name = "version-1"
ml_client.batch_endpoints.begin_create_or_update(published).result()
scheduled_job = pipeline()
scheduled_job.experiment_name = "e"
# SDK v2 cannot watch a datastore: this schedule starts at each polling interval, changed
# or not. Enable it when the pipeline looks for new data itself.
schedule = ml_client.schedules.begin_create_or_update(
    JobSchedule(
        name="on-new-data",
        trigger=RecurrenceTrigger(
            frequency="minute",
            interval=60,
            start_time=datetime.now(timezone.utc) + timedelta(minutes=60),
        ),
        create_job=scheduled_job,
    )
).result()
ml_client.schedules.begin_disable("on-new-data").result()
""",
            "A schedule that watched a datastore",
        ),
        Case(
            """\
from azureml.core import Workspace
from azureml.pipeline.core import Schedule, ScheduleRecurrence

ws = Workspace.from_config()
schedule = Schedule.get(ws, SCHEDULE_ID)
schedule.enable()
recurrence = ScheduleRecurrence("Hour", 6, start_time="2030-01-01T06:00:00")
schedule.update(description="often", recurrence=recurrence)
""",
            """\
from azure.ai.ml import MLClient
from azure.ai.ml.entities import RecurrenceTrigger
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
schedule = ml_client.schedules.get(SCHEDULE_ID)
schedule = ml_client.schedules.begin_enable(schedule.name).result()
recurrence = RecurrenceTrigger(
    frequency="hour", interval=6, start_time="2030-01-01T06:00:00"
)
schedule.description = "often"
schedule.trigger = recurrence
schedule = ml_client.schedules.begin_create_or_update(schedule).result()
""",
            "A schedule that is changed",
        ),
    ],
)


@rule.converts("ScheduleRecurrence")
def recurrence(use: Use, to: Rewriter) -> Outcome:
    """How often."""
    name = to.need("azure.ai.ml.entities", "RecurrenceTrigger")
    if use.call is None:
        return Replace(name)
    frequency, interval = use.argument("frequency", position=0), use.argument("interval", position=1)
    if frequency is None:
        return Leave("a recurrence needs a frequency")
    text = to.evaluator.text(frequency)
    parts = [f'frequency="{text.lower()}"' if text is not None else f"frequency={to.source(frequency)}.lower()"]
    parts.append(f"interval={to.source(interval) if interval is not None else 1}")
    for old, new, position in (("start_time", "start_time", 2), ("time_zone", "time_zone", 3)):
        value = use.passed(old, position=position)
        if value is not None:
            parts.append(f"{new}={to.source(value)}")
    hours, minutes, days = (
        use.passed("hours", position=4),
        use.passed("minutes", position=5),
        use.passed("week_days", position=6),
    )
    moment = use.passed("time_of_day")
    clock = (to.evaluator.text(moment) or "").split(":") if moment is not None else []
    if len(clock) == 2 and all(part.isdigit() for part in clock):
        inner = [f"hours=[{int(clock[0])}]", f"minutes=[{int(clock[1])}]"]
        if days is not None:
            inner.append(f"week_days={to.source(days)}")
        parts.append(f"schedule={to.need('azure.ai.ml.entities', 'RecurrencePattern')}({', '.join(inner)})")
        return Replace(f"{name}({', '.join(parts)})")
    if moment is not None:
        return Leave(
            "give hours=[...] and minutes=[...] of time_of_day, as in RecurrencePattern(hours=[6], minutes=[30])"
        )
    if hours is not None or minutes is not None or days is not None:
        pattern = to.need("azure.ai.ml.entities", "RecurrencePattern")
        inner = [
            f"hours={to.source(hours) if hours is not None else [0]}",
            f"minutes={to.source(minutes) if minutes is not None else [0]}",
        ]
        if days is not None:
            inner.append(f"week_days={to.source(days)}")
        parts.append(f"schedule={pattern}({', '.join(inner)})")
    return Replace(f"{name}({', '.join(parts)})")


@rule.converts("Schedule.create", "Schedule.create_for_pipeline_endpoint")
def create(use: Use, to: Rewriter) -> Outcome:
    """A schedule of the pipeline that was published."""
    name, trigger = use.argument("name", position=1), _trigger(use, to)
    pipeline = _pipeline(use, to)
    if name is None or trigger is None:
        return Leave("a schedule needs a name and a recurrence")
    experiment = use.argument("experiment_name", position=3)
    parameters = use.argument("pipeline_parameters", position=6)
    review = ""
    if pipeline is not None:
        job = job_code(pipeline, parameters, to)
    elif (run := _published_run(use, to)) is not None and parameters is None:
        job, review, experiment = f"{to.source(run)}.name", _OF_RUN, None
    else:
        publication = _publication(use, to)
        if publication is None:
            return Leave(_UNKNOWN + (_NAMED if any(other.symbol in _IDS for other in to.uses) else ""))
        job, review, experiment = _component_job(publication, parameters, experiment, use, to), _RELEASE, None
    if experiment is not None:
        variable = to.fresh("scheduled_job")
        to.before(use.statement, f"{variable} = {job}\n{variable}.experiment_name = {to.source(experiment)}")
        job = variable
    schedule = to.need("azure.ai.ml.entities", "JobSchedule")
    parts = [f"name={to.source(name)}", f"trigger={trigger}", f"create_job={job}"]
    description = use.argument("description", position=5)
    if description is not None:
        parts.append(f"description={to.source(description)}")
    client = to.client(use.node, use.argument("workspace", position=0))
    if _watches(use):
        to.before(use.statement, _COMMENT)
        to.after(use.statement, f"{client}.schedules.begin_disable({to.source(name)}).result()")
        review = together([review, _POLLED])
    return Replace(f"{client}.schedules.begin_create_or_update({schedule}({', '.join(parts)})).result()", review)


def _watches(use: Use) -> bool:
    """Whether the schedule starts when files of a datastore change."""
    return use.argument("recurrence", position=4) is None and use.argument("datastore", position=9) is not None


def _trigger(use: Use, to: Rewriter) -> str | None:
    """The recurrence; the polling interval of a schedule that watches a datastore. None when there is neither."""
    recurrence = use.argument("recurrence", position=4)
    if recurrence is not None:
        return to.source(recurrence)
    if not _watches(use):
        return None
    minutes = use.argument("polling_interval", position=10)
    interval = to.source(minutes) if minutes is not None else _POLLING_INTERVAL
    # Without a start time, the first job would start before the schedule is disabled.
    now, delta, zone = (to.need("datetime", name) for name in ("datetime", "timedelta", "timezone"))
    start = f"{now}.now({zone}.utc) + {delta}(minutes={interval})"
    trigger = to.need("azure.ai.ml.entities", "RecurrenceTrigger")
    return f'{trigger}(frequency="minute", interval={interval}, start_time={start})'


#: Minutes, when a schedule of SDK v1 names none.
_POLLING_INTERVAL = 5
_POLLED = (
    "SDK v2 cannot watch a datastore: this starts at each polling interval, changed or not, so it is disabled; enable "
    "it when the pipeline looks for new data itself, or start the pipeline from Event Grid"
)
_COMMENT = """\
# SDK v2 cannot watch a datastore: this schedule starts at each polling interval, changed
# or not. Enable it when the pipeline looks for new data itself."""
_UNKNOWN = (
    "the pipeline behind this id cannot be told: give JobSchedule(create_job=...) a job of the pipeline itself, or "
    "PipelineJob(component=ml_client.components.get(name, label='latest').id, inputs={...}), with the data that it "
    "reads"
)
_IDS = ("PublishedPipeline.id", "PipelineEndpoint.id")
_NAMED = (
    "; until then it needs the id that SDK v1 published: the .name of a batch endpoint, if it gets one now, is none"
)
_OF_RUN = "it repeats the job of the run that was published, in that one's experiment and with its inputs"
_RELEASE = (
    "the schedule runs the release of the pipeline that is the newest when the schedule is made: make it again after "
    "each release, where a schedule of SDK v1 ran the endpoint's default version"
)


def _publication(use: Use, to: Rewriter) -> Publication | None:
    """What a module beside this one publishes under the name of the endpoint whose id is given."""
    made = _published(use, to)
    if made is None or made.symbol != "PipelineEndpoint.get":
        return None
    name = made.argument("name", position=2)
    return to.published.get(to.evaluator.text(name) or "") if name is not None else None


def _component_job(
    publication: Publication, parameters: ast.expr | None, experiment: ast.expr | None, use: Use, to: Rewriter
) -> str:
    """A job of the component of a published pipeline, with the data that the pipeline had as defaults. Raises
    ValueError when a default cannot be told."""
    client = to.client(use.node, use.argument("workspace", position=0))
    given = given_parameters(parameters, to)
    names = {pair.partition("=")[0] for pair in given}
    make = to.need("azure.ai.ml", "Input") if any(data.name not in names for data in publication.data) else ""
    inputs = []
    for data in publication.data:
        if data.name in names:
            continue
        if data.dataset:
            path = f'{client}.data.get("{data.dataset}", label="latest").id'
        elif data.path:
            address = f'"azureml://datastores/{data.datastore}/paths/{data.path.lstrip("/")}"'
            path = uploaded_file(data.path, use.node, to) or address
        else:
            raise ValueError(f"the data that the published pipeline has as its default for {data.name} cannot be told")
        inputs.append(f'"{data.name}": {make}(type="{data.type}", path={path})')
    inputs += [pair if pair.startswith("**") else '"{}": {}'.format(*pair.split("=", 1)) for pair in given]
    component = f'{client}.components.get("{publication.component}", label="latest").id'
    parts = [f"component={component}", f"inputs={{{', '.join(inputs)}}}"]
    parts += [f"experiment_name={to.source(experiment)}"] if experiment is not None else []
    return f"{to.need('azure.ai.ml.entities', 'PipelineJob')}({', '.join(parts)})"


def _published(use: Use, to: Rewriter) -> Use | None:
    """What published the pipeline that has the id."""
    node = _bare(use.argument("pipeline_id", "pipeline_endpoint_id", position=2))
    held = base(node, to) if node is not None else None
    node = _bare(held.value) if held is not None else node
    return to.maker(node.value) if isinstance(node, ast.Attribute) else None


def _bare(node: ast.expr | None) -> ast.expr | None:
    """An id without what makes a text of it again: ``str(id)``, ``"{}".format(id)``, ``f"{id}"``."""
    if isinstance(node, ast.JoinedStr) and len(node.values) == 1 and isinstance(node.values[0], ast.FormattedValue):
        return node.values[0].value
    if not isinstance(node, ast.Call) or len(node.args) != 1 or node.keywords:
        return node
    function = ast.unparse(node.func)
    return node.args[0] if function in ("str", "'{}'.format", "'{0}'.format") else node


def _published_run(use: Use, to: Rewriter) -> ast.expr | None:
    """The run whose pipeline has the id."""
    made = _published(use, to)
    return made.receiver if made is not None and made.symbols[-1] == "Run.publish_pipeline" else None


def _pipeline(use: Use, to: Rewriter) -> ast.expr | None:
    """The pipeline whose published form has the id."""
    made = _published(use, to)
    if made is not None and made.symbol == "Pipeline.publish":
        return made.receiver
    return submitted_pipeline(made, to) if made is not None and made.symbols[-1] == "Run.publish_pipeline" else None


@rule.converts("Schedule")
def annotation(use: Use, to: Rewriter) -> Outcome:
    """The class, in annotations."""
    if use.call is not None:
        return Leave("which schedule? ml_client.schedules.get(name)")
    return Replace(to.need("azure.ai.ml.entities", "JobSchedule"))


@rule.converts("Schedule.list", "Schedule.get_all", "Schedule.get_schedules_for_pipeline_id")
def listed(use: Use, to: Rewriter) -> Outcome:
    """Those that are enabled, or all."""
    of_id = use.symbol.endswith("pipeline_id")  # which takes nothing else
    of_one = of_id or use.passed("pipeline_id", position=2) is not None
    if of_one and _switches_listed(use, to):
        return Leave(
            "a schedule of SDK v2 does not say whose pipeline it starts, and this would switch all of them: name them"
        )
    review = "these are the schedules of all pipelines" if of_one else ""
    active = use.argument("active_only", position=1) if not of_id else None
    view = ""
    if active is not None and not isinstance(active, ast.Constant):
        return Leave("give list_view_type='All' or 'EnabledOnly'")
    if active is not None and active.value is False:
        view = 'list_view_type="All"'
    found = f"{to.client(use.node, use.argument('workspace', position=0))}.schedules.list({view})"
    return Replace(listing(found, use, to), review)


def _switches_listed(listing: Use, to: Rewriter) -> bool:
    """Whether the module enables or disables schedules of a list, or some of which nobody knows where they are from."""
    receivers = [use.receiver_value for use in to.uses if use.symbol in _SWITCHING]
    origins = [value.origin if value is not None else None for value in receivers]
    return any(origin is None or origin is listing.node for origin in origins)


@rule.converts("Schedule.get", "Schedule.get_schedule")
def get(use: Use, to: Rewriter) -> Outcome:
    """A schedule by its name."""
    name = use.argument("id", "schedule_id", position=1)
    if name is None:
        return Leave("which schedule?")
    return Replace(f"{to.client(use.node, use.argument('workspace', position=0))}.schedules.get({to.source(name)})")


_SWITCHING = ("Schedule.disable", "Schedule.enable", "Schedule.activate")


@rule.converts(*_SWITCHING)
def switch(use: Use, to: Rewriter) -> Outcome:
    """Disables or enables it, and waits."""
    assert use.receiver is not None
    method = "begin_disable" if use.symbol.endswith("disable") else "begin_enable"
    code = f"{to.client(use.node)}.schedules.{method}({to.source(use.receiver)}.name).result()"
    alone = use.is_statement
    if alone and isinstance(use.receiver, ast.Name) and _is_changed_later(use, to):
        if not may_be_set(use.receiver, to):
            return Leave(f"the schedule is changed later: its variable has to hold what schedules.{method} gives")
        return Statements(f"{to.source(use.receiver)} = {code}")
    return Replace(code)


def _is_changed_later(use: Use, to: Rewriter) -> bool:
    """Whether the schedule is updated: what is saved then has to know that it is enabled."""
    return any(
        other.symbol == "Schedule.update"
        and isinstance(other.receiver, ast.Name)
        and isinstance(use.receiver, ast.Name)
        and other.receiver.id == use.receiver.id
        for other in to.uses
    )


_RENAMED = "a schedule of SDK v2 keeps its name: the new one is its display name"
#: Keyword of Schedule.update -> attribute of a JobSchedule.
_CHANGES = {"name": "display_name", "description": "description", "recurrence": "trigger"}
_SWITCHES = {"active": "begin_enable", "disabled": "begin_disable"}


@rule.converts("Schedule.update")
def update(use: Use, to: Rewriter) -> Outcome:
    """Changes attributes of the schedule, and saves it."""
    if use.receiver is None or not isinstance(use.receiver, ast.Name) or not isinstance(use.statement, ast.Expr):
        return Leave(
            "change the schedule in a statement of its own: its attributes, and schedules.begin_create_or_update"
        )
    given = use.arguments()
    others = [key for key in given if key not in (*_CHANGES, "status", "wait_for_provisioning", "wait_timeout")]
    status = given.get("status")
    text = (to.evaluator.text(status) or "").lower() if status is not None else ""
    if others or (status is not None and text not in _SWITCHES):
        return Leave("change what schedules.get(name) gives, and hand it to schedules.begin_create_or_update")
    schedule, client = to.source(use.receiver), to.client(use.node)
    lines = [f"{schedule}.{new} = {to.source(given[old])}" for old, new in _CHANGES.items() if old in given]
    target = f"{schedule} = " if may_be_set(use.receiver, to) else ""
    if lines:
        lines.append(f"{target}{client}.schedules.begin_create_or_update({schedule}).result()")
    if text:
        lines.append(f"{target}{client}.schedules.{_SWITCHES[text]}({schedule}.name).result()")
    return Statements("\n".join(lines), _RENAMED if "name" in given else "")


_READ = {
    "id": "name",
    "name": "name",
    "description": "description",
    "recurrence": "trigger",
    "pipeline_id": "create_job",
}


_COMPARED = (
    "a schedule of SDK v2 starts a job, which does not say what was published of its pipeline: choose schedules by "
    "their names"
)


@rule.converts(*(f"Schedule.{name}" for name in _READ))
def read(use: Use, to: Rewriter) -> Outcome:
    """An attribute."""
    assert use.receiver is not None
    member = use.symbol.rsplit(".", 1)[1]
    around = use.evaluator.scopes.parents.get(use.node)
    if member == "pipeline_id" and isinstance(around, ast.Compare):
        _keep_all(around, use, to)
        return Leave(_COMPARED)
    review = "it is the job now" if member == "pipeline_id" else ""
    return Replace(f"{to.source(use.receiver)}.{_READ[member]}", review)


def _keep_all(compared: ast.Compare, use: Use, to: Rewriter) -> None:
    """What a schedule is compared with has to stay SDK v1 as well: the new names never are equal to it."""
    for node in ast.walk(compared):
        value = to.evaluator.value(node) if isinstance(node, (ast.Name, ast.Attribute)) else None
        if isinstance(value, Instance) and value.origin is not None and value.type != "Workspace":
            to.attempt.keep(value.origin, use)


@rule.converts("Schedule.status")
def status(use: Use, to: Rewriter) -> Outcome:
    """SDK v1's words for it."""
    assert use.receiver is not None
    words = f'"Active" if {to.source(use.receiver)}.is_enabled else "Disabled"'
    within = isinstance(use.evaluator.scopes.parents.get(use.node), (ast.FormattedValue, ast.Assign, ast.Return))
    return Replace(words if within else f"({words})")


@rule.converts("Schedule.get_last_pipeline_run", "Schedule.get_pipeline_runs")
def runs(use: Use, to: Rewriter) -> Outcome:
    """The jobs that a schedule has started."""
    assert use.receiver is not None
    jobs = f"{to.client(use.node)}.jobs.list(scheduled_job_name={to.source(use.receiver)}.name)"
    if use.symbol.endswith("runs"):
        return Replace(jobs)
    return Replace(f"next(iter({jobs}), None)", "jobs are listed newest first")


@rule.converts("TimeZone", "TimeZone.*")
def time_zone(use: Use, to: Rewriter) -> Outcome:
    """The same zone, in capitals with underscores."""
    name = to.need("azure.ai.ml.constants", "TimeZone")
    if "." not in use.symbol:
        return Replace(name)
    member = use.symbol.rsplit(".", 1)[1].upper()
    zones = v2_table().names_below("azure.ai.ml.constants.TimeZone")
    found = next((zone for zone in sorted(zones) if zone.replace("_", "") == member), None)
    return Replace(f"{name}.{found}") if found is not None else Leave("SDK v2 has no such time zone")
