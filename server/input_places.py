"""Puts an input where its script expects it (v1's ``path_on_compute``), without touching what is there already."""

from __future__ import annotations

import shutil
from pathlib import Path

from amlbridge.engine.errors import EngineError
from amlbridge.engine.host import StepContext
from amlbridge.engine.plan import Input


def put(context: StepContext, name: str, item: Input, source: Path) -> Path:
    """The path that the script is given: ``path_on_compute`` in the step's working folder, or an absolute one.

    An absolute one becomes a link, which is removed when the step has ended. Raises :class:`EngineError` when something
    is there that is not ours.
    """
    assert item.path_on_compute is not None
    spot = context.work / item.path_on_compute
    if not spot.is_relative_to(context.work):
        return _outside(context, name, spot, source)
    if spot.is_dir() and source.is_dir() and item.mode == "download":
        # As on Azure, the files come to those of the source directory.
        shutil.copytree(source, spot, dirs_exist_ok=True)
    elif spot.exists() or spot.is_symlink():
        raise EngineError(f"input {name!r}: {item.path_on_compute!r} is there already, in the step's source directory")
    else:
        spot.parent.mkdir(parents=True, exist_ok=True)
        spot.symlink_to(source, target_is_directory=source.is_dir())
    return spot


def _outside(context: StepContext, name: str, spot: Path, source: Path) -> Path:
    # By way of a folder of the step's own, so that the link says whose it is.
    target = context.scratch / f"{name}.place" / (source.name or name)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(source, target_is_directory=source.is_dir())
    if spot.is_symlink() and not spot.exists() and spot.readlink().is_relative_to(context.work.parent):
        # Left by a step whose service was killed, and whose folder is gone.
        spot.unlink()
    try:
        spot.parent.mkdir(parents=True, exist_ok=True)
        spot.symlink_to(target, target_is_directory=source.is_dir())
    except FileExistsError as error:
        raise EngineError(
            f"input {name!r}: {spot} is there already (another run may be using it): choose another path_on_compute, "
            "or leave it out"
        ) from error
    context.links.append(spot)
    return spot
