"""Packages of models: environments whose image has the model and its scripts, so that a deployment names nothing else.

No image is built: a package is a record of the fields that a deployment would have named, beside the environment that
stands for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v2.assets import versions
from amlbridge.v2.assets.asset import Asset
from amlbridge.v2.assets.environments import ENVIRONMENTS
from amlbridge.wire.context import Call, Service, typed
from amlbridge.wire.errors import bad_request

_RECORDS = "v2-model-package"


def write(call: Call, name: str, version: str | None, tags: Mapping[str, Any], made_of: Mapping[str, Any]) -> Asset:
    """Records a package under the next version of an environment, or under the version given. Raises a 4xx
    ServiceError, also when that version is there."""
    with call.records.database.write():
        known = ENVIRONMENTS.list(call.service, call.workspace, name)
        if version is None:
            version = str(ENVIRONMENTS.next_number(call.service, call.workspace, name, known))
        elif any(item.version == version for item in known):
            raise bad_request(f"the environment {name} has a version {version}: leave the version out to get the next")
        body = {"properties": {"image": location(call.workspace, name, version), "tags": dict(tags)}}
        asset, _ = versions.put(call.service, call.workspace, ENVIRONMENTS, name, version, body)
        call.records.resources.put(call.workspace.id, _RECORDS, name, made_of, version)
    return asset


def location(workspace: Workspace, name: str, version: str) -> str:
    """Where the image would be. No registry of another machine: pulling it reaches none."""
    return f"localhost/{workspace.id}/{name}:{version}"


def unwrapped(call: Call, properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """The properties of a deployment with what the package that it names is made of. Raises a 400 ServiceError when
    it names a model or code besides."""
    reference = typed(properties, "environmentId", str, None)
    if not reference:
        return properties
    place, asset = versions.resolve(call.service, call.workspace, ENVIRONMENTS, reference)
    found = find(call.service, place, asset.name, asset.version)
    if found is None:
        return properties
    for field in ("model", "codeConfiguration"):
        if properties.get(field):
            raise bad_request(
                f"the environment {asset.name}:{asset.version} is a package, which has its model and its code: leave "
                f"{field} out, or name another environment"
            )
    variables = {
        **found["environmentVariables"],
        **typed(properties, "environmentVariables", dict, {}),
    }
    return {**properties, **found, "environmentVariables": variables}


def find(service: Service, workspace: Workspace, name: str, version: str) -> dict[str, Any] | None:
    """What a package is made of, as the properties of a deployment; None when the environment is none."""
    found = service.records.resources.find(workspace.id, _RECORDS, name, version)
    return dict(found.body) if found is not None else None
