"""The environment of a step, as both SDKs expect it (protocol notes, section 6)."""

from __future__ import annotations

import json
import os
import socket

from amlbridge.engine.host import StepContext
from amlbridge.engine.plan import Node
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
    }


def distribution_variables(node: Node) -> dict[str, str]:
    """What a distributed script reads of its place among the others; here it is the only one."""
    kind = node.distribution.kind if node.distribution is not None else None
    if kind == "pytorch":
        places = dict.fromkeys(("RANK", "LOCAL_RANK", "NODE_RANK"), "0")
        return {**places, "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(_free_port())}
    if kind == "tensorflow":
        cluster = {"worker": [f"127.0.0.1:{_free_port()}"]}
        return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": "worker", "index": 0}})}
    return {}


def _free_port() -> int:
    """A port that is free now: several runs of one machine must not meet at one."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port
