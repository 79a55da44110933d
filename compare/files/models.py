"""Pickled models: by what they predict. Both predict the same rows, each in a process of its own."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from amlbridge.compare.files.finding import Finding
from amlbridge.compare.files.predictor import Predictor
from amlbridge.compare.files.walk import Walk
from amlbridge.compare.references import References
from amlbridge.compare.rules import Rules

PREDICTOR = Predictor()
#: Digests of a pickle and of the probe table -> the answer. Not more than so many: an answer may be large.
_KNOWN: dict[tuple[str, str], dict[str, Any]] = {}
_MOST_KNOWN = 32


def compare(left: Path, right: Path, rules: Rules, references: References) -> Finding:
    """The predictions that differ; of a pickle that is no model, its values. Raises :class:`UnreadableError`."""
    one, other = _predictions(left, rules.probe), _predictions(right, rules.probe)
    walk = Walk(rules, references)
    walk.values(one["type"], other["type"], "class")
    walk.values(one["values"], other["values"], "predictions", "predictions")
    largest = max(walk.spread.values(), default=0.0)
    spread = {"predictions": largest} if walk.count else {}
    return Finding(walk.count, tuple(walk.kept), spread, {"compared by": one["how"]})


def _predictions(path: Path, probe: Path | None) -> dict[str, Any]:
    """What a pickle predicts, or holds. A model lies in several places (the run's folder, an output, the registered
    model): it is asked once."""
    key = _digest(path), _digest(probe) if probe else ""
    if key not in _KNOWN:
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        _KNOWN[key] = PREDICTOR.ask(path, probe)
    return _KNOWN[key]


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1024**2):
            found.update(block)
    return found.hexdigest()
