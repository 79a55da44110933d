"""`amlbridge up` and `amlbridge down`."""

from __future__ import annotations

import os
import sys

import click

from amlbridge.cli.output import EXIT_USAGE, Failure, Waiting, print_json, say
from amlbridge.engine.environments.modes import MODES, VARIABLE
from amlbridge.server import home as homes
from amlbridge.server import lifecycle
from amlbridge.server.home import VARIABLE as HOME_VARIABLE
from amlbridge.server.home import Home
from amlbridge.server.network_options import NetworkOptions


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
@click.option(
    "--intercept",
    is_flag=True,
    help="Answer Azure's own hosts here, for steps and for every shell that has the variables of `amlbridge env`.",
)
@click.option("--allow-network", is_flag=True, help="Let steps and these shells connect to any other host.")
@click.option(
    "--allow-host", "allowed_hosts", multiple=True, metavar="HOST", help="Let them connect to this host; repeatable."
)
@click.option("--here", is_flag=True, help="Keep the state in .amlbridge in the project's folder, now and from now on.")
def up_command(
    foreground: bool,
    as_json: bool,
    environments: str | None,
    intercept: bool,
    allow_network: bool,
    allowed_hosts: tuple[str, ...],
    here: bool,
) -> int:
    """Start the local workspace service and wait until it answers.

    It listens on 127.0.0.1 only. When one runs already for this state folder, this says so and is content. Pipeline
    runs that were not finished when the last service ended go on.

    \b
    Examples:
      amlbridge up
      amlbridge up --environments uv
      amlbridge up --foreground
      amlbridge up --intercept
    """
    found = _inside() if here else homes.find()
    network = NetworkOptions.of(intercept=intercept, allow_network=allow_network, hosts=allowed_hosts)
    if environments is not None:
        # The service inherits it.
        os.environ[VARIABLE] = environments
    if foreground:
        return _foreground(found, as_json, network)
    address, started = lifecycle.start(found, Waiting("waiting for the service"), network)
    _show(found, address, started, as_json)
    if not started:
        _tell_differences(found, environments, network)
    return 0


def _inside() -> Home:
    """The state folder inside of the project. An existing one elsewhere must not silently be left behind."""
    found, inside = homes.find(), homes.local()
    if os.environ.get(HOME_VARIABLE):
        do = f"unset {HOME_VARIABLE}, or leave --here out"
        raise Failure(f"{HOME_VARIABLE} says where the state is: {found.root}", do=do, code=EXIT_USAGE)
    if found.root != inside.root and found.is_ours():
        do = "leave --here out, or remove that one with `amlbridge reset`"
        raise Failure(f"this project has a state folder already: {found.root}", do=do, code=EXIT_USAGE)
    return inside


def _tell_differences(found: Home, environments: str | None, network: NetworkOptions) -> None:
    """What was asked for now and does not hold, because the service was started otherwise."""
    address = found.read_address() or {}
    running = address.get("environments")
    if environments not in (None, running):
        say(
            f"it was started with --environments {running}, and goes on so: `amlbridge down` first, or give "
            f"--environments {environments} to `amlbridge run`",
            style="yellow",
        )
    now = NetworkOptions.from_address(address)
    if network not in (NetworkOptions(), now):
        say(
            f"it was started {f'with {now.options()}' if now.options() else 'without these options'}, and goes on so: "
            f"amlbridge down && amlbridge up {network.options()}",
            style="yellow",
        )


def _foreground(found: Home, as_json: bool, network: NetworkOptions) -> int:
    from amlbridge.server import logs
    from amlbridge.server.process import serve

    now = lifecycle.find(found)
    if now.state == "up" and now.address is not None:
        _show(found, now.address, False, as_json)
        _tell_differences(found, None, network)
        return 0
    logs.configure(None)
    fields = lifecycle.Address.__dataclass_fields__

    def ready(content: dict[str, object]) -> None:
        address = lifecycle.Address(**{name: content[name] for name in fields})  # type: ignore[arg-type]
        _show(found, address, True, as_json)
        sys.stdout.flush()

    serve(found, ready=ready, network=network)
    return 0


def _show(found: Home, address: lifecycle.Address, started: bool, as_json: bool) -> None:
    if as_json:
        urls = {"http_url": address.http_url, "https_url": address.https_url}
        places = {"home": str(found.root), "log": str(found.log)}
        network = NetworkOptions.from_address(found.read_address())
        print_json({"started": started, "pid": address.pid, **urls, **places, **network.content()})
        return
    click.echo(f"amlbridge {'is up' if started else 'was already running'} (pid {address.pid})")
    click.echo(f"  http   {address.http_url}")
    click.echo(f"  https  {address.https_url}")
    click.echo(f"  home   {found.root}")
    click.echo(f"  log    {found.log}")
    network = NetworkOptions.from_address(found.read_address())
    if network.options():
        click.echo(f"  with   {network.options()}: load the variables of `amlbridge env` into a shell to use it")
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
