"""Where the named outputs of a run lie, and the ids under which run history reports them (protocol notes, section 4).

An output of a pipeline is one of a step's. Its id is that of a data asset of its own, as Azure makes one for each.
"""

from __future__ import annotations

import re
from typing import Any

from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire.context import Service

#: The entry of ``Run.extra`` with the outputs of a run: name -> {"type", and for one of a pipeline "node" and "port"}.
PORTS = "ports"
_ID = re.compile(r".*/data/azureml_(?P<run>.+?)_output_data_(?P<name>[^/]+)(?:/versions/[^/]+)?", re.IGNORECASE)
#: What the client takes for files: its path for models crashes (protocol notes, section 4).
_FILES = ("uri_file", "uri_folder", "mltable")


def place(service: Service, workspace: Workspace, run: Run, name: str) -> tuple[str, str] | None:
    """Datastore and path of a named output; None when the run has no such output, or it was not yet begun."""
    port = run.extra.get(PORTS, {}).get(name)
    if port is not None and "node" in port:
        for child in service.records.runs.steps(workspace.id, run.id):
            if child.node_id == port["node"]:
                return _recorded(child, port["port"])
        return None
    return _recorded(run, name)


def _recorded(run: Run, name: str) -> tuple[str, str] | None:
    found = run.execution.get("outputs", {}).get(name)
    return (found["datastore"], found["path"]) if found is not None else None


def output_id(workspace: Workspace, run_id: str, name: str) -> str:
    """The asset id of an output."""
    return f"azureml://locations/local/workspaces/{workspace.id}/data/azureml_{run_id}_output_data_{name}/versions/1"


def of_id(service: Service, workspace: Workspace, asset_id: str) -> dict[str, str] | None:
    """``{"uri", "type"}`` of an output by its asset id; None for any other id."""
    match = _ID.fullmatch(asset_id)
    run = service.records.runs.find(workspace.id, match["run"]) if match is not None else None
    if match is None or run is None:
        return None
    found = place(service, workspace, run, match["name"])
    if found is None:
        return None
    kind = run.extra.get(PORTS, {}).get(match["name"], {}).get("type", "uri_folder")
    return {"uri": uri(*found, kind), "type": _type(kind)}


def uri(datastore: str, path: str, kind: str) -> str:
    """The URI of an output; a folder's ends with a slash, by which the client knows to list it."""
    return f"azureml://datastores/{datastore}/paths/{path}" + ("" if kind == "uri_file" or path.endswith("/") else "/")


def _type(kind: str) -> str:
    return kind if kind in _FILES else "uri_folder"


def dto(service: Service, workspace: Workspace, run: Run) -> dict[str, Any]:
    """The outputs as ``runMetadata`` names them: those that were begun."""
    return {
        name: {"assetId": output_id(workspace, run.id, name), "type": _type(port.get("type", "uri_folder"))}
        for name, port in run.extra.get(PORTS, {}).items()
        if place(service, workspace, run, name) is not None
    }
