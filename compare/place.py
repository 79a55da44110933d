"""Where the records and files of a run lie: what the comparison of runs asks of whoever knows the state folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from amlbridge.engine.plan import DataReference
from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.store import Records
from amlbridge.engine.records.workspaces import Workspace


@dataclass(frozen=True)
class Place:
    """One workspace of one state folder.

    ``data_path(datastore, path)`` is where a path of a datastore lies, ``artifact(run, name)`` an artifact of a run,
    ``input_files(reference)`` the files of an input by name, ``model_path(model)`` those of a registered model, None
    where they are not here. The first and third raise :class:`~amlbridge.engine.errors.EngineError`.
    """

    records: Records
    workspace: Workspace
    home: Path
    data_path: Callable[[str, str], Path]
    artifact: Callable[[str, str], Path]
    input_files: Callable[[DataReference], Iterable[tuple[str, Path]]]
    model_path: Callable[[Resource], Path | None]
