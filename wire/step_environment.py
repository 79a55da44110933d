"""The environment of a step, as both SDKs expect it (protocol notes, section 6)."""

from __future__ import annotations

import os

from amlbridge.engine.host import StepContext
from amlbridge.wire.addresses import tracking_uri
from amlbridge.wire.bootstrap import discovery_url
from amlbridge.wire.context import Service

#: What a step inherits from the service: where programs are, who the user is, how the machine speaks. No secrets.
_INHERITED = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
)


def inherited() -> dict[str, str]:
    """The part of the service's own environment that steps get."""
    return {
        name: value for name, value in os.environ.items() if name in _INHERITED or name.startswith(("LC_", "CONDA_"))
    }


def run_variables(service: Service, context: StepContext, experiment_name: str) -> dict[str, str]:
    """What tells the SDK inside the step which run it belongs to."""
    workspace = context.workspace
    token, expiry = service.issuer.issue("run", run_id=context.run_id)
    return {
        "AZUREML_RUN_ID": context.run_id,
        "AZUREML_ROOT_RUN_ID": context.pipeline_run_id,
        "AZUREML_RUN_TOKEN": token,
        "AZUREML_RUN_TOKEN_EXPIRY": str(expiry),
        "AZUREML_ARM_SUBSCRIPTION": workspace.subscription_id,
        "AZUREML_ARM_RESOURCEGROUP": workspace.resource_group,
        "AZUREML_ARM_WORKSPACE_NAME": workspace.name,
        "AZUREML_ARM_PROJECT_NAME": experiment_name,
        "AZUREML_EXPERIMENT_ID": context.experiment_id,
        "AZUREML_EXPERIMENT_SCOPE": f"{workspace.scope}/experiments/{experiment_name}",
        "AZUREML_WORKSPACE_ID": workspace.id,
        "AZUREML_WORKSPACE_SCOPE": workspace.scope,
        "AZUREML_SERVICE_ENDPOINT": service.http_url,
        "AZUREML_DISCOVERY_SERVICE_ENDPOINT": discovery_url(service, workspace.id),
        # mlflow.start_run() joins this run.
        "MLFLOW_TRACKING_URI": tracking_uri(service.http_url, workspace.scope),
        "MLFLOW_TRACKING_TOKEN": token,
        "MLFLOW_RUN_ID": context.run_id,
        "MLFLOW_EXPERIMENT_ID": context.experiment_id,
        # Where the data lies, for scripts of SDK v2 whose command does not name it.
        **{f"AZURE_ML_INPUT_{name}": path for name, path in context.inputs.items()},
        **{f"AZURE_ML_OUTPUT_{name}": str(place.written) for name, place in context.outputs.items()},
    }
