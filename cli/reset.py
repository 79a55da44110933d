"""`amlbridge reset`: removes the state folder."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from amlbridge.cli.output import EXIT_USAGE, Failure, Waiting, size
from amlbridge.server import home as homes
from amlbridge.server import lifecycle
from amlbridge.server.home import Home


@click.command("reset")
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset_command(yes: bool) -> int:
    """Stop the service and remove its state folder: workspaces, runs, metrics, data, models. config.json stays.

    A folder that amlbridge did not make is never removed.

    \b
    Example:
      amlbridge reset --yes
    """
    home = homes.find()
    if not home.root.exists():
        click.echo(f"there is no state folder {home.root}: nothing to remove")
        return 0
    _check(home)
    if not yes:
        if not sys.stdin.isatty():
            raise Failure("reset asks before it removes anything", do="give --yes", code=EXIT_USAGE)
        click.echo(f"{home.root} holds {size(_size(home.root))}: workspaces, runs, data and models of this service.")
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
    click.echo(f"removed {home.root}")
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


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
