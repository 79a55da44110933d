"""What MLflow's servers have and an Azure ML workspace has not: refused with the reason, so that nothing is lost in
silence."""

from __future__ import annotations

from amlbridge.wire.context import Call
from amlbridge.wire.mlflow.api import ROOT, MlflowRoutes
from amlbridge.wire.routing import Reply, Routes

routes = MlflowRoutes("mlflow refused")

_TRACES = (
    "traces of MLflow are not kept by amlbridge: log what you need as metrics, tags or artifacts of the run, and call "
    "mlflow.tracing.disable() so that autologging makes none"
)
_DATASETS = (
    "evaluation datasets of MLflow 3 are not kept by amlbridge: register a data asset of the workspace, and log it to "
    "the run with mlflow.log_input"
)
_WEBHOOKS = "webhooks are not sent by amlbridge: nothing leaves this machine"
_SCORERS = "scorers of MLflow 3 are not kept by amlbridge: keep them in your code"


def traces(call: Call) -> Reply:
    """Traces and their assessments."""
    raise AssertionError(call.path)


def evaluation_datasets(call: Call) -> Reply:
    """Evaluation datasets of MLflow 3."""
    raise AssertionError(call.path)


def webhooks(call: Call) -> Reply:
    """Webhooks of the model registry."""
    raise AssertionError(call.path)


def scorers(call: Call) -> Reply:
    """Scorers of MLflow 3."""
    raise AssertionError(call.path)


_ALL = ("GET", "POST", "PATCH", "DELETE")
_REFUSED = (
    ("2.0", "traces", _ALL, _TRACES, traces),
    ("3.0", "traces", _ALL, _TRACES, traces),
    ("3.0", "datasets", _ALL, _DATASETS, evaluation_datasets),
    ("2.0", "webhooks", _ALL, _WEBHOOKS, webhooks),
    ("3.0", "scorers", _ALL, _SCORERS, scorers),
)
for _version, _name, _methods, _reason, _handler in _REFUSED:
    _own = MlflowRoutes("mlflow refused", _version)
    for _method in _methods:
        for _path in (f"/{_name}", f"/{_name}/{{path*}}"):
            _own.operation(_method, _path, refused=_reason)(_handler)
    routes.operations += _own.operations
_spans = Routes("mlflow refused", ROOT)
_spans.operation("POST", "/v1/traces", refused=_TRACES)(traces)
routes.operations += _spans.operations
