"""Two csv files of a million rows (quick) or about a gigabyte each: `compare` against datacompy on the same pair."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .machine import say
from .measure import Row, Series, interleave, timed

_NOTE = (
    "the whole process, start of Python included; one cell differs by 1e-3. Both compare row by row with the same "
    "tolerance; datacompy reads with pandas"
)
_OURS = """
import sys
from pathlib import Path
from amlbridge.compare.files.tabular import compare
from amlbridge.compare.references import References
from amlbridge.compare.rules import Rules
found = compare(Path(sys.argv[1]), Path(sys.argv[2]), Rules(), References())
assert found.count == 1, found
"""
_DATACOMPY = """
import sys
import pandas, datacompy
left, right = (pandas.read_csv(path) for path in sys.argv[1:3])
found = getattr(datacompy, "PandasCompare", None) or datacompy.Compare
assert not found(left, right, on_index=True, rel_tol=1e-9).matches()
"""
_MEMORY = "\nimport resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"


def rows(quick: bool) -> Iterator[Row]:
    """Seconds, and the most memory."""
    rounds, repeated = (2, 1) if quick else (1, 13)
    with tempfile.TemporaryDirectory(prefix="amlbridge-bench-") as root:
        left, right = Path(root) / "left.csv", Path(root) / "right.csv"
        _make(left, repeated, off=None)
        _make(right, repeated, off=500_000)
        size = left.stat().st_size / 1e6
        say(f"  two tables of {size:,.0f} MB")
        memory: dict[str, list[float]] = {"ours": [], "datacompy": []}
        contestants = {"ours": _OURS, "datacompy": _DATACOMPY}

        def contest(name: str) -> float:
            command = [sys.executable, "-c", contestants[name] + _MEMORY, str(left), str(right)]
            done: list[subprocess.CompletedProcess[str]] = []
            seconds = timed(lambda: done.append(subprocess.run(command, capture_output=True, check=True, text=True)))
            memory[name].append(float(done[0].stdout.split()[-1]))
            return seconds

        found = interleave({"ours": lambda: contest("ours"), "datacompy": lambda: contest("datacompy")}, rounds)
        name = f"compare: two csv of {size:,.0f} MB"
        yield Row(name, ours=found["ours"], peers={"datacompy": found["datacompy"]}, note=_NOTE)
        peer = {"datacompy": Series.of(memory["datacompy"])}
        yield Row(f"{name}: memory", unit="MB", ours=Series.of(memory["ours"]), peers=peer)


def _make(path: Path, repeated: int, off: int | None) -> None:
    """A table of numbers and texts; ``off``: the row whose first number is 1e-3 larger, in the first part."""
    import numpy as np
    import pandas as pd

    count = 1_000_000
    chance = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "id": np.arange(count),
            "a": chance.normal(size=count),
            "b": chance.normal(size=count),
            "group": chance.choice(["alpha", "beta", "gamma"], count),
            "c": chance.normal(size=count),
        }
    )
    with path.open("w") as file:
        for part in range(repeated):
            written = table
            if part == 0 and off is not None:
                written = table.copy()
                written.loc[off, "a"] += 1e-3
            written.to_csv(file, index=False, header=part == 0)
