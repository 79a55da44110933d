"""The artifact service: what files a run or an upload has, and URLs to read and write them."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

from starlette.responses import FileResponse

from amlbridge.engine.blobs import Blob
from amlbridge.engine.errors import EngineError
from amlbridge.wire import paging
from amlbridge.wire.artifact_files import CONTAINER, DATASTORE, RUN_ORIGIN, Artifacts, normal
from amlbridge.wire.context import Call, typed
from amlbridge.wire.errors import ServiceError, bad_request, conflict, from_engine
from amlbridge.wire.routing import REST, Reply, Routes
from amlbridge.wire.run_types import INTERACTIVE

routes = Routes("artifacts", "/artifact/v2.0/WS/artifacts")

#: How many artifacts one page of a list holds.
PAGE = 500


def _artifacts(call: Call) -> Artifacts:
    return Artifacts(call.service, call.workspace, call.params["origin"], call.params["container"])


def _prefix(call: Call) -> str:
    """The path of the address. A slash at its end, which makes it a folder, is lost to the router."""
    return call.params.get("path", "") + ("/" if call.path.endswith("/") else "")


def content_page(artifacts: Artifacts, token: str | None, prefix: str = "") -> dict[str, Any]:
    """One page of ArtifactContentInformationDtos: those whose path starts with ``prefix``."""
    page, more = _page(artifacts, token, prefix, folder=False)
    found = [artifacts.content_dto(path) | {"contentUri": artifacts.readable(path)} for path, _blob in page]
    return {"value": found, "continuationToken": more, "nextLink": None}


def artifact_page(artifacts: Artifacts, token: str | None, folder: str = "") -> dict[str, Any]:
    """One page of ArtifactDtos: those at the path ``folder`` and below it."""
    page, more = _page(artifacts, token, folder.rstrip("/"), folder=bool(folder.strip("/")))
    return {"value": [artifacts.dto(path, blob) for path, blob in page], "continuationToken": more, "nextLink": None}


def _page(
    artifacts: Artifacts, token: str | None, prefix: str, *, folder: bool
) -> tuple[list[tuple[str, Blob]], str | None]:
    """Paths after the one that the token names: files that come or go meanwhile shift nothing, and files of other pages
    are not looked at."""
    state = paging.state(token, after=str)
    found = artifacts.find(prefix, folder=folder, after="" if state is None else state["after"])
    rest = list(islice(found, PAGE + 1))
    more = paging.token({"after": rest[PAGE - 1][0]}) if len(rest) > PAGE else None
    return rest[:PAGE], more


def announce(call: Call, artifacts: Artifacts, content: dict[str, Any]) -> dict[str, Any]:
    """URLs to upload artifacts to, for each path of a BatchArtifactCreateCommand; nothing is written yet.

    Paths that no file can have are reported under ``errors``; so are artifacts that exist, as in Azure, but for a step
    that runs: its ``outputs`` folder is its artifacts, and scripts write a file there and then upload it, too.
    """
    run_id = artifacts.container.removeprefix("dcid.") if artifacts.origin == RUN_ORIGIN else ""
    run = call.records.runs.find(call.workspace.id, run_id)
    running = run is not None and run.kind != INTERACTIVE and not run.finished
    good: dict[str, Any] = {}
    places: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for item in typed(content, "paths", list):
        if not isinstance(item, dict):
            raise bad_request("paths must be an array of objects")
        path = typed(item, "path", str)
        try:
            if not running and artifacts.exists(path):
                name = f"{artifacts.origin}/{artifacts.container}/{normal(path)}"
                raise conflict(f"Resource Conflict: ArtifactId {name} already exists.", "UserError")
            places[path] = artifacts.content_dto(path)
            good[path] = artifacts.dto(path, None)
        except (ServiceError, EngineError) as error:
            found = error if isinstance(error, ServiceError) else from_engine(error)
            errors[path] = {"error": found.body()["error"]}
    return {"artifacts": good, "artifactContentInformation": places, "errors": errors}


@routes.post("/batch/metadata/{origin}/{container}")
def batch_create_empty_artifacts(call: Call) -> Reply:
    """Announces artifacts by path and returns a URL to upload each to."""
    store = call.query.get("datastorename")
    if store and store.lower() != DATASTORE:
        raise ServiceError(
            501,
            "NotSupported",
            f"artifacts are kept in workspaceartifactstore: upload without datastore_name={store!r}, or copy the files "
            "to the datastore with its own upload_files",
        )
    return announce(call, _artifacts(call), call.object)


@routes.operation("POST", "/batch/ingest/containersas/{origin}/{container}", others=REST)
def batch_ingest_from_sas(call: Call) -> Reply:
    """Takes over blobs of a container of this service as artifacts: copies those below a prefix."""
    prefix = call.field("prefix", str, "")
    target = call.field("artifactPrefix", str, "")
    account, container = _own_container(call, call.field("containerUri", str))
    artifacts = _artifacts(call)
    copied = []
    for blob in call.service.blobs.list(account, container, prefix):
        path = f"{target}/{blob.name[len(prefix) :]}"
        source = call.service.blobs.path(account, container, blob.name)
        with (
            call.service.blobs.writing(call.workspace.storage_account, CONTAINER, artifacts.blob_name(path)) as file,
            source.open("rb") as content,
        ):
            while chunk := content.read(1024 * 1024):
                file.write(chunk)
        copied.append(artifacts.dto(path, artifacts.stat(path)))
    return {"value": copied, "continuationToken": None, "nextLink": None}


def _own_container(call: Call, uri: str) -> tuple[str, str]:
    """Account and container of a container URL of ours. Raises a 400 for any other: nothing leaves the machine."""
    scheme, _, rest = uri.partition("://")
    host, _, path = rest.partition("?")[0].partition("/")
    account = host.partition(".blob.")[0]
    if scheme not in ("http", "https") or not host.endswith(call.service.storage_endpoint) or not path.strip("/"):
        raise bad_request(f"{uri!r} is no container of this service: upload the files instead", "NotSupported")
    return account, path.strip("/").partition("/")[0]


@routes.operation("DELETE", "/batch/{origin}/{container}", others=REST)
def delete_artifacts_in_container(call: Call) -> Reply:
    """Deletes all artifacts of a container; their files only with ``hardDelete``, which is refused without it."""
    artifacts = _artifacts(call)
    _require_hard(call)
    for path in artifacts.paths():
        artifacts.delete(path)
    return None


def _require_hard(call: Call) -> None:
    if call.query.get("harddelete", "").lower() != "true":
        raise ServiceError(
            501,
            "NotSupported",
            "artifacts are files here and have no record of their own to delete: pass hardDelete=true to delete the "
            "files",
        )


@routes.operation("POST", "/metadata", others=REST)
def create_artifact(call: Call) -> Reply:
    """Registers an artifact whose file is there already."""
    names = {name: call.field(name, str) for name in ("origin", "container", "path")}
    artifacts = Artifacts(call.service, call.workspace, names["origin"], names["container"])
    return artifacts.dto(names["path"], artifacts.stat(names["path"]))


@routes.operation("GET", "/metadata/{origin}/{container}/{path*}", others=REST)
def get_artifact(call: Call) -> Reply:
    """One artifact."""
    artifacts = _artifacts(call)
    return artifacts.dto(call.params["path"], artifacts.stat(call.params["path"]))


@routes.operation("DELETE", "/metadata/{origin}/{container}/{path*}", others=REST)
def delete_artifact(call: Call) -> Reply:
    """Deletes an artifact; its file only with ``hardDelete``, which is refused without it."""
    artifacts = _artifacts(call)
    _require_hard(call)
    artifacts.delete(call.params["path"])
    return None


@routes.operation("GET", "/content/{origin}/{container}/{path*}", others=REST)
def download_artifact(call: Call) -> Reply:
    """The content of an artifact."""
    artifacts = _artifacts(call)
    artifacts.stat(call.params["path"])
    name = artifacts.blob_name(call.params["path"])
    place = call.service.blobs.path(call.workspace.storage_account, CONTAINER, name)
    return FileResponse(place, media_type="application/octet-stream")


@routes.operation("POST", "/content/{origin}/{container}/{path*}", others=REST)
def upload_artifact(call: Call) -> Reply:
    """Writes a small artifact from the request's body, or appends to it; ``index`` 0 or none begins anew."""
    artifacts, path = _artifacts(call), call.params["path"]
    index, append = call.query.get("index") or "0", call.query.get("append", "false").lower()
    if not index.isdecimal() or append not in ("true", "false"):
        raise bad_request("index must be a whole number and append true or false")
    content = _text(call)
    before = b""
    if append == "true" or int(index) > 0:
        try:
            before = artifacts.read(path)
        except ServiceError as error:
            if error.status != 404 or int(index) > 0:
                raise
    return artifacts.dto(path, artifacts.write(path, before + content))


