"""``azureml.tensorboard``: TensorBoard itself, on the logs that a job has uploaded.

A job of SDK v2 still uploads its folder ``logs``. v1's ``Tensorboard`` downloaded the logs of its runs as long as it
ran; now they are downloaded once, with MLflow, and TensorBoard is started on the folder as a process of its own.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.symbols import lineage
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.runs.tracking import tracking
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "tensorboard",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Run, Workspace
from azureml.tensorboard import Tensorboard

ws = Workspace.from_config()
run = Run.get(ws, RUN_ID)
tb = Tensorboard([run])
tb.start()
tb.stop()
""",
            """\
import os
import subprocess
import mlflow
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
mlflow.set_tracking_uri(
    ml_client.workspaces.get(ml_client.workspace_name).mlflow_tracking_uri
)
run = ml_client.jobs.get(RUN_ID)
for job in [run]:
    mlflow.artifacts.download_artifacts(
        run_id=job.name,
        artifact_path="logs",
        dst_path=os.path.join("tensorboard_logs", job.name),
    )
tb = ["tensorboard", "--logdir", "tensorboard_logs", "--port", "6006"]
tb_server = subprocess.Popen(tb)
tb_server.terminate()
""",
        )
    ],
)

#: Where the logs of jobs are downloaded to, each below the job's name.
FOLDER = "tensorboard_logs"
_ONCE = (
    f'the logs that the job has uploaded (its folder "logs") are downloaded to {FOLDER} once: v1 went on as long as it '
    "ran. TensorBoard is at http://localhost:PORT"
)


@rule.converts("Tensorboard")
def create(use: Use, to: Rewriter) -> Outcome:
    """The command that ``start`` runs, after the logs are downloaded."""
    if use.call is None or not use.is_assigned:
        return Leave("assign it to a variable: the logs are downloaded there")
    runs, root = use.argument("runs", position=0), use.argument("local_root", position=1)
    folder = to.source(root) if root is not None else f'"{FOLDER}"'
    port = use.argument("port", position=2)
    number = f"str({to.source(port)})" if port is not None else '"6006"'
    if isinstance(port, ast.Constant) and isinstance(port.value, (int, str)):
        number = f'"{port.value}"'
    command = f'["tensorboard", "--logdir", {folder}, "--port", {number}]'
    if runs is None or (isinstance(runs, ast.List) and not runs.elts):
        return Replace(command)
    if any(to.evaluator.type_of(run) in _TRACKED for run in getattr(runs, "elts", [runs])):
        return Leave("download the logs of the run with mlflow.artifacts, and start TensorBoard on the folder")
    one = "Run" in lineage(to.evaluator.type_of(runs) or "")  # SDK v1 took a run as well as a list of them
    job = to.source(runs) if one else to.fresh("job")
    download = (
        f'{tracking(use, to)}.artifacts.download_artifacts(run_id={job}.name, artifact_path="logs", '
        f"dst_path={to.need_module('os')}.path.join({folder}, {job}.name))"
    )
    to.before(use.statement, download if one else f"for {job} in {to.source(runs)}:\n    {download}")
    return Replace(command, _ONCE)


#: Runs that become MLflow's, which no job is behind.
_TRACKED = frozenset({"RunContext", "InteractiveRun", "ChildRun", "ParentRun", "AutoMLChildRun"})


@rule.converts("Tensorboard.start")
def start(use: Use, to: Rewriter) -> Outcome:
    """Starts the process."""
    if not use.is_statement or use.receiver is None:
        return Leave("start TensorBoard in a statement of its own: a process has no address to give")
    return Statements(f"{_server(use, to)} = {to.need_module('subprocess')}.Popen({to.source(use.receiver)})")


@rule.converts("Tensorboard.stop")
def stop(use: Use, to: Rewriter) -> Outcome:
    """Ends the process."""
    if not any(other.symbol == "Tensorboard.start" for other in to.uses):
        return Leave("end the process of TensorBoard where it was started")
    return Replace(f"{_server(use, to)}.terminate()")


def _server(use: Use, to: Rewriter) -> str:
    """The variable of the process: one for each name of a Tensorboard."""
    name = use.receiver.id if isinstance(use.receiver, ast.Name) else "tensorboard"
    key = ("tensorboard", name)
    if key not in to.memory:
        to.memory[key] = to.fresh(f"{name}_server")
    return str(to.memory[key])
