"""`amlbridge up` and `amlbridge down`."""

from __future__ import annotations

import os
import sys

import click

from amlbridge.cli.output import Waiting, print_json, say
from amlbridge.engine.environments.modes import MODES, VARIABLE
from amlbridge.server import home as homes
from amlbridge.server import lifecycle
from amlbridge.server.home import Home


@click.command("up")
@click.option("--foreground", is_flag=True, help="Stay in this terminal and log to it; Ctrl-C stops the service.")
@click.option("--json", "as_json", is_flag=True, help="Print the address as JSON.")
@click.option(
    "--environments",
    type=click.Choice(MODES),
    envvar=VARIABLE,
    help="Where steps run by default: in the current Python environment, or in one that uv builds for each "
    "specification.  [default: current]",
)
def up_command(foreground: bool, as_json: bool, environments: str | None) -> int:
    """Start the local workspace service and wait until it answers.

    It listens on 127.0.0.1 only. When one runs already for this state folder, this says so and is content. Pipeline
    runs that were not finished when the last service ended go on.

    \b
    Examples:
      amlbridge up
      amlbridge up --environments uv
      amlbridge up --foreground
    """
    found = homes.find()
    if environments is not None:
        # The service inherits it.
        os.environ[VARIABLE] = environments
    if foreground:
        return _foreground(found, as_json)
    address, started = lifecycle.start(found, Waiting("waiting for the service"))
    _show(found, address, started, as_json)
    running = (found.read_address() or {}).get("environments")
    if not started and environments not in (None, running):
        say(
            f"it was started with --environments {running}, and goes on so: `amlbridge down` first, or give "
            f"--environments {environments} to `amlbridge run`",
            style="yellow",
        )
    return 0


def _foreground(found: Home, as_json: bool) -> int:
    from amlbridge.server import logs
    from amlbridge.server.process import serve

    now = lifecycle.find(found)
    if now.state == "up" and now.address is not None:
        _show(found, now.address, False, as_json)
        return 0
    logs.configure(None)
    fields = lifecycle.Address.__dataclass_fields__

    def ready(content: dict[str, object]) -> None:
        address = lifecycle.Address(**{name: content[name] for name in fields})  # type: ignore[arg-type]
        _show(found, address, True, as_json)
        sys.stdout.flush()

    serve(found, ready=ready)
    return 0


def _show(found: Home, address: lifecycle.Address, started: bool, as_json: bool) -> None:
    if as_json:
        urls = {"http_url": address.http_url, "https_url": address.https_url}
        print_json({"started": started, "pid": address.pid, **urls, "home": str(found.root), "log": str(found.log)})
        return
    click.echo(f"amlbridge {'is up' if started else 'was already running'} (pid {address.pid})")
    click.echo(f"  http   {address.http_url}")
    click.echo(f"  https  {address.https_url}")
    click.echo(f"  home   {found.root}")
    click.echo(f"  log    {found.log}")
    click.echo("Run a script with `amlbridge run SCRIPT`, stop the service with `amlbridge down`.")


@click.command("down")
@click.option(
    "--wait", "patience", default=lifecycle.STOP_PATIENCE, show_default=True, help="Seconds before it is killed."
)
def down_command(patience: float) -> int:
    """Stop the service.

    Steps that run are ended; their pipeline runs stay recorded as unfinished, and the next `amlbridge up` goes on with
    them (cancel a run in its script if it must not go on). A service that does not end in time is killed, and that
    loses nothing that was recorded.

    \b
    Example:
      amlbridge down
    """
    found = homes.find()
    stopped = lifecycle.stop(found, Waiting("waiting for the service to end"), patience)
    if stopped.pid is None:
        click.echo(f"no service runs for {found.root}")
    elif stopped.killed:
        say(f"the service (pid {stopped.pid}) did not end within {patience:.0f} s and was killed", style="yellow")
    else:
        click.echo(f"stopped (pid {stopped.pid}, {stopped.seconds:.1f} s)")
    return 0
