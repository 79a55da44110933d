"""Components: specifications of steps and pipelines, as YAML describes them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v2.assets import places, versions
from amlbridge.v2.assets.asset import Asset, Kind
from amlbridge.v2.assets.environments import ENVIRONMENTS
from amlbridge.wire import curated_environments
from amlbridge.wire.context import Service, typed
from amlbridge.wire.errors import bad_request

#: The name of every inline component; its version is the hash of its definition.
ANONYMOUS = "azureml_anonymous"
#: What a version may change; all else is what it is.
_CHANGEABLE = ("description", "display_name", "tags", "version", "name", "$schema", "_source", "id", "properties")


class ComponentKind(Kind):
    """Components."""

    plural = "components"
    label = "component"

    def check(self, service: Service, workspace: Workspace, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The specification: a type, ports with types."""
        spec: dict[str, Any] = typed(given, "componentSpec", dict)
        kind = typed(spec, "type", str, "command")
        for ports in ("inputs", "outputs"):
            for port, value in typed(spec, ports, dict, {}).items():
                if not isinstance(value, dict) or not isinstance(value.get("type", "path"), str | list):
                    raise bad_request(f"componentSpec.{ports}.{port} must be an object with a type")
        if kind.startswith("command"):
            typed(spec, "command", str)
        if kind.startswith("pipeline"):
            typed(spec, "jobs", dict, {})
        typed(spec, "display_name", str, None)
        return {"componentSpec": _with_curated(service, workspace, spec)}

    def unchanged(self, old: Asset, new: Mapping[str, Any]) -> None:
        """The definition of a version stays; description, display name and tags may change."""
        before, after = (_definition(item) for item in (old.properties["componentSpec"], new["componentSpec"]))
        if before == after:
            return
        fields = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
        raise bad_request(
            f"Component {old.name} version {old.version} already exists with another definition ({', '.join(fields)} "
            "differ): only description, display_name and tags of a version can change. Register a new version."
        )

    def write(
        self, service: Service, workspace: Workspace, name: str, version: str, properties: Mapping[str, Any]
    ) -> Asset:
        """Records a version; the specification says which one it is, also when the client left it to the service."""
        spec = dict(properties["componentSpec"])
        if name == ANONYMOUS and spec.get("sourceJobId") and not spec.get("jobs"):
            # The client calls the component of every job (``job_definition`` of a batch deployment) version 1.
            version = str(uuid.uuid5(uuid.NAMESPACE_OID, str(spec["sourceJobId"])))
        spec["version"] = version
        if name != ANONYMOUS:
            spec["name"] = name
        return super().write(service, workspace, name, version, {**properties, "componentSpec": spec})


COMPONENTS = ComponentKind()


def _with_curated(service: Service, workspace: Workspace, spec: dict[str, Any]) -> dict[str, Any]:
    """The specification with the id of its environment where it names a curated one by a label: other labels the
    client has resolved, and it cannot download a component that has one."""
    reference = spec.get("environment")
    name, _, label = reference.removeprefix("azureml:").partition("@") if isinstance(reference, str) else ("", "", "")
    if not label or not curated_environments.is_curated(name):
        return spec
    place, found = versions.resolve(service, workspace, ENVIRONMENTS, f"azureml:{name}@{label}")
    return {**spec, "environment": f"azureml:{places.address(place, ENVIRONMENTS, found.name, found.version)}"}


def _definition(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in spec.items() if key not in _CHANGEABLE and value is not None}
