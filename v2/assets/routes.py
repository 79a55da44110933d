"""The ARM routes of assets: the same for every kind, in workspaces and in registries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v2 import arm_lists
from amlbridge.v2.assets import places, versions
from amlbridge.v2.assets.asset import Asset, Kind, missing
from amlbridge.v2.assets.codes import CODES, UPLOADS, of_hash, start_upload
from amlbridge.v2.assets.components import COMPONENTS
from amlbridge.v2.assets.data import DATA
from amlbridge.v2.assets.environments import ENVIRONMENTS
from amlbridge.v2.assets.models import MODELS
from amlbridge.wire.context import Call
from amlbridge.wire.errors import ServiceError, bad_request, conflict
from amlbridge.wire.json_response import JsonResponse
from amlbridge.wire.registry_scope import MICROSOFT, is_microsofts
from amlbridge.wire.routing import REST, Handler, Reply, Routes

#: Every kind, in the order of the coverage table.
KINDS: tuple[Kind, ...] = (DATA, ENVIRONMENTS, CODES, COMPONENTS, MODELS)
_REGISTRY = (
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.MachineLearningServices"
    "/registries/{registry}"
)
#: Where a registry's own address leads (wire facts, section 4), and ARM's.
REGISTRY_BASES = (f"/mferp/managementfrontend{_REGISTRY}", _REGISTRY)


@dataclass(frozen=True)
class _Item:
    """A row of a list of containers, with what lists are ordered by."""

    name: str
    created: float
    modified: float
    content: dict[str, Any]
    version: str = ""


def place_of(call: Call) -> Workspace:
    """The workspace or the registry of the path."""
    if "registry" in call.params:
        return places.registry(call.service, call.params["registry"])
    return call.workspace


def _list_containers(kind: Kind, call: Call) -> Reply:
    place, rows = place_of(call), []
    for name, found in versions.names(call.service, place, kind).items():
        content = versions.container_dto(call.service, place, kind, name, found)
        if arm_lists.in_view(call, content["properties"]["isArchived"]):
            times = [item.modified for item in found] or [0.0]
            rows.append(_Item(name, min(item.created for item in found) if found else 0.0, max(times), content))
    return arm_lists.page(call, rows, lambda row: row.content)


def _get_container(kind: Kind, call: Call) -> Reply:
    found = versions.container(call.service, place_of(call), kind, call.params["name"])
    if found is None:
        raise missing(kind, call.params["name"])
    return found


def _put_container(kind: Kind, call: Call) -> Reply:
    place, name = place_of(call), call.params["name"]
    new = versions.put_container(call.service, place, kind, name, call.object)
    return JsonResponse(versions.container(call.service, place, kind, name), 201 if new else 200)


def _delete_container(kind: Kind, call: Call) -> Reply:
    gone = versions.erase_container(call.service, place_of(call), kind, call.params["name"])
    return None if gone else Response(status_code=204)


def _list_versions(kind: Kind, call: Call) -> Reply:
    place, query = place_of(call), call.query
    if kind is CODES and query.get("hash"):
        found = of_hash(call.service, place, query["hash"], query.get("hashversion"))
    else:
        found = kind.list(call.service, place, call.params["name"])
    if not found:
        _check_shelf(place, kind, call.params["name"])
    chosen = [item for item in found if arm_lists.in_view(call, item.archived) and _wanted(call, item)]
    return arm_lists.page(call, arm_lists.ordered(call, chosen), lambda item: versions.dto(place, kind, item))


def _check_shelf(place: Workspace, kind: Kind, name: str) -> None:
    """Raises a 501 ServiceError for a component of Microsoft's registry, which is not here: it runs in Azure only."""
    if kind is COMPONENTS and is_microsofts(place):
        raise ServiceError(
            501,
            "NotSupported",
            f"amlbridge does not have the component {name} of Microsoft's registry {MICROSOFT}: such components run in "
            "Azure only. Run the pipeline there, or take a component of your own instead "
            "(ml_client.components.create_or_update)",
        )


def _wanted(call: Call, item: Asset) -> bool:
    query, has = call.query, item.properties
    if query.get("version") and query["version"] != item.version:
        return False
    if query.get("description") and query["description"] != has.get("description"):
        return False
    if query.get("stage") and query["stage"].lower() != str(has.get("stage") or "").lower():
        return False
    return arm_lists.has_pairs(has.get("tags"), query.get("tags")) and arm_lists.has_pairs(
        has.get("properties"), query.get("properties")
    )


def _get_version(kind: Kind, call: Call) -> Reply:
    place, name, wanted = place_of(call), call.params["name"], call.params["version"]
    found = versions.version(call.service, place, kind, name, wanted)
    if found is None:
        _check_shelf(place, kind, name)
        raise missing(kind, f"{name}:{wanted}")
    return versions.dto(place, kind, found)


