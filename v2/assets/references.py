"""How a job, a component or a program names an asset.

azureml:name:version      azureml:name@label      name:version      name@label
[azureml:]/subscriptions/S/resourceGroups/R/providers/Microsoft.MachineLearningServices/workspaces/W/kind/name/versions/v
azureml://registries/registry/kind/name/versions/v      …/labels/label
azureml://locations/L/workspaces/GUID/kind/name/versions/v
azureml://[subscriptions/S/resourcegroups/R/workspaces/W/]kind/name/versions/v
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from amlbridge.wire.errors import bad_request

_TAIL = r"(?P<kind>\w+)/(?P<name>[^/]+)(?:/versions/(?P<version>[^/]+)|/labels/(?P<label>[^/]+))?/?"
_FORMS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:azureml:)?/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
        rf"/providers/Microsoft\.MachineLearningServices/workspaces/(?P<workspace>[^/]+)/{_TAIL}",
        rf"azureml://registries/(?P<registry>[^/]+)/{_TAIL}",
        rf"(?:azureml:)?/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.MachineLearningServices"
        rf"/registries/(?P<registry>[^/]+)/{_TAIL}",
        rf"azureml://locations/[^/]+/workspaces/(?P<workspace_id>[^/]+)/{_TAIL}",
        r"azureml://subscriptions/(?P<subscription>[^/]+)/resourcegroups/(?P<group>[^/]+)"
        rf"/(?:providers/Microsoft\.MachineLearningServices/)?workspaces/(?P<workspace>[^/]+)/{_TAIL}",
        rf"azureml://{_TAIL}",
        r"(?:azureml:)?(?P<name>[^/:@]+)(?::(?P<version>[^/:@]+)|@(?P<label>[^/:@]+))?",
    )
)


@dataclass(frozen=True)
class Reference:
    """A parsed reference. ``version`` and ``label`` are None where it names none; ``scope`` (subscription, resource
    group, workspace), ``workspace_id`` and ``registry`` say where the asset is, when it says so; ``kind`` is the
    plural of the address, "" for a short form."""

    text: str
    name: str
    version: str | None = None
    label: str | None = None
    kind: str = ""
    scope: tuple[str, str, str] | None = None
    workspace_id: str | None = None
    registry: str | None = None


def parse(text: str) -> Reference:
    """The reference that a text is. Raises a 400 ServiceError for a text that is none."""
    for form in _FORMS:
        match = form.fullmatch(text.strip())
        if match is None:
            continue
        found = {key: unquote(value) for key, value in match.groupdict().items() if value is not None}
        scope = (found["subscription"], found["group"], found["workspace"]) if "subscription" in found else None
        return Reference(
            text=text,
            name=found["name"],
            version=found.get("version"),
            label=found.get("label"),
            kind=found.get("kind", "").lower(),
            scope=scope,
            workspace_id=found.get("workspace_id"),
            registry=found.get("registry"),
        )
    raise bad_request(
        f"{text!r} is no reference to an asset: write azureml:name:version, azureml:name@latest, an ARM id or "
        "azureml://registries/…",
        "InvalidReference",
    )
