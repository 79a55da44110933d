"""Submitted runs become jobs: waiting, status, links, children, files.

What ``submit`` gives is a job entity; ``run.id`` is its ``name``. Its present state is asked of the client, as the
entity does not change. ``wait_for_completion`` becomes ``jobs.stream``, which raises when the job fails, as before.
"""

from __future__ import annotations

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.registry import Case, Outcome, Replace, Rule
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "runs",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Workspace
from azureml.core.run import Run

ws = Workspace.from_config()
run = Run.get(ws, RUN_ID)
print(run.get_status(), run.get_metrics())
run.cancel()
""",
            """\
import mlflow
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
run = ml_client.jobs.get(RUN_ID)
print(ml_client.jobs.get(run.name).status, mlflow.get_run(run.name).data.metrics)
ml_client.jobs.begin_cancel(run.name).result()
""",
        )
    ],
)

#: Member of a run -> (what it becomes, what to check). {run}: the job; {client}: the MLClient; {mlflow}: the module.
TEMPLATES = {
    "id": ("{run}.name", ""),
    "wait_for_completion": ("{client}.jobs.stream({run}.name)", ""),
    "get_status": ("{client}.jobs.get({run}.name).status", ""),
    "status": ("{client}.jobs.get({run}.name).status", ""),
    "get_portal_url": ("{run}.studio_url", ""),
    "cancel": ("{client}.jobs.begin_cancel({run}.name).result()", ""),
    "get_children": ("{client}.jobs.list(parent_job_name={run}.name)", ""),
    "get_steps": ("{client}.jobs.list(parent_job_name={run}.name)", ""),
    "get_metrics": ("{mlflow}.get_run({run}.name).data.metrics", ""),
    "get_tags": ("{client}.jobs.get({run}.name).tags", ""),
    "tags": ("{client}.jobs.get({run}.name).tags", ""),
    "get_properties": ("{client}.jobs.get({run}.name).properties", ""),
    "properties": ("{client}.jobs.get({run}.name).properties", ""),
    "display_name": ("{run}.display_name", ""),
    "name": ("{run}.display_name", ""),
    "experiment": ("{run}.experiment_name", ""),
    "type": ("{run}.type", ""),
}


def written(use: Use, to: Rewriter, template: str) -> str:
    """A template filled in for a use."""
    assert use.receiver is not None
    run = to.source(use.receiver)
    client = to.client(use.node) if "{client}" in template else ""
    mlflow = to.need_module("mlflow") if "{mlflow}" in template else ""
    return template.format(run=run, client=client, mlflow=mlflow)


@rule.converts(*(f"Run.{member}" for member in TEMPLATES))
def member(use: Use, to: Rewriter) -> Outcome:
    """What needs no more than the job's name."""
    template, review = TEMPLATES[use.symbol.rsplit(".", 1)[1]]
    return Replace(written(use, to, template), review)


@rule.converts("Run.get", "PipelineRun.get")
def get(use: Use, to: Rewriter) -> Outcome:
    """A run by its id."""
    run_id = use.argument("run_id", position=1)
    assert run_id is not None
    workspace = use.argument("workspace", position=0)
    return Replace(f"{to.client(use.node, workspace)}.jobs.get({to.source(run_id)})")
