"""`amlbridge reset`: removes the state folder."""

from __future__ import annotations

import shutil
import sys

import click

from amlbridge.cli.output import EXIT_USAGE, Failure, Waiting, size
from amlbridge.cli.states import folder_size
from amlbridge.server import home as homes
from amlbridge.server import lifecycle
from amlbridge.server.home import Home


@click.command("reset")
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset_command(yes: bool) -> int:
    """Stop the service and remove its state folder: workspaces, runs, metrics, data, models. config.json stays.

    It is the state folder of the current project, or the one that AMLBRIDGE_HOME names: `amlbridge status --all` lists
    all of them. A folder that amlbridge did not make is never removed.

    \b
    Examples:
      amlbridge reset --yes
      AMLBRIDGE_HOME=~/.local/state/amlbridge/old-0123abcd amlbridge reset
    """
    home = homes.find()
    if not home.root.exists():
        click.echo(f"there is no state folder {home.root}: nothing to remove")
        return 0
    _check(home)
    project = home.read_project()
    whose = f"the state of {project}" if project is not None else "a state of no project"
    if not yes:
        if not sys.stdin.isatty():
            raise Failure("reset asks before it removes anything", do="give --yes", code=EXIT_USAGE)
        click.echo(f"{home.root}, {whose}, holds {size(folder_size(home.root))}: workspaces, runs, data and models.")
        click.confirm("Remove all of it?", abort=True)
    lifecycle.stop(home, Waiting("waiting for the service to end"))
    with lifecycle.held(home):
        # The marker goes last: a removal that was interrupted can be repeated.
        for entry in sorted(home.root.iterdir(), key=lambda path: path == home.marker):
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        home.root.rmdir()
    click.echo(f"removed {home.root} ({whose})")
    return 0


def _check(home: Home) -> None:
    if home.root.is_symlink():
        raise Failure(
            f"{home.root} is a symbolic link and is not removed",
            do=f"remove {home.root.resolve()} with AMLBRIDGE_HOME set to it, or by hand",
            code=EXIT_USAGE,
        )
    if not home.is_ours():
        raise Failure(
            f"{home.root} is not removed",
            why=f"it has no {home.marker.name}, so amlbridge did not make it",
            do=f"check {homes.VARIABLE}, or remove the folder by hand",
            code=EXIT_USAGE,
        )
    if home.is_of_another():
        raise Failure(
            f"{home.root} is not removed",
            why=f"it belongs to the project {home.read_project()}",
            do=f"run this in that project, or set {homes.VARIABLE} to the folder",
            code=EXIT_USAGE,
        )
