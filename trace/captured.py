"""What a script has submitted or published, as the trace hands it to the writers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amlbridge.engine.plan import DataReference, Json, Plan, Scalar

#: How the rows of an output are read when nothing says it.
DELIMITED = {"read_delimited": {"delimiter": ",", "encoding": "utf8", "header": "all_files_same_headers"}}


@dataclass(frozen=True)
class Data:
    """What data outside of the graph are to SDK v2.

    ``type`` is a type of v2 (uri_file, uri_folder, mltable, …). ``path`` is what a job names; None where ``mltable``
    is the text of an MLTable file that has to be written first, because the script has not registered its dataset.
    ``note``: what the reader has to know, a sentence.
    """

    type: str
    path: str | None = None
    mltable: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Captured:
    """One graph. ``kind`` is what it is to the user (pipeline, script run, sweep, AutoML run); ``uses`` what became of
    it (submitted, published, scheduled), a sentence each; ``values``: the parameters of its first submission."""

    name: str
    kind: str
    plan: Plan
    experiment: str | None = None
    uses: tuple[str, ...] = ()
    values: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True)
class Sources:
    """Where the writers get what a Plan only names. ``data`` tells what a reference is to SDK v2. ``code`` puts the
    files of a code snapshot into a folder that is not there yet. ``table`` tells how an input reads rows, as the
    transformations of an MLTable file. All raise :class:`~amlbridge.engine.errors.EngineError`."""

    data: Callable[[DataReference], Data]
    code: Callable[[str, Path], None]
    table: Callable[[Json], Sequence[Any]] = lambda transformations: [DELIMITED]
