"""Pickled models: by what they predict. Both predict the same rows, each in a process of its own."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from amlbridge.compare.errors import UnreadableError
from amlbridge.compare.files import predict
from amlbridge.compare.files.finding import Finding
from amlbridge.compare.files.walk import Walk
from amlbridge.compare.references import References
from amlbridge.compare.rules import Rules

_PATIENCE = 300.0
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
        _KNOWN[key] = _asked(path, probe)
    return _KNOWN[key]


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1024**2):
            found.update(block)
    return found.hexdigest()


def _asked(path: Path, probe: Path | None) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="amlbridge-predict-") as folder:
        output = Path(folder) / "predictions.json"
        script = str(Path(predict.__file__))
        command = [sys.executable, "-P" if sys.version_info >= (3, 11) else "-s", script]
        command += [str(path.absolute()), str(probe.absolute()) if probe else "", str(output)]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_PATIENCE, check=False)
        except subprocess.TimeoutExpired as error:
            raise UnreadableError(f"{path.name} did not load and predict in {_PATIENCE:.0f} s") from error
        if not output.exists():
            words = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
            raise UnreadableError(f"{path.name} cannot be loaded: {words}")
        content: dict[str, Any] = json.loads(output.read_text())
    if "problem" in content:
        raise UnreadableError(f"{path.name} cannot be compared: {content['problem']}")
    return content
