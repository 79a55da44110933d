"""``DataDriftDetector`` becomes a monitor of SDK v2: a ``MonitorSchedule`` with a ``DataDriftSignal``.

A monitor compares data of a time window with those that a model was trained on, on serverless Spark, as often as its
trigger says. It has no look back over the past: ``backfill`` and ``run`` become one more run of the monitor, now.

Source: the v2 documentation of model monitoring, and the reference of azure.ai.ml.entities.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import Status
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.datasets.data import follow, input_code
from amlbridge.migrate.models.serving.by_name import MONITORS, stays_by_name
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "data-drift",
    __doc__,
    cases=[
        Case(
            """\
from datetime import datetime, timedelta

from azureml.core import Dataset, Workspace
from azureml.datadrift import DataDriftDetector

ws = Workspace.from_config()
monitor = DataDriftDetector.create_from_datasets(
    ws,
    "rows-drift",
    Dataset.get_by_name(ws, "rows"),
    Dataset.get_by_name(ws, "served"),
    compute_target="cpu",
    frequency="Week",
    feature_list=["age"],
    drift_threshold=0.3,
)
run = monitor.backfill(datetime.now() - timedelta(weeks=6), datetime.now())
run.wait_for_completion()
monitor.disable_schedule()
""",
            """\

from azure.ai.ml import Input, MLClient
from azure.ai.ml.constants import MonitorDatasetContext
from azure.ai.ml.entities import (
    CategoricalDriftMetrics,
    DataDriftMetricThreshold,
    DataDriftSignal,
    MonitorDefinition,
    MonitorSchedule,
    NumericalDriftMetrics,
    ProductionData,
    RecurrenceTrigger,
    ReferenceData,
    ServerlessSparkCompute,
)
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
monitor = ml_client.schedules.begin_create_or_update(
    MonitorSchedule(
        name="rows-drift",
        trigger=RecurrenceTrigger(frequency="week", interval=1),
        create_monitor=MonitorDefinition(
            compute=ServerlessSparkCompute(
                instance_type="standard_e4s_v3", runtime_version="3.4"
            ),
            monitoring_signals={
                "data_drift": DataDriftSignal(
                    production_data=ProductionData(
                        input_data=Input(
                            type="mltable",
                            path=ml_client.data.get("served", label="latest").id,
                        ),
                        data_context=MonitorDatasetContext.MODEL_INPUTS,
                    ),
                    reference_data=ReferenceData(
                        input_data=Input(
                            type="mltable",
                            path=ml_client.data.get("rows", label="latest").id,
                        ),
                        data_context=MonitorDatasetContext.TRAINING,
                    ),
                    features=["age"],
                    metric_thresholds=DataDriftMetricThreshold(
                        numerical=NumericalDriftMetrics(
                            normalized_wasserstein_distance=0.3
                        ),
                        categorical=CategoricalDriftMetrics(
                            jensen_shannon_distance=0.3
                        ),
                    ),
                )
            },
        ),
    )
).result()
run = ml_client.jobs.get(ml_client.schedules.trigger(name=monitor.name).job_name)
ml_client.jobs.stream(run.name)
ml_client.schedules.begin_disable(name=monitor.name).result()
""",
        )
    ],
)

#: What the service runs monitors on. Source: the documentation of model monitoring.
_COMPUTE = 'instance_type="standard_e4s_v3", runtime_version="3.4"'
_SIGNAL = "data_drift"
#: The threshold when none is given. Source: the reference of DataDriftDetector.
_THRESHOLD = "0.2"
_REVIEW = (
    "the service measures drift in another way: each feature has a distance of its own, and drift_threshold is the "
    "limit of that; it runs on serverless Spark; data that no deployment collects need a pre_processing_component"
)
_NOW = "a monitor compares its latest window only: this runs it once more, and its metrics have other names"
_STUDIO = "monitors of SDK v2 show their results in the studio"


_BY_NAME = "this file has the monitor of this name from SDK v1 in another place, where it has to stay"


@rule.converts("DataDriftDetector.create_from_datasets")
def create(use: Use, to: Rewriter) -> Outcome:
    """A schedule that monitors."""
    asked = next((member for member in Objects.of(to).members(use.node) if _cannot(member)), None)
    if asked is not None:
        return Leave(_cannot(asked), Status.NO_EQUIVALENT)
    names = ("workspace", "name", "baseline_dataset", "target_dataset", "compute_target", "frequency", "feature_list")
    given = {key: use.argument(key, position=at) for at, key in enumerate(names)}
    name, baseline, target = given["name"], given["baseline_dataset"], given["target_dataset"]
    if use.call is None or name is None or baseline is None or target is None:
        return Leave("a monitor needs a name and the data that it compares")
    if stays_by_name(name, to, MONITORS):
        return Leave(_BY_NAME)
    entity = {key: to.need("azure.ai.ml.entities", key) for key in _ENTITIES}
    context = to.need("azure.ai.ml.constants", "MonitorDatasetContext")
    parts = [
        _data(entity["ProductionData"], "production_data", target, f"{context}.MODEL_INPUTS", to),
        _data(entity["ReferenceData"], "reference_data", baseline, f"{context}.TRAINING", to),
    ]
    features, threshold = given["feature_list"], use.passed("drift_threshold", position=8)
    if not is_none(features):
        assert features is not None
        parts.append(f"features={to.source(features)}")
    limit = _THRESHOLD if threshold is None else to.source(threshold)
    numbers = f"{entity['NumericalDriftMetrics']}(normalized_wasserstein_distance={limit})"
    classes = f"{entity['CategoricalDriftMetrics']}(jensen_shannon_distance={limit})"
    limits = f"{entity['DataDriftMetricThreshold']}(numerical={numbers}, categorical={classes})"
    signal = f"{entity['DataDriftSignal']}({', '.join([*parts, f'metric_thresholds={limits}'])})"
    defined = [
        f"compute={entity['ServerlessSparkCompute']}({_COMPUTE})",
        f'monitoring_signals={{"{_SIGNAL}": {signal}}}',
        *_alert(use, to),
    ]
    schedule = (
        f"name={to.source(name)}, trigger={_trigger(given['frequency'], entity['RecurrenceTrigger'], to)}, "
        f"create_monitor={entity['MonitorDefinition']}({', '.join(defined)})"
    )
    client = to.client(use.node, given["workspace"])
    created = f"{client}.schedules.begin_create_or_update({entity['MonitorSchedule']}({schedule})).result()"
    return Replace(created, _REVIEW)


_ENTITIES = (
    *("CategoricalDriftMetrics", "DataDriftMetricThreshold", "DataDriftSignal", "MonitorDefinition", "MonitorSchedule"),
    *("NumericalDriftMetrics", "ProductionData", "RecurrenceTrigger", "ReferenceData", "ServerlessSparkCompute"),
)


def _data(entity: str, key: str, dataset: ast.expr, context: str, to: Rewriter) -> str:
    """The argument of a signal that names a table."""
    data = follow(dataset, to)
    if data is not None:
        found = input_code(data, to)
    else:
        found = f'{to.need("azure.ai.ml", "Input")}(type="mltable", path={to.source(dataset)}.id)'
    return f"{key}={entity}(input_data={found}, data_context={context})"


def _trigger(frequency: ast.expr | None, trigger: str, to: Rewriter) -> str:
    """The code of a trigger as often as a monitor of SDK v1 ran: each Day, Week or Month."""
    if is_none(frequency):
        return f'{trigger}(frequency="day", interval=1)'
    assert frequency is not None
    text = to.evaluator.text(frequency)
    often = f'"{text.lower()}"' if text is not None else f"{to.source(frequency)}.lower()"
    return f"{trigger}(frequency={often}, interval=1)"


def _alert(use: Use, to: Rewriter) -> list[str]:
    """The argument that says who is told."""
    alert = use.passed("alert_config", position=7)
    return [] if alert is None else [f"alert_notification={to.source(alert)}"]


@rule.converts("AlertConfiguration")
def alert(use: Use, to: Rewriter) -> Outcome:
    """Who is told."""
    addresses = use.argument("email_addresses", position=0) if use.call is not None else None
    if addresses is None:
        return Leave("say who is told: AlertNotification(emails=[...])")
    return Replace(f"{to.need('azure.ai.ml.entities', 'AlertNotification')}(emails={to.source(addresses)})")


@rule.converts("DataDriftDetector.get_by_name")
def find(use: Use, to: Rewriter) -> Outcome:
    """A schedule by its name."""
    name = use.argument("name", position=1) if use.call is not None else None
    asked = next((member for member in Objects.of(to).members(use.node) if _cannot(member)), None)
    if name is None or asked is not None:
        return Leave(_cannot(asked) if asked is not None else "a monitor has a name", Status.NO_EQUIVALENT)
    if stays_by_name(name, to, MONITORS):
        return Leave(_BY_NAME)
    client = to.client(use.node, use.argument("workspace", position=0))
    return Replace(f"{client}.schedules.get(name={to.source(name)})")


@rule.converts("DataDriftDetector.list")
def listed(use: Use, to: Rewriter) -> Outcome:
    """The schedules that monitor."""
    client = to.client(use.node, use.argument("workspace", position=0))
    kind = to.need("azure.ai.ml.entities", "MonitorSchedule")
    return Replace(f"[item for item in {client}.schedules.list() if isinstance(item, {kind})]", "all kinds of monitors")


#: Member of a detector -> what the schedule does.
_MEMBERS = {
    "name": "{monitor}.name",
    "backfill": "{client}.jobs.get({client}.schedules.trigger(name={monitor}.name).job_name)",
    "run": "{client}.jobs.get({client}.schedules.trigger(name={monitor}.name).job_name)",
    "enable_schedule": "{client}.schedules.begin_enable(name={monitor}.name).result()",
    "disable_schedule": "{client}.schedules.begin_disable(name={monitor}.name).result()",
    "delete": "{client}.schedules.begin_disable(name={monitor}.name).result()\n"
    "{client}.schedules.begin_delete(name={monitor}.name).result()",
    "update": "",
}


def _cannot(member: Use) -> str:
    """Why a use of a detector has no counterpart, or ""."""
    name = member.symbol.rpartition(".")[2]
    if name == "update" and set(member.arguments()) != {"feature_list"}:
        return "change the signal of the schedule's create_monitor, and hand it to schedules.begin_create_or_update"
    if name == "delete" and not member.is_statement:
        return "delete the monitor in a statement of its own"
    return "" if name in _MEMBERS else f"there is no {name}: {_STUDIO}"


@rule.converts(*(f"DataDriftDetector.{name}" for name in _MEMBERS if name != "update"))
def member(use: Use, to: Rewriter) -> Outcome:
    """What the schedule does."""
    name = use.symbol.rpartition(".")[2]
    if use.receiver is None or _cannot(use):
        return Leave(_cannot(use) or _STUDIO, Status.NO_EQUIVALENT)
    template = _MEMBERS[name]
    client = to.client(use.node) if "{client}" in template else ""
    code = template.format(monitor=to.source(use.receiver), client=client)
    return Statements(code) if "\n" in code else Replace(code, _NOW if "trigger" in code else "")


@rule.converts("DataDriftDetector.update")
def update(use: Use, to: Rewriter) -> Outcome:
    """Other features."""
    if use.receiver is None or _cannot(use):
        return Leave(_cannot(use) or _STUDIO, Status.NO_EQUIVALENT)
    features = use.argument("feature_list")
    assert features is not None
    monitor, client = to.source(use.receiver), to.client(use.node)
    if not monitor.isidentifier():
        return Leave("give the monitor a name before it is changed")
    to.before(
        use.statement,
        f'{monitor}.create_monitor.monitoring_signals["{_SIGNAL}"].features = {to.source(features)}',
    )
    return Replace(f"{client}.schedules.begin_create_or_update({monitor}).result()", f'the signal is "{_SIGNAL}"')
