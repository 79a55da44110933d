"""A parallel run over 1,000 small files against a bare ``multiprocessing.Pool`` that runs the same function."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from amlbridge.engine import kinds

from .local import cores
from .measure import Row, Target, interleave, timed

_FILES, _BATCH = 1000, 10
_TARGET = Target(1.3)
_NOTE = (
    f"{_FILES:,} JSON files of 2,000 numbers, sorted and summed up, in mini batches of {_BATCH}; each side is a fresh "
    "interpreter from its start to its end and writes the same rows. Ours also keeps logs of each process, counts "
    "failures, and can replace a process; the floor is Pool.imap with as many processes and files at a time"
)
#: What both sides do with a mini batch.
_WORK = """
import json, os

def run(mini_batch):
    rows = []
    for path in mini_batch:
        with open(path) as file:
            numbers = sorted(json.load(file))
        rows.append(f"{os.path.basename(path)} {sum(numbers)} {numbers[len(numbers) // 2]}")
    return rows
"""
_FLOOR = """
import multiprocessing, os, sys
from score import run

if __name__ == "__main__":
    folder, output, processes, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    files = sorted(os.path.join(folder, name) for name in os.listdir(folder))
    batches = [files[start : start + size] for start in range(0, len(files), size)]
    with multiprocessing.Pool(processes) as pool, open(output, "w") as target:
        for rows in pool.imap(run, batches):
            target.write("".join(row + "\\n" for row in rows))
"""


def rows(quick: bool) -> Iterator[Row]:
    """The whole run, in seconds."""
    with tempfile.TemporaryDirectory(prefix="amlbridge-bench-") as name:
        folder = Path(name)
        _prepare(folder)
        ours = [str(kinds.DRIVERS["parallel"].script), str(folder / "driver.json")]
        floor = ["floor.py", str(folder / "data"), str(folder / "floor.txt"), str(cores()), str(_BATCH)]
        contestants = {"ours": lambda: _run(folder, ours), "floor": lambda: _run(folder, floor)}
        interleave(contestants, 1)
        if (folder / "ours.txt").read_bytes() != (folder / "floor.txt").read_bytes():
            raise RuntimeError("both sides must write the same rows")
        found = interleave(contestants, 3 if quick else 7)
    yield Row(
        f"parallel run over {_FILES:,} small files on {cores()} cores",
        ours=found["ours"],
        floor=found["floor"],
        target=_TARGET,
        note=_NOTE,
    )


def _prepare(folder: Path) -> None:
    code, data = folder / "code", folder / "data"
    code.mkdir()
    data.mkdir()
    (code / "score.py").write_text(_WORK)
    (code / "floor.py").write_text(_FLOOR)
    for number in range(_FILES):
        values = [(value * 7919 + number) % 100_003 for value in range(2000)]
        (data / f"{number:04}.json").write_text(json.dumps(values))
    document = {
        "settings": {"entry_script": "score.py", "mini_batch_size": _BATCH, "processes": cores()},
        "arguments": [],
        "inputs": [{"name": "data", "path": str(data)}],
        "output": str(folder / "ours.txt"),
        "output_folder": str(folder),
        "model": None,
        "variables": {},
    }
    (folder / "driver.json").write_text(json.dumps(document))


def _run(folder: Path, command: list[str]) -> float:
    def call() -> None:
        done = subprocess.run(
            [sys.executable, *command], cwd=folder / "code", env=dict(os.environ), capture_output=True, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode(errors="replace")[-500:])

    return timed(call)
