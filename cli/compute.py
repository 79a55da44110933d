"""`amlbridge compute`: the computes of a workspace, which scripts take for granted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import quote, urlsplit

import click

from amlbridge.cli.output import EXIT_FAILURE, EXIT_UNAVAILABLE, EXIT_USAGE, Failure, Waiting, print_json, say, table
from amlbridge.cli.service_client import AskedWorkspace, RefusedError, ServiceClient, WorkspaceNames, workspace_options
from amlbridge.engine.errors import StateError
from amlbridge.server import home as homes
from amlbridge.server import lifecycle

_API = "api-version=2023-04-01"
_KINDS = {"cluster": "AmlCompute", "instance": "ComputeInstance", "kubernetes": "Kubernetes"}
_SHORT = {kind: name for name, kind in _KINDS.items()}
_MOST_NODES = 65_000


def _told(function: Callable[..., int]) -> Callable[..., int]:
    """Tells an error that the service answers as every other one."""

    @wraps(function)
    def command(*arguments: Any, **options: Any) -> int:
        try:
            return function(*arguments, **options)
        except RefusedError as error:
            raise Failure(error.message, code=EXIT_FAILURE) from error

    return command


@click.group("compute")
def compute_command() -> None:
    """Add, list, connect and remove the computes of a workspace.

    Scripts name clusters that somebody once made in Azure: compute_target="cpu-cluster". Here every compute is this
    machine, and a name that you add once. The workspace is that of the nearest config.json; --workspace names another.

    \b
    Examples:
      amlbridge compute add cpu-cluster
      amlbridge compute add gpu-cluster --max-nodes 2 --workspace research
      amlbridge compute list
      amlbridge compute connect databricks https://adb-1234567890123456.7.azuredatabricks.net
    """


@compute_command.command("add")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option(
    "--max-nodes",
    type=click.IntRange(1, _MOST_NODES),
    help="How many steps of a cluster run at once, within the cores of this machine.  [default: 4]",
)
@click.option("--type", "kind", type=click.Choice(list(_KINDS)), default="cluster", show_default=True)
@workspace_options
@_told
def add_command(names: tuple[str, ...], max_nodes: int | None, kind: str, asked: AskedWorkspace) -> int:
    """Add computes of these names, or change the maximum of nodes of clusters that are there; starts the service if
    need be.

    \b
    Examples:
      amlbridge compute add cpu-cluster gpu-cluster
      amlbridge compute add my-laptop --type instance
    """
    if max_nodes is not None and kind != "cluster":
        raise click.UsageError("--max-nodes is for clusters")
    client = _started()
    workspace = client.workspace(asked, new=True)
    there = {item["name"].lower(): item for item in _computes(client, workspace)}
    for name in names:
        _add(client, workspace, name, there.get(name.lower()), kind, max_nodes)
    return 0


def _add(
    client: ServiceClient,
    workspace: WorkspaceNames,
    name: str,
    existing: Mapping[str, Any] | None,
    kind: str,
    max_nodes: int | None,
) -> None:
    scale = {"scaleSettings": {"maxNodeCount": max_nodes}} if max_nodes is not None else {}
    where = f"the workspace {workspace.workspace_name}"
    if existing is None:
        body = {"properties": {"computeType": _KINDS[kind], "properties": scale}}
        made = client.send("PUT", _path(workspace, name), body)
        click.echo(f"added {_described(made)} to {where}")
    elif existing["properties"]["computeType"] != _KINDS[kind]:
        is_there = f"{where} has {_described(existing)} already"
        do = f"leave it, or `amlbridge compute remove {existing['name']}` first"
        raise Failure(is_there, why=f"it cannot become a compute of type {kind}", do=do, code=EXIT_FAILURE)
    elif scale:
        changed = client.send("PATCH", _path(workspace, name), {"properties": {"properties": scale}})
        click.echo(f"{where} has {_described(changed)}")
    else:
        click.echo(f"{where} has {_described(existing)} already")


@compute_command.command("connect")
@click.argument("name")
@click.argument("url")
@workspace_options
@_told
def connect_command(name: str, url: str, asked: AskedWorkspace) -> int:
    """Say where a Databricks workspace is that a script has attached as NAME: its steps run there from then on.

    SDK v1 attaches it by its name in Azure, which says nothing of its address. URL is that of the workspace, without a
    path. Its steps send the attached access token there, and nowhere else.

    \b
    Examples:
      amlbridge compute connect databricks https://adb-1234567890123456.7.azuredatabricks.net
    """
    client = ServiceClient.find()
    workspace = client.workspace(asked)
    body = {"properties": {"properties": {"workspaceUrl": url}}}
    changed = client.send("PATCH", _path(workspace, name), body)
    click.echo(f"steps for {changed['name']} run at {changed['properties']['properties']['workspaceUrl']}")
    return 0


@compute_command.command("list")
@workspace_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_told
def list_command(asked: AskedWorkspace, as_json: bool) -> int:
    """List the computes of the workspace, those that scripts have made too."""
    client = ServiceClient.find()
    workspace = client.workspace(asked, new=True)
    found = [_row(item) for item in _computes(client, workspace)]
    if as_json:
        print_json(found)
    elif found:
        rows = [(item["name"], item["type"], str(item["max_nodes"] or "")) for item in found]
        table(("compute", "type", "max nodes"), rows)
    else:
        click.echo(f"the workspace {workspace.workspace_name} has no compute; `amlbridge compute add NAME` adds one")
    return 0


@compute_command.command("remove")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@workspace_options
@_told
def remove_command(names: tuple[str, ...], asked: AskedWorkspace) -> int:
    """Remove computes; the runs that used them stay."""
    client = ServiceClient.find()
    workspace = client.workspace(asked)
    there = {item["name"].lower(): item for item in _computes(client, workspace)}
    missing = [name for name in names if name.lower() not in there]
    if missing:
        raise Failure(
            f"the workspace {workspace.workspace_name} has no compute {', '.join(missing)}",
            why="nothing was removed",
            do="see `amlbridge compute list`",
            code=EXIT_FAILURE,
        )
    for item in {there[name.lower()]["name"]: there[name.lower()] for name in names}.values():
        action = "detach" if item["properties"]["isAttachedCompute"] else "delete"
        client.send("DELETE", f"{_path(workspace, item['name'])}&underlyingResourceAction={action}")
        click.echo(f"removed {item['name']} from the workspace {workspace.workspace_name}")
    return 0


def _started() -> ServiceClient:
    home = homes.find()
    try:
        address, started = lifecycle.start(home, Waiting("waiting for the service"))
    except StateError as error:
        raise Failure.of("the local workspace service cannot be used", error, EXIT_UNAVAILABLE) from error
    if started:
        say(f"started the local workspace service (home {home.root}); `amlbridge down` stops it")
    return ServiceClient(home, address, lifecycle.token(home))


def _computes(client: ServiceClient, workspace: WorkspaceNames) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    path: str | None = f"{workspace.scope}/computes?{_API}"
    while path is not None:
        page = client.send("GET", path)
        found += page["value"]
        following = urlsplit(page.get("nextLink") or "")
        path = f"{quote(following.path)}?{following.query}" if following.path else None
    return found


def _path(workspace: WorkspaceNames, name: str) -> str:
    if not name.strip() or "/" in name:
        raise Failure(f"{name!r} is no name of a compute", do="give letters, digits and hyphens", code=EXIT_USAGE)
    return f"{workspace.scope}/computes/{quote(name, safe='')}?{_API}"


def _row(item: Mapping[str, Any]) -> dict[str, Any]:
    properties = item["properties"]
    scale = properties["properties"].get("scaleSettings") or {}
    return {
        "name": item["name"],
        "type": _SHORT.get(properties["computeType"], properties["computeType"]),
        "max_nodes": scale.get("maxNodeCount"),
    }


def _described(item: Mapping[str, Any]) -> str:
    row = _row(item)
    nodes = f", at most {row['max_nodes']} nodes" if row["max_nodes"] is not None else ""
    return f"the compute {row['name']} ({row['type']}{nodes})"
