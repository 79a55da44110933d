"""`amlbridge published`: published pipelines and pipeline endpoints."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from amlbridge.cli import published_run, published_show
from amlbridge.cli.output import EXIT_FAILURE, Failure, print_json, say
from amlbridge.cli.service_client import AskedWorkspace, RefusedError, ServiceClient, WorkspaceNames, workspace_options


def _told(function: Callable[..., int]) -> Callable[..., int]:
    """Tells an error that the service answers as every other one."""

    @wraps(function)
    def command(*arguments: Any, **options: Any) -> int:
        try:
            return function(*arguments, **options)
        except RefusedError as error:
            what, do = error.message, ""
            if error.status == 404 and "there is no published pipeline" in what:
                do = "`amlbridge published list --all` shows what there is; --workspace names another workspace"
            raise Failure(what, do=do, code=EXIT_FAILURE) from error

    return command


_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("published")
def published_command() -> None:
    """Show, run, export and import published pipelines and pipeline endpoints.

    PIPELINE is the id or the name of a published pipeline (of several with that name the newest active one), or the id
    or the name of a pipeline endpoint. The workspace is that of the nearest config.json; --workspace names another one.

    \b
    Examples:
      amlbridge published list
      amlbridge published show nightly
      amlbridge published run nightly --param epochs=3 --dataset table=sales:2 --wait
      amlbridge published export nightly nightly.amlpipeline
      amlbridge published import nightly.amlpipeline --compute cpu=cluster

    \b
    Exit codes:
      0   done; run --wait: the run completed
      1   refused, or not found; run --wait: the run failed or was canceled
      2   wrong usage
      69  the service is not up
    """


def _ask(client: ServiceClient, names: WorkspaceNames, name: str, version: str | None = None) -> dict[str, Any]:
    query = urlencode({"name": name, **({"version": version} if version else {})})
    found: dict[str, Any] = client.send("GET", f"/amlbridge{names.scope}/published/one?{query}")
    if found["others"]:
        say(
            f"{len(found['others']) + 1} published pipelines have this name: this is the newest, "
            f"{found['pipeline']['id']}; give an id for another one: {', '.join(found['others'])}",
            style="yellow",
        )
    return found


@published_command.command("list")
@click.option("--all", "every", is_flag=True, help="Also those that are disabled.")
@workspace_options
@_json_option
@_told
def list_command(every: bool, asked: AskedWorkspace, as_json: bool) -> int:
    """List published pipelines and pipeline endpoints with their runs, newest first.

    \b
    Examples:
      amlbridge published list
      amlbridge published list --all --json
    """
    client = ServiceClient.find()
    names = client.workspace(asked)
    found = client.send("GET", f"/amlbridge{names.scope}/published?all={'true' if every else 'false'}")
    print_json(found) if as_json else published_show.show_list(found, names.workspace_name, every=every)
    return 0


@published_command.command("show")
@click.argument("pipeline")
@click.option("--version", help="The version of a pipeline endpoint, or of the published pipelines of that name.")
@workspace_options
@_json_option
@_told
def show_command(pipeline: str, version: str | None, asked: AskedWorkspace, as_json: bool) -> int:
    """Show a published pipeline or endpoint: URL, parameters, data, steps, versions, schedules, recent runs.

    \b
    Examples:
      amlbridge published show nightly
      amlbridge published show 5e3f8a52-9f0a-4b0e-8d0f-3d3f9a0c1b2e --json
    """
    client = ServiceClient.find()
    found = _ask(client, client.workspace(asked), pipeline, version)
    print_json(found) if as_json else published_show.show(found)
    return 0


@published_command.command("run")
@click.argument("pipeline")
@click.option("--param", "parameters", multiple=True, metavar="K=V", help="The value of a parameter; repeatable.")
@click.option("--dataset", "datasets", multiple=True, metavar="P=NAME[:VERSION]", help="A registered dataset for P.")
@click.option("--datapath", "paths", multiple=True, metavar="P=STORE/PATH", help="A path on a datastore for P.")
@click.option("--experiment", metavar="NAME", help="The run's experiment (default: the name of PIPELINE).")
@click.option("--display-name", metavar="NAME", help="What the run is called.")
@click.option("--tag", "tags", multiple=True, metavar="K=V", help="A tag of the run; repeatable.")
@click.option("--version", help="The version of a pipeline endpoint, or of the published pipelines of that name.")
@click.option("--wait", is_flag=True, help="Follow the run; the exit code says whether it completed.")
@workspace_options
@_json_option
@_told
def run_command(
    pipeline: str,
    parameters: tuple[str, ...],
    datasets: tuple[str, ...],
    paths: tuple[str, ...],
    experiment: str | None,
    display_name: str | None,
    tags: tuple[str, ...],
    version: str | None,
    wait: bool,
    asked: AskedWorkspace,
    as_json: bool,
) -> int:
    """Run a published pipeline, or the default version of an endpoint, as a POST to its URL does.

    Prints the run's id. A value that is not given is the default that `amlbridge published show` shows.

    \b
    Examples:
      amlbridge published run nightly
      amlbridge published run nightly --param epochs=3 --tag who=me --wait
      amlbridge published run nightly --dataset table=sales:2 --datapath folder=workspaceblobstore/in/may
      amlbridge published run my-endpoint --version 0 --json
    """
    body = published_run.body(parameters, datasets, paths, tags)
    client = ServiceClient.find()
    names = client.workspace(asked)
    found = _ask(client, names, pipeline, version)
    meant = found["endpoint"] or found["pipeline"]
    body["ExperimentName"] = experiment or meant["name"] or "published"
    if display_name:
        body["DisplayName"] = display_name
    return published_run.run(client, names, found, body, wait=wait, as_json=as_json)


@published_command.command("enable")
@click.argument("pipeline")
@workspace_options
@_told
def enable_command(pipeline: str, asked: AskedWorkspace) -> int:
    """Enable a published pipeline or endpoint that was disabled.

    \b
    Example:
      amlbridge published enable nightly
    """
    return _set_status(pipeline, asked, "Active")


@published_command.command("disable")
@click.argument("pipeline")
@workspace_options
@_told
def disable_command(pipeline: str, asked: AskedWorkspace) -> int:
    """Disable a published pipeline or endpoint: calls of its URL are refused until it is enabled.

    \b
    Example:
      amlbridge published disable nightly
    """
    return _set_status(pipeline, asked, "Disabled")


def _set_status(pipeline: str, asked: AskedWorkspace, status: str) -> int:
    client = ServiceClient.find()
    names = client.workspace(asked)
    found = _ask(client, names, pipeline)
    base = f"/pipelines/v1.0{names.scope}"
    if found["endpoint"] is not None:
        client.send("PUT", f"{base}/PipelineEndpoints/{found['endpoint']['id']}", {"EntityStatus": status})
    else:
        client.send("PUT", f"{base}/Pipelines/{found['pipeline']['id']}/status", status)
    kind = "pipeline endpoint" if found["endpoint"] is not None else "published pipeline"
    meant: Mapping[str, Any] = found["endpoint"] or found["pipeline"]
    click.echo(f"the {kind} {meant['name']} ({meant['id']}) is {status.lower()}")
    return 0


@published_command.command("export")
@click.argument("pipeline")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--version", help="The version of a pipeline endpoint, or of the published pipelines of that name.")
@click.option("--overwrite", is_flag=True, help="Replace FILE if it is there.")
@workspace_options
@_json_option
@_told
def export_command(
    pipeline: str, file: Path, version: str | None, overwrite: bool, asked: AskedWorkspace, as_json: bool
) -> int:
    """Write a published pipeline with its code to FILE, for `amlbridge published import` anywhere.

    In it are the graph, the files of its source directories, and the definitions of the environments and datasets that
    it names; the data itself is not. Only you can read FILE. Look at what it says before you give it away: source
    directories may hold secrets.

    \b
    Examples:
      amlbridge published export nightly nightly.amlpipeline
      amlbridge published export my-endpoint old.amlpipeline --version 0
    """
    client = ServiceClient.find()
    names = client.workspace(asked)
    chosen = _ask(client, names, pipeline, version)["pipeline"]["id"]
    body = {"name": chosen, "path": str(file.absolute()), "overwrite": overwrite}
    began = time.monotonic()
    found = client.send_waiting("exporting", "POST", f"/amlbridge{names.scope}/published/export", body)
    print_json(found) if as_json else published_show.show_export(found, time.monotonic() - began)
    return 0


@published_command.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--name", help="Another name for the pipeline.")
@click.option("--compute", "computes", multiple=True, metavar="OLD=NEW", help="Another compute for OLD; repeatable.")
@click.option("--datastore", "stores", multiple=True, metavar="OLD=NEW", help="Another datastore for OLD; repeatable.")
@workspace_options
@_json_option
@_told
def import_command(
    file: Path,
    name: str | None,
    computes: tuple[str, ...],
    stores: tuple[str, ...],
    asked: AskedWorkspace,
    as_json: bool,
) -> int:
    """Publish the pipeline of FILE in this workspace, under an id of its own.

    Everything is checked first: a file that is damaged, or that needs a compute or a datastore which this workspace
    lacks, changes nothing. --workspace may name a workspace that is not there yet.
    Import only files that you trust: running the pipeline runs the code in them.

    \b
    Examples:
      amlbridge published import nightly.amlpipeline
      amlbridge published import nightly.amlpipeline --name mine --compute cpu=cluster --datastore raw=lake
    """
    body = {
        "path": str(file.absolute()),
        "name": name,
        "computes": published_run.pairs(computes, "--compute"),
        "datastores": published_run.pairs(stores, "--datastore"),
    }
    client = ServiceClient.find()
    names = client.workspace(asked, new=True)
    found = client.send_waiting("importing", "POST", f"/amlbridge{names.scope}/published/import", body)
    print_json(found) if as_json else published_show.show_import(found)
    return 0
