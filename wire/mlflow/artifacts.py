"""Artifacts of runs as MLflow lists them. Their contents it reads and writes in the run's folder, as files."""

from __future__ import annotations

from amlbridge.wire.context import Call
from amlbridge.wire.mlflow.api import MlflowRoutes, arguments, text
from amlbridge.wire.mlflow.artifact_listing import listing
from amlbridge.wire.mlflow.run_entity import artifacts_of, folder_of, run_of
from amlbridge.wire.mlflow.runs import run_id_of
from amlbridge.wire.routing import REST, Reply

routes = MlflowRoutes("mlflow artifacts")


@routes.operation("GET", "/artifacts/list", others=REST)
def list_artifacts(call: Call) -> Reply:
    """The artifacts of a run in one folder, all on one page."""
    given = arguments(call)
    run = run_of(call, run_id_of(given))
    root = folder_of(call.service, call.workspace, run)
    return listing(artifacts_of(call.service, call.workspace, run), root, text(given, "path", ""))