def _text(call: Call) -> bytes:
    """The v1 client sends the content as a JSON string, under the type of raw bytes."""
    body = call.body
    if body[:1] == b'"' and body[-1:] == b'"' and len(body) > 1:
        try:
            text = json.loads(body)
        except ValueError:
            return body
        return str(text).encode()
    return body


@routes.get("/contentinfo/{origin}/{container}/{path*}")
def get_content_information(call: Call) -> Reply:
    """A URL to read an artifact that exists."""
    artifacts = _artifacts(call)
    artifacts.stat(call.params["path"])
    return artifacts.content_dto(call.params["path"])


@routes.operation("GET", "/write/{origin}/{container}/{path*}", others=REST)
def get_write_sas(call: Call) -> Reply:
    """A URL to write an artifact, whether it exists or not."""
    return _artifacts(call).content_dto(call.params["path"])


@routes.get("/prefix/contentinfo/{origin}/{container}")
def list_sas_in_container(call: Call) -> Reply:
    """URLs to read every artifact of a container, in pages."""
    artifacts = _artifacts(call)
    return content_page(artifacts, call.query.get("continuationtoken"))


@routes.get("/prefix/contentinfo/{origin}/{container}/{path*}")
def list_sas_by_prefix(call: Call) -> Reply:
    """URLs to read the artifacts whose path starts with a prefix (a folder when it ends with a slash), in pages."""
    artifacts = _artifacts(call)
    return content_page(artifacts, call.query.get("continuationtoken"), _prefix(call))


@routes.get("/{origin}/{container}")
def list_in_container(call: Call) -> Reply:
    """The artifacts of a container in the order of their paths, in pages."""
    artifacts = _artifacts(call)
    return artifact_page(artifacts, call.query.get("continuationtoken"))


@routes.operation("GET", "/{origin}/{container}/{path*}", others=REST)
def list_in_path(call: Call) -> Reply:
    """The artifact at a path, or those in the folder of that path, in pages."""
    return artifact_page(_artifacts(call), call.query.get("continuationtoken"), call.params["path"])


@routes.operation("POST", "/register", others=REST)
def register_artifact(call: Call) -> Reply:
    """Registers an artifact whose file is there already."""
    return create_artifact(call)
