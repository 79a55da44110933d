"""Samples of SDK v1 that `amlbridge verify` migrates, runs on both sides and compares."""

from __future__ import annotations

import ast
import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Command

pytestmark = pytest.mark.slow

_SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "v1"


class Verified:
    """One verification: the report, and what the scripts have printed."""

    def __init__(self, folder: Path, sample: str, *arguments: str, options: tuple[str, ...] = ()) -> None:
        command = Command(folder)
        command.environment["AMLBRIDGE_PREWARM"] = "1"
        keep = folder / "kept"
        process = command.start("verify", "--keep", str(keep), "--json", *options, str(_SAMPLES / sample), *arguments)
        out, errors = process.communicate(timeout=280)
        assert process.returncode in (0, 1, 2), errors
        self.report: dict[str, Any] = json.loads(out)
        self.code = process.returncode
        self.printed = [(keep / f"{side}.log").read_text() for side in ("v1", "v2")]

    def told(self) -> list[str]:
        """What is not the same."""
        checks = list(self.report["checks"])
        for run in self.report["runs"]:
            checks += [*run["pipeline"], *(check for step in run["steps"] for check in step["checks"])]
        return [f"{check['subject']}: {check['reason']}" for check in checks if check["verdict"] != "same"]


def test_mpi(tmp_path: Path) -> None:
    """Four processes with random numbers of their own: their sum can be told."""
    verified = Verified(tmp_path, "mpi/pipeline.py")
    assert (verified.told(), verified.code) == ([], 0)
    (run,) = verified.report["runs"]
    assert {step["left"]: step["verdict"] for step in run["steps"]} == {"throw": "same", "add": "same"}
    hits = 0
    for rank in range(4):
        darts = random.Random(rank)
        hits += sum(darts.random() ** 2 + darts.random() ** 2 <= 1 for _ in range(50000))
    for printed in verified.printed:
        line = next(line for line in printed.splitlines() if line.startswith("metrics: "))
        metrics = ast.literal_eval(line.removeprefix("metrics: "))
        assert metrics == {"processes": 4, "pi": pytest.approx(4 * hits / 200000)}


def test_parallel_run(tmp_path: Path) -> None:
    ignored = "pipeline/graph/parameter mini_batch_size: SDK v2 takes a value, which is the parameter's default"
    verified = Verified(tmp_path, "parallel_run/pipeline.py", "--files", "12", options=("--ignore", ignored))
    assert (verified.told(), verified.code) == ([], 0)
    subjects = {check["subject"] for step in verified.report["runs"][0]["steps"] for check in step["checks"]}
    assert {"output scored_files: flowers.txt", "output scored_rows: parallel_run_step.txt"} <= subjects
    assert any("mini_batch_size" in note["text"] for note in verified.report["notes"])
    assert any("mini_batch_size" in rule for rule in verified.report["rules"])
    for printed in verified.printed:
        assert "score-files: 12 rows, the first: 000.csv: " in printed
        assert "score-rows: 150 rows, the first: 5.1 3.5 1.4 0.2 setosa" in printed
