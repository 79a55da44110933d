"""`amlbridge status`: the service, or one run."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import click

from amlbridge.cli import states
from amlbridge.cli.output import EXIT_DOWN, EXIT_FAILURE, EXIT_UNAVAILABLE, Failure, duration, print_json, size, table
from amlbridge.cli.run_table import show_reuse, show_run
from amlbridge.server import home as homes
from amlbridge.server import lifecycle
from amlbridge.server.home import Home
from amlbridge.server.network_options import NetworkOptions


@click.command("status")
@click.argument("run", required=False)
@click.option("--why", is_flag=True, help="Show for each step of RUN why it was run or reused.")
@click.option("--all", "every", is_flag=True, help="List the state folders of all projects, running or not.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status_command(run: str | None, why: bool, every: bool, as_json: bool) -> int:
    """Show the service: address, memory, workspaces, runs under way; or with RUN (an id, or its beginning) that run's
    steps. Exit code 3 when the service is down.

    \b
    Examples:
      amlbridge status
      amlbridge status 3f2a --json
      amlbridge status 3f2a --why
      amlbridge status --all
    """
    if every:
        if run is not None or why:
            raise click.UsageError("--all lists state folders: give it alone, or with --json")
        states.show(as_json=as_json)
        return 0
    if why and run is None:
        raise click.UsageError("--why explains the steps of one run: name it, as in `amlbridge status 3f2a --why`")
    home = homes.find()
    found = lifecycle.find(home)
    if found.state != "up" or found.address is None:
        return _not_up(home, found, run, as_json)
    if run is not None:
        try:
            content = ask(home, found.address, f"/amlbridge/runs/{quote(run, safe='')}")
        except LookupError as error:
            raise Failure(str(error.args[0]), do="`amlbridge run` prints the ids", code=EXIT_FAILURE) from None
        if as_json:
            print_json(content)
        else:
            show_reuse(content) if why else show_run(content)
        return 0
    content = ask(home, found.address, "/amlbridge/status")
    print_json({"state": "up", **content}) if as_json else _show(content)
    return 0


def ask(home: Home, address: lifecycle.Address, path: str) -> Any:
    """What a route of the service answers. Raises LookupError with its message, :class:`Failure` when it is gone."""
    try:
        return lifecycle.get_json(address, path, token=lifecycle.token(home))
    except (OSError, ValueError) as error:
        raise Failure(
            "the service did not answer", why=str(error), do=f"look into {home.log}", code=EXIT_UNAVAILABLE
        ) from error


def _not_up(home: Home, found: lifecycle.Found, run: str | None, as_json: bool) -> int:
    if as_json:
        pid = found.address.pid if found.state == "silent" and found.address is not None else None
        print_json({"state": found.state, "home": str(home.root), "pid": pid})
    elif found.state == "silent" and found.address is not None:
        click.echo(f"the service (pid {found.address.pid}) does not answer; `amlbridge down` ends it; log: {home.log}")
    else:
        click.echo(f"the service is down (home {home.root}); `amlbridge up` starts it")
        if run is not None:
            click.echo("the records of runs are shown while it is up")
    return EXIT_DOWN


def _show(content: dict[str, Any]) -> None:
    memory = content["memory"]
    click.echo(f"the service is up (pid {content['pid']}, amlbridge {content['version']})")
    click.echo(f"  http    {content['http_url']}")
    click.echo(f"  https   {content['https_url']}")
    click.echo(f"  home    {content['home']}")
    network = NetworkOptions.from_address(content)
    if network.options():
        click.echo(f"  with    {network.options()}")
    click.echo(f"  up for  {duration(content['started'], time.time())}")
    click.echo(f"  memory  {size(memory['pss'])}, its workers and steps {size(memory['children'])}")
    if content["workspaces"]:
        click.echo()
        rows = [
            (item["name"], item["resource_group"], item["subscription_id"], str(item["running"]))
            for item in content["workspaces"]
        ]
        table(("workspace", "resource group", "subscription", "running"), rows)
    if content["schedules"]:
        click.echo()
        table(("schedule", "workspace", "next due", "last due", ""), [_schedule(item) for item in content["schedules"]])
    for run in content["running"]:
        click.echo()
        show_run(run)


def _schedule(item: dict[str, Any]) -> tuple[str, ...]:
    due = (_local(item["next_due"]) if item["active"] else "disabled", _local(item["last_due"]))
    return item["name"], item["workspace"], *due, item["error"] or ""


def _local(timestamp: float | None) -> str:
    return "-" if timestamp is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(timestamp))
