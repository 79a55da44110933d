"""Details of a run: the dict of SDK v1 is a job of SDK v2, an entity with attributes.

Keys that are read become attributes; times become what MLflow knows of the run, as the texts that they were.
``inputDatasets`` become the inputs of the job that have a path, where code only hands them on. Where other keys are
read as well (``runDefinition``) the use is left: a job has them in another form.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.entries import Asked, memberships, methods, reads_of, reads_of_variable
from amlbridge.migrate.models.runs.mlflow_details import mlflow_details
from amlbridge.migrate.models.runs.tracking import tracking
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.runs import written

rule = Rule(
    "run-details",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Run, Workspace

ws = Workspace.from_config()
run = Run.get(ws, RUN_ID)
details = run.get_details()
print(details["runId"], details.get("status"))
""",
            """\
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
run = ml_client.jobs.get(RUN_ID)
details = ml_client.jobs.get(run.name)
print(details.name, details.status)
""",
        ),
        Case(
            """\
from azureml.core import Run, Workspace

ws = Workspace.from_config()
run = Run.get(ws, RUN_ID)
found = [item["dataset"] for item in run.get_details()["inputDatasets"]]
""",
            """\
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
run = ml_client.jobs.get(RUN_ID)
found = [
    item["dataset"]
    for item in [
        {"dataset": data}
        for data in ml_client.jobs.get(run.name).inputs.values()
        if hasattr(data, "path")
    ]
]
""",
            "Datasets that a run has read",
        ),
    ],
)

#: Key of the details -> attribute of a job.
_ATTRIBUTES = {
    "properties": "properties",
    "runId": "name",
    "status": "status",
    "submittedBy": "creation_context.created_by",
    "target": "compute",
}
#: Key -> attribute of a run of MLflow, in milliseconds since 1970.
_TIMES = {"endTimeUtc": "end_time", "startTimeUtc": "start_time"}
_REVIEW = "the answer has another form: a Job entity with attributes"
_INPUTS = (
    "each dataset is an Input of the job now, with a path and a type; data that was only linked to a run is in its tags"
)


@rule.converts("Run.get_details", "Run.get_details_with_logs")
def details(use: Use, to: Rewriter) -> Outcome:
    """The job as it is now."""
    job = written(use, to, "{client}.jobs.get({run}.name)")
    reads = [*reads_of(use.node, job, to), *reads_of_variable(use, to)]
    if [key for _node, key, _owner in reads] == ["inputDatasets"] and _are_handed_on(to):
        node, _key, owner = reads[0]
        if isinstance(node, ast.Subscript):
            to.rename(node, f'[{{"dataset": data}} for data in {owner}.inputs.values() if hasattr(data, "path")]')
            return Replace(job, _INPUTS)
    asked = list(memberships(use, job, to))
    keys = {key for _node, key, _owner in reads} | {one.key for one in asked}
    unknown = sorted({*keys, *methods(use, to)} - {*_ATTRIBUTES, *_TIMES})
    if unknown:
        return Leave(f"a job of SDK v2 has no {', '.join(unknown)}: read its command, environment, inputs and outputs")
    for one in asked:
        to.rename(one.node, f"{_known(one, use, to)} is {'' if one.negated else 'not '}None")
    for node, key, owner in reads:
        to.rename(node, _time(key, owner, use, to) if key in _TIMES else f"{owner}.{_ATTRIBUTES[key]}")
    return Replace(job, _REVIEW)


@rule.converts("AutoMLChildRun.get_details")
def trial(use: Use, to: Rewriter) -> Outcome:
    """What MLflow knows of a trial."""
    return mlflow_details(use, written(use, to, "{run}"), to)


def _known(one: Asked, use: Use, to: Rewriter) -> str:
    """What is None where SDK v1 did not know an entry, as the time of a run that has not begun."""
    if one.key in _TIMES:
        return f"{tracking(use, to)}.get_run({one.owner}.name).info.{_TIMES[one.key]}"
    return f"{one.owner}.{_ATTRIBUTES[one.key]}"


def _time(key: str, job: str, use: Use, to: Rewriter) -> str:
    """When a job began or ended, as SDK v1 wrote it: ``2020-01-12T23:11:56.292703Z``."""
    mlflow = tracking(use, to)
    datetime, timezone = to.need("datetime", "datetime"), to.need("datetime", "timezone")
    moment = f"{mlflow}.get_run({job}.name).info.{_TIMES[key]} / 1000"
    return f'{datetime}.fromtimestamp({moment}, {timezone}.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")'


def _are_handed_on(to: Rewriter) -> bool:
    """Whether nothing of the datasets themselves is read: a path is no dataset."""
    parents = to.evaluator.scopes.parents
    subscripts = [node for node in parents if isinstance(node, ast.Subscript)]
    read = [node for node in subscripts if to.evaluator.text(node.slice) == "dataset"]
    return not any(isinstance(parents.get(node), (ast.Attribute, ast.Assign)) for node in read)
