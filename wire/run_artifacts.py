"""The artifacts of a run, addressed through run history."""

from __future__ import annotations

from collections.abc import Callable

from amlbridge.wire.artifact_files import RUN_ORIGIN, Artifacts
from amlbridge.wire.artifacts import announce, artifact_page, content_page
from amlbridge.wire.context import Call
from amlbridge.wire.errors import bad_request
from amlbridge.wire.history import run_of
from amlbridge.wire.routing import REST, Handler, Reply, Routes
from amlbridge.wire.run_dto import data_container

routes = Routes("artifacts", "/history/v1.0/WS")


def _on(method: str, *tails: str) -> Callable[[Handler], Handler]:
    """Registers a handler under both addresses of a run; v1 gives a path in the address, v2 in the query."""

    def register(handler: Handler) -> Handler:
        for base in ("/experiments/{experiment}", "/experimentids/{experiment_id}"):
            for tail in tails:
                routes.operation(method, f"{base}/runs/{{run}}/artifacts{tail}", others=REST)(handler)
        return handler

    return register


def _artifacts(call: Call) -> Artifacts:
    return Artifacts(call.service, call.workspace, RUN_ORIGIN, data_container(run_of(call)))


def _path(call: Call, *, required: bool = True) -> str:
    if "path" in call.params:
        return call.params["path"] + ("/" if call.path.endswith("/") else "")
    path = call.query.get("path", "")
    if required and not path:
        raise bad_request("the path of the artifact is missing")
    return path


@_on("GET", "")
def list_run_artifacts(call: Call) -> Reply:
    """The artifacts of a run in the order of their paths, in pages."""
    artifacts = _artifacts(call)
    return artifact_page(artifacts, call.query.get("continuationtoken"))


@_on("GET", "/path/{path*}", "/path")
def list_run_artifacts_in_path(call: Call) -> Reply:
    """The artifact of a run at a path, or those in the folder of that path, in pages."""
    return artifact_page(_artifacts(call), call.query.get("continuationtoken"), _path(call))


@_on("GET", "/metadata")
def get_run_artifact(call: Call) -> Reply:
    """One artifact of a run."""
    artifacts, path = _artifacts(call), _path(call)
    return artifacts.dto(path, artifacts.stat(path))


@_on("GET", "/contentinfo/{path*}", "/contentinfo")
def get_run_artifact_content_information(call: Call) -> Reply:
    """A URL to read an artifact of a run."""
    artifacts, path = _artifacts(call), _path(call)
    artifacts.stat(path)
    return artifacts.content_dto(path)


@_on("GET", "/artifacturi/{path*}", "/artifacturi")
def get_run_artifact_uri(call: Call) -> Reply:
    """A URL to read an artifact of a run, as a plain string."""
    artifacts, path = _artifacts(call), _path(call)
    artifacts.stat(path)
    return artifacts.uri(path)


@_on("GET", "/prefix/contentinfo/{path*}", "/prefix/contentinfo")
def list_run_artifact_uris_by_prefix(call: Call) -> Reply:
    """URLs to read the artifacts of a run whose path starts with a prefix, in pages."""
    artifacts = _artifacts(call)
    return content_page(artifacts, call.query.get("continuationtoken"), _path(call, required=False))


@_on("POST", "/batch/metadata")
def batch_create_empty_run_artifacts(call: Call) -> Reply:
    """Announces artifacts of a run by path and returns a URL to upload each to."""
    return announce(call, _artifacts(call), call.object)
