"""`amlbridge published run`: the body of the call, and how its run is followed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import Any

import click

from amlbridge.cli.output import EXIT_FAILURE, duration, print_json, say
from amlbridge.cli.run_table import FINAL, first_line, show_run
from amlbridge.cli.service_client import ServiceClient, WorkspaceNames

_INTERVAL = 0.3
_VERSION = re.compile(r"(.+):(\d+|latest)", re.IGNORECASE | re.DOTALL)
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def pairs(items: Iterable[str], option: str) -> dict[str, str]:
    """``K=V`` texts as a table. Raises a usage error for another form and for a key that comes twice."""
    found: dict[str, str] = {}
    for item in items:
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise click.UsageError(f"{option} {item}: it must have the form NAME=VALUE")
        if key in found:
            raise click.UsageError(f"{option} {key} is given twice: {found[key]} and {value}")
        found[key] = value
    return found


def body(
    parameters: tuple[str, ...], datasets: tuple[str, ...], paths: tuple[str, ...], tags: tuple[str, ...]
) -> dict[str, Any]:
    """What these options post to the pipeline's URL. Raises a usage error."""
    return {
        "ParameterAssignments": pairs(parameters, "--param"),
        "DataSetDefinitionValueAssignments": {
            name: _dataset(name, value) for name, value in pairs(datasets, "--dataset").items()
        },
        "DataPathAssignments": {name: _path(name, value) for name, value in pairs(paths, "--datapath").items()},
        "Tags": pairs(tags, "--tag"),
        "RunSource": "API",
    }


def _dataset(name: str, value: str) -> dict[str, Any]:
    if not value:
        raise click.UsageError(f"--dataset {name}=: name a registered dataset, as in {name}=sales:2")
    if _GUID.fullmatch(value):
        return {"SavedDataSetReference": {"Id": value}}
    match = _VERSION.fullmatch(value)
    label, version = (match[1], match[2]) if match else (value, "latest")
    reference = {"Name": label, **({} if version.lower() == "latest" else {"Version": version})}
    return {"DataSetReference": reference}


def _path(name: str, value: str) -> dict[str, Any]:
    store, _, path = value.partition("/")
    if not store:
        raise click.UsageError(f"--datapath {name}={value}: it must have the form {name}=DATASTORE/PATH")
    return {"DataStoreName": store, "RelativePath": path}


def run(
    client: ServiceClient,
    names: WorkspaceNames,
    found: dict[str, Any],
    content: dict[str, Any],
    *,
    wait: bool,
    as_json: bool,
) -> int:
    """Calls the pipeline; with ``wait`` follows its run. Returns the exit code."""
    base = f"/pipelines/v1.0{names.scope}/PipelineRuns"
    if found["endpoint"] is not None:
        path = f"{base}/PipelineEndpointSubmit/Id/{found['endpoint']['id']}/{found['version']}"
    else:
        path = f"{base}/PipelineSubmit/{found['pipeline']['id']}"
    run_id = client.send("POST", path, content)["Id"]
    if not wait:
        if as_json:
            print_json({"id": run_id, "pipeline": found["pipeline"]["id"], "experiment": content["ExperimentName"]})
        else:
            click.echo(run_id)
            say(f"`amlbridge status {run_id}` shows its steps")
        return 0
    if not as_json:
        click.echo(run_id)
    try:
        last = _followed(client, run_id)
    except KeyboardInterrupt:
        say(f"the run goes on; `amlbridge status {run_id}` shows it")
        raise
    print_json(last) if as_json else show_run(last)
    return 0 if last["status"] == "Completed" else EXIT_FAILURE


def _followed(client: ServiceClient, run_id: str) -> dict[str, Any]:
    """A line to standard error for each change, until the run has ended; then the run."""
    told: dict[str, str] = {}
    while True:
        content: dict[str, Any] = client.send("GET", f"/amlbridge/runs/{run_id}")
        for item, kind in [*((step, "step") for step in content["steps"]), (content, "run")]:
            _tell(told, item, kind)
        if content["status"] in FINAL:
            return content
        time.sleep(_INTERVAL)


def _tell(told: dict[str, str], item: dict[str, Any], kind: str) -> None:
    status = item["status"]
    if told.get(item["id"]) == status or status in ("NotStarted", "Queued"):
        return
    told[item["id"]] = status
    parts = [f"{kind} {item['name']}", status]
    if status in FINAL:
        parts += [duration(item["started"], item["ended"]), "reused" if item["reused"] else ""]
        parts.append(first_line(item["error"]))
    say(" · ".join(part for part in parts if part))
