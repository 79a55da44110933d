"""What becomes of an output when its step has ended: which of its files are kept, and where they may not go.

Facts of the v1 SDK (``azureml.data.context_managers``): an upload takes place only when the step has succeeded; a glob
is compared as ``fnmatch`` does with a file's whole path, so that ``*.csv`` means those of every folder; without
overwrite one file that is there already fails the upload. Here a glob may also be relative to the output's folder.
"""

from __future__ import annotations

import fnmatch
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from amlbridge.engine.content_digest import files_below
from amlbridge.engine.errors import EngineError
from amlbridge.engine.plan import Node

#: Types whose folder is made for the step, which has to put something into it.
_HOLDS_FILES = ("mltable", "custom_model", "mlflow_model")


def details(node: Node, name: str) -> Mapping[str, Any]:
    """What an output says besides :class:`~amlbridge.engine.plan.Output`: ``path_on_compute``, ``source_globs``."""
    found: Mapping[str, Any] = node.options.get("outputs", {}).get(name, {})
    return found


def prepare(node: Node, name: str, work: Path, written: Path) -> None:
    """Makes the folder of the step's own that it writes an output into lead to where the output is written."""
    spot = _spot(node, name, work)
    if spot is None or spot.exists() or spot.is_symlink():
        return
    spot.parent.mkdir(parents=True, exist_ok=True)
    if node.outputs[name].type == "uri_folder":
        spot.symlink_to(written, target_is_directory=True)


def collect(node: Node, name: str, work: Path, written: Path) -> None:
    """Takes over what the step has written into its own folder, and leaves out what no glob selects."""
    spot = _spot(node, name, work)
    if spot is not None and spot.exists() and spot.resolve() != written.resolve():
        if spot.is_dir():
            shutil.copytree(spot, written, dirs_exist_ok=True)
        else:
            shutil.copy2(spot, written / spot.name if written.is_dir() else written)
    patterns = details(node, name).get("source_globs")
    if patterns and written.is_dir():
        _select(written, patterns)


def _spot(node: Node, name: str, work: Path) -> Path | None:
    path = details(node, name).get("path_on_compute")
    return work / path if path else None


def _select(folder: Path, patterns: Sequence[str]) -> None:
    for name, path in list(files_below(folder)):
        whole = path.absolute().as_posix()
        if not any(fnmatch.fnmatch(whole, pattern) or fnmatch.fnmatch(name, pattern) for pattern in patterns):
            path.unlink()


def never_written(node: Node, name: str, place: Path) -> bool:
    """Whether there is nothing where a step was to write an output. An empty folder is a good ``uri_folder``, and SDK
    v1 does not say what its outputs are (``any``): scripts use some only to put steps in order."""
    kind = node.outputs[name].type
    if kind in _HOLDS_FILES:
        return next(iter(files_below(place)), None) is None
    return kind == "uri_file" and not place.exists()


def merge(staged: Path, final: Path, name: str, overwrite: bool) -> None:
    """Puts uploaded files among those that are there already. Raises :class:`EngineError`, and changes nothing, when
    one is there and must not be overwritten."""
    if staged.is_dir() != final.is_dir():
        raise EngineError(f"the output {name!r} cannot be uploaded: a {_kind(final)} of its name is there already")
    places = [(path, final / label) for label, path in files_below(staged)] if staged.is_dir() else [(staged, final)]
    there = [place for _, place in places if place.exists()]
    if there and not overwrite:
        raise EngineError(
            f"the output {name!r} was not uploaded: {there[0].name} is there already; pass overwrite=True, or choose "
            "another destination"
        )
    for path, place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        path.replace(place)
    if staged.is_dir():
        shutil.rmtree(staged)


def _kind(path: Path) -> str:
    return "folder" if path.is_dir() else "file"
