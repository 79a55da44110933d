"""The samples of SDK v1, run as a user runs them; further ones are in test_verified_samples."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Command

pytestmark = pytest.mark.slow

_SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "v1"


@pytest.fixture(scope="module")
def amlbridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    command = Command(tmp_path_factory.mktemp("samples"))
    command.environment["AMLBRIDGE_PREWARM"] = "1"
    yield command
    command("down", code=None)


def test_breast_cancer_twice(amlbridge: Command) -> None:
    first = amlbridge("run", "--progress", str(_SAMPLES / "breast_cancer" / "pipeline.py"))
    metrics = next(line for line in first.stdout.splitlines() if line.startswith("metrics in "))
    path, _, values = metrics.removeprefix("metrics in ").partition(": ")
    measured = ast.literal_eval(values)
    assert json.loads((amlbridge.folder / path).read_text()) == measured
    assert measured["accuracy"] > 0.9
    assert f"train: Finished {measured}" in first.stdout
    assert "prepare: Finished {'rows': 569, 'measurements': 30}" in first.stdout
    assert "registered model breast-cancer-classifier version 1" in first.stdout
    # Progress, then the table.
    assert "step register · Completed" in first.stderr
    table = first.stderr[first.stderr.index("reused") :]
    assert all(name in table for name in ("prepare", "train", "register"))
    second = amlbridge("run", str(_SAMPLES / "breast_cancer" / "pipeline.py"), "--regularization", "0.01")
    assert "dataset breast-cancer version 1" in second.stdout
    assert "registered model breast-cancer-classifier version 2" in second.stdout
    assert f"{measured}" not in second.stdout  # the parameter reached the step
    run_id = next(line for line in second.stdout.splitlines() if line.startswith("pipeline run ")).split()[-1]
    shown = amlbridge.json("status", run_id, "--json")
    assert {step["name"]: step["status"] for step in shown["steps"]} == dict.fromkeys(
        ("prepare", "train", "register"), "Completed"
    )
    assert "prepare" in amlbridge("status", run_id[:8]).stdout


def test_run_script_alone(amlbridge: Command) -> None:
    alone = amlbridge("run", str(_SAMPLES / "run_script" / "train.py"))
    assert "best alpha 0.01 with r2 0.481" in alone.stdout
    assert (amlbridge.folder / "outputs" / "model.pkl").is_file()
