"""``RunStatus``: the states of a run are texts, the same as those of a job in SDK v2.

Source: the constants of ``azureml.core.run.RunStatus``, and ``status`` of a job (azure.ai.ml.entities.Job).
"""

from __future__ import annotations

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.registry import Case, Outcome, Replace, Rule
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "run-statuses",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Run, Workspace
from azureml.core.run import RunStatus

ws = Workspace.from_config()
run = Run.get(ws, RUN_ID)
print(run.get_status() in [RunStatus.COMPLETED, RunStatus.CANCEL_REQUESTED])
""",
            """\
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
run = ml_client.jobs.get(RUN_ID)
print(ml_client.jobs.get(run.name).status in ["Completed", "CancelRequested"])
""",
        )
    ],
)

_STATES = {
    "CANCELED": "Canceled",
    "CANCEL_REQUESTED": "CancelRequested",
    "COMPLETED": "Completed",
    "FAILED": "Failed",
    "FINALIZING": "Finalizing",
    "NOTRESPONDING": "NotResponding",
    "NOT_STARTED": "NotStarted",
    "PAUSED": "Paused",
    "PAUSING": "Pausing",
    "PREPARING": "Preparing",
    "PROVISIONING": "Provisioning",
    "QUEUED": "Queued",
    "RUNNING": "Running",
    "STARTING": "Starting",
    "UNAPPROVED": "Unapproved",
}


@rule.converts(*(f"RunStatus.{name}" for name in _STATES))
def state(use: Use, to: Rewriter) -> Outcome:
    """The text."""
    review = "the state of a job; a run of MLflow says FINISHED, FAILED or KILLED"
    return Replace(f'"{_STATES[use.symbol.rsplit(".", 1)[1]]}"', review)
