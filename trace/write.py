"""Writes captured graphs into a folder, each in one of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from amlbridge.engine import plan_json
from amlbridge.engine.errors import EngineError
from amlbridge.trace import packages, pipeline_python, pipeline_yaml, readme
from amlbridge.trace.build import build
from amlbridge.trace.captured import Captured, Sources
from amlbridge.trace.model import Pipeline
from amlbridge.trace.names import Names, identifier
from amlbridge.trace.yaml_text import dump

#: Makes code of SDK v2 of the files in a folder; returns what the reader has to look at.
Convert = Callable[[Path], Sequence[str]]


@dataclass(frozen=True)
class Written:
    """What was written for a graph: its folder, and what needs attention."""

    captured: Captured
    folder: Path
    attention: tuple[str, ...]


class Writer:
    """Writes graphs below ``target``; ``script`` is the one that submits them. ``convert`` None: their code and its
    packages stay SDK v1."""

    def __init__(self, target: Path, script: str, convert: Convert | None = None) -> None:
        self._target = target
        self._script = script
        self._convert = convert
        self._names = Names()

    def write(self, captured: Captured, sources: Sources) -> Written:
        """Writes one graph. Raises :class:`EngineError` when the folder cannot be written, or for data and code that
        are not there."""
        folder = self._target / self._names.take(identifier(captured.name, "pipeline", lower=True))
        try:
            return self._write(captured, sources, folder)
        except OSError as error:
            raise EngineError(f"{folder} cannot be written: {error.strerror or error}") from error

    def _write(self, captured: Captured, sources: Sources, folder: Path) -> Written:
        folder.mkdir(parents=True)
        (folder / "plan.json").write_text(plan_json.dumps(captured.plan) + "\n", encoding="utf-8")
        pipeline = build(captured, sources)
        more = _code(pipeline, sources, folder, self._convert or (lambda code: ()))
        if self._convert is not None:
            packages.convert(pipeline, folder)
        for name, text in files(pipeline).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        (folder / "README.md").write_text(readme.text(captured, pipeline, self._script, more), encoding="utf-8")
        return Written(captured, folder, tuple(dict.fromkeys([*pipeline.attention, *more])))


def _code(pipeline: Pipeline, sources: Sources, folder: Path, convert: Convert) -> list[str]:
    """The code folders."""
    more: list[str] = []
    for digest, name in pipeline.code.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        sources.code(digest, place)
        more += convert(place)
    return more


def files(pipeline: Pipeline) -> dict[str, str]:
    """All files of a pipeline but its code: path -> text."""
    found = dict(pipeline.files)
    for step in pipeline.steps:
        if step.component is not None:
            found[f"components/{step.key}/component.yml"] = dump(step.component)
    found["pipeline.yml"] = pipeline_yaml.text(pipeline)
    found["pipeline.py"] = pipeline_python.text(pipeline)
    return found