def _get_label(kind: Kind, call: Call) -> Reply:
    place, name, label = place_of(call), call.params["name"], call.params["label"]
    reference = f"azureml:{name}@{label}"
    return versions.dto(place, kind, versions.resolve(call.service, place, kind, reference)[1])


def _put_version(kind: Kind, call: Call) -> Reply:
    place, name, wanted = place_of(call), call.params["name"], call.params["version"]
    asset, new = versions.put(call.service, place, kind, name, wanted, call.object)
    return JsonResponse(versions.dto(place, kind, asset), 201 if new else 200)


def _delete_version(kind: Kind, call: Call) -> Reply:
    gone = kind.delete(call.service, place_of(call), call.params["name"], call.params["version"])
    return None if gone else Response(status_code=204)


def _start_upload(kind: Kind, call: Call) -> Reply:
    place, name, wanted = place_of(call), call.params["name"], call.params["version"]
    given = call.field("pendingUploadType", str, UPLOADS[1])
    if given not in UPLOADS:
        raise bad_request(f"pendingUploadType must be {UPLOADS[1]}, not {given!r}")
    if kind.find(call.service, place, name, wanted) is not None:
        raise conflict(f"the {kind.label} {name}:{wanted} exists: nothing can be uploaded to it")
    return start_upload(call.service, place)


#: Method, path behind the kind's, function, what it does ({0} stands for the label), and who sends it when no client.
_OPERATIONS: tuple[tuple[str, str, Callable[[Kind, Call], Reply], str, str | None], ...] = (
    ("GET", "", _list_containers, "The names of {0}s with latest and next version, without anonymous ones.", None),
    ("GET", "/{name}", _get_container, "One name of a {0} with its latest and next version.", None),
    ("PUT", "/{name}", _put_container, "Changes description, tags and archiving of a name of a {0}.", None),
    ("DELETE", "/{name}", _delete_container, "Deletes a name of a {0} with all of its versions.", REST),
    ("GET", "/{name}/versions", _list_versions, "The versions of a {0}, newest first, by tags, view and order.", None),
    ("GET", "/{name}/versions/{version}", _get_version, "One version of a {0}.", None),
    (
        "GET",
        "/{name}/labels/{label}",
        _get_label,
        "The version of a {0} that has a label, such as latest.",
        REST,
    ),
    ("PUT", "/{name}/versions/{version}", _put_version, "Creates a version of a {0} or changes what can change.", None),
    ("DELETE", "/{name}/versions/{version}", _delete_version, "Deletes a version of a {0}; its files stay.", REST),
)
_UPLOAD = (
    "POST",
    "/{name}/versions/{version}/startPendingUpload",
    _start_upload,
    "A place for the files of a new version of a {0}, and a signature to upload them with.",
)
_PUBLISH = "Publishing to a registry by the service is not served: create the asset with the registry's own MLClient."


def _operations(kind: Kind) -> list[tuple[str, str, Handler, str | None]]:
    """Method, path, handler and other senders of each operation of a kind: one handler, wherever it is mounted."""
    uploads = (*_UPLOAD, None if kind is CODES else REST)
    found = []
    for method, path, function, summary, others in (*_OPERATIONS, uploads):
        # The clients ask for versions of code alone.
        unasked = kind is CODES and "/versions" not in path
        found.append((method, path, _handler(kind, function, summary), REST if unasked else others))
    return found


def _handler(kind: Kind, function: Callable[[Kind, Call], Reply], summary: str) -> Handler:
    def handler(call: Call) -> Reply:
        return function(kind, call)

    handler.__doc__ = summary.format(kind.label)
    handler.__name__ = function.__name__.strip("_")
    return handler


def _refuse_publish(routes: Routes, kind: Kind) -> None:
    path = f"/WS/{kind.plural}/{{name}}/versions/{{version}}/publish"

    @routes.operation("POST", path, refused=_PUBLISH, others=REST)
    def publish(call: Call) -> Reply:
        """Copies a version to a registry."""
        raise AssertionError(call.path)


def _mounted() -> list[Routes]:
    """In workspaces one service for each kind, in registries one for all."""
    found, registries = [], Routes("v2 registry assets")
    for kind in KINDS:
        routes = Routes(f"v2 {kind.plural}")
        for method, path, handler, others in _operations(kind):
            routes.operation(method, f"/WS/{kind.plural}{path}", others=others)(handler)
            for base in REGISTRY_BASES:
                registries.operation(method, f"{base}/{kind.plural}{path}", others=others)(handler)
        _refuse_publish(routes, kind)
        found.append(routes)
    return [*found, registries]


#: The assets of workspaces, and last those of registries.
services: list[Routes] = _mounted()
