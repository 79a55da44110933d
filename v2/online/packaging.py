"""``ml_client.models.package``: makes a package of a model, its scoring script and an environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amlbridge.v2.assets import lookup, references
from amlbridge.v2.assets.codes import snapshots
from amlbridge.v2.online import packages, settings
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import ServiceError, bad_request
from amlbridge.wire.routing import Reply, Routes

routes = Routes("v2 model packages")

#: The kinds of servers that a package can have, and why those that amlbridge does not run are refused.
_SERVER = "AzureMLOnline"
_OTHERS = {
    "AzureMLBatch": "deploy the model to a batch endpoint by itself",
    "Custom": "that is a server in a container of its own; take AzureMLOnlineInferencingServer with a scoring script",
}


@routes.post("/WS/models/{name}/versions/{version}/package")
def package(call: Call) -> Reply:
    """Makes a package of a model, its scoring script and an environment; no image is built."""
    content = call.object
    _refuse(content)
    name, version = _target(content)
    server = typed(content, "inferencingServer", dict)
    model = lookup.model(call.service, call.workspace, f"{call.params['name']}:{call.params['version']}")
    base: dict[str, Any] = typed(content, "baseEnvironmentSource", dict, {})
    environment = typed(base, "resourceId", str, None)
    made_of: dict[str, Any] = {
        "model": model["id"],
        "codeConfiguration": typed(server, "codeConfiguration", dict, None),
        "environmentId": environment and lookup.environment(call.service, call.workspace, environment)["id"],
        "environmentVariables": typed(content, "environmentVariables", dict, {}),
    }
    made = settings.made_of(call.service, call.workspace, made_of, name)
    script = made.script.removeprefix("code/") if made.script else None
    if script and made.code:
        files = {item.name for item in snapshots(call.service).files(call.workspace.id, made.code)}
        if script not in files:
            raise bad_request(f"the scoring script {script} is not in the code folder of the package")
    asset = packages.write(call, name, version, typed(content, "tags", dict, {}), made_of)
    return {
        "buildId": f"{asset.name}-{asset.version}",
        "buildState": "Succeeded",
        "logUrl": None,
        "targetEnvironmentId": (
            f"azureml://locations/local/workspaces/{call.workspace.id}/environments/{asset.name}"
            f"/versions/{asset.version}"
        ),
        **{key: content.get(key) for key in ("inferencingServer", "baseEnvironmentSource", "environmentVariables")},
        **{key: content.get(key) for key in ("modelConfiguration", "inputs", "tags")},
    }


def _refuse(content: Mapping[str, Any]) -> None:
    server = typed(content, "inferencingServer", dict)
    kind = typed(server, "serverType", str)
    if kind != _SERVER:
        way_out = _OTHERS.get(kind, "take AzureMLOnlineInferencingServer")
        raise ServiceError(
            501, "NotSupported", f"amlbridge makes no packages with a server of the kind {kind}: {way_out}"
        )
    configuration: dict[str, Any] = typed(content, "modelConfiguration", dict, {})
    if configuration.get("mountPath"):
        raise bad_request(
            "mount_path is a path in a container, which amlbridge does not have: read AZUREML_MODEL_DIR", "NotSupported"
        )
    if typed(content, "inputs", list, []):
        raise bad_request(
            "inputs of a package lie at paths of a container, which amlbridge does not have: put the files beside the "
            "model, or beside the scoring script",
            "NotSupported",
        )


def _target(content: Mapping[str, Any]) -> tuple[str, str | None]:
    """The name of the environment that is to be, and its version when one is asked for."""
    target = typed(content, "targetEnvironmentId", str, None) or typed(content, "targetEnvironmentName", str)
    found = references.parse(target)
    return found.name, found.version
