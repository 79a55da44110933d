"""Every sample of SDK v1, as `amlbridge verify samples/v1` proves it: migrated, run on both sides, compared.

One verification for all: both sides have one service. What the scripts print is what a user of either SDK sees.
"""

from __future__ import annotations

import ast
import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Command

#: The first test waits for all samples.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

_SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "v1"
#: Sample -> the experiment of its runs, and how many.
_RUNS = {
    "run_script": ("ridge", 1),
    "hyperdrive": ("tune-ridge", 1),
    "breast_cancer": ("breast-cancer", 1),
    "mpi": ("darts", 1),
    "data_transfer": ("transfers", 1),
    "parallel_run": ("iris-parallel", 1),
    "automl_titanic": ("titanic_automl", 1),
    "publish": ("billing", 1),
}


class Verified:
    """The verification: the report, and what the scripts of each side have printed."""

    def __init__(self, folder: Path) -> None:
        command = Command(folder)
        command.environment["AMLBRIDGE_PREWARM"] = "1"
        keep = folder / "kept"
        process = command.start("verify", "--keep", str(keep), "--json", str(_SAMPLES))
        out, self.errors = process.communicate(timeout=880)
        assert process.returncode in (0, 1, 2), self.errors
        self.report: dict[str, Any] = json.loads(out)
        self.code = process.returncode
        self.printed = [(keep / f"{side}.log").read_text() for side in ("v1", "v2")]

    def runs(self, experiment: str) -> list[dict[str, Any]]:
        return [run for run in self.report["runs"] if run["name"].partition(":")[0] == experiment]

    def values(self, start: str) -> list[list[Any]]:
        """What the lines with this start say, as Python, on each side."""
        return [
            [ast.literal_eval(line.removeprefix(start)) for line in text.splitlines() if line.startswith(start)]
            for text in self.printed
        ]


@pytest.fixture(scope="module")
def verified(tmp_path_factory: pytest.TempPathFactory) -> Verified:
    return Verified(tmp_path_factory.mktemp("verified"))


def _told(checks: list[dict[str, Any]]) -> list[str]:
    """What is not the same."""
    return [f"{check['subject']}: {check['reason']}" for check in checks if check["verdict"] != "same"]


def test_every_sample_has_scripts_that_are_verified() -> None:
    text = (_SAMPLES / "verify.toml").read_text()
    samples = {path.name for path in _SAMPLES.iterdir() if path.is_dir() and not path.name.startswith("_")}
    assert samples == set(_RUNS)
    assert all(f'"{sample}/' in text for sample in samples)


def test_the_verdict(verified: Verified) -> None:
    assert (_told(verified.report["checks"]), verified.report["verdict"], verified.code) == ([], "same", 0)
    assert any("mini_batch_size" in rule for rule in verified.report["rules"]), "what was ignored is said"


def test_what_was_published_is_the_same(verified: Verified) -> None:
    found = verified.runs("published")
    assert [(run["name"], run["verdict"]) for run in found] == [("published: billing", "same")] * 2
    assert {step["left"] for run in found for step in run["steps"]} == {"select", "bill"}


@pytest.mark.parametrize("sample", _RUNS)
def test_each_step_is_the_same(verified: Verified, sample: str) -> None:
    experiment, count = _RUNS[sample]
    runs = verified.runs(experiment)
    assert len(runs) == count
    for run in runs:
        told = _told([*run["pipeline"], *(check for step in run["steps"] for check in step["checks"])])
        assert (told, run["verdict"]) == ([], "same")
        assert run["steps"]


def test_what_was_compared(verified: Verified) -> None:
    """The verdict rests on results, not on the graph alone."""
    for experiment, wanted in {
        "ridge": {"metric r2", "outputs folder: model.pkl"},
        "iris-parallel": {"output scored_files: flowers.txt", "output scored_rows: parallel_run_step.txt"},
        "titanic_automl": {"output best_model_data", "output metrics_data", "output output_path: prepped_data.csv"},
        "billing": {"output bill: bill.json", "output selected: selected.csv"},
    }.items():
        subjects = {check["subject"] for run in verified.runs(experiment) for step in run["steps"] for check in
                    step["checks"]}  # fmt: skip
        assert wanted <= subjects, experiment


def test_what_the_scripts_print(verified: Verified) -> None:
    for text in verified.printed:
        for words in (
            "'best_alpha': 0.01",
            "'best_r2': 0.481",
            "registered model ridge version 1",
            "0.4823 ",  # the seed of the sweep is the same, so the trials are
            "'--solver', 'cholesky']",
            "registered model tuned-ridge version 1",
            "registered model breast-cancer-classifier version 1",
            "score-files: 12 rows, the first: 000.csv: ",
            "score-rows: 150 rows, the first: 5.1 3.5 1.4 0.2 setosa",
            "best model: datatransformer > ",
            "registered model titanic-survival version 1",
            "billing-nightly Active, last run: none yet",
            "billing-nightly Disabled, last run: none yet",
        ):
            assert words in text, words
    bill = {"products": ["apples", "cherries", "pears"], "total": 57.5}
    assert verified.values("bill: ") == [[bill], [bill]]

    assert "outputs/model.pkl" in verified.printed[0]
    v2 = verified.printed[1]
    assert "endpoint billing version version-2-0 (default)" in v2 and "endpoint billing version version-1-0:" in v2


def test_the_search_and_the_sweep(verified: Verified) -> None:
    for text in verified.printed:
        scores = [line.split()[2:4] for line in text.splitlines() if line.startswith("iteration ")]
        assert len(scores) == 2
        assert all(float(score) > 0.55 for row in scores for score in row), "the table says who survives"
        ranked = [line.split(maxsplit=1)[0] for line in text.splitlines() if line.startswith("0.") and "alpha" in line]
        assert len(ranked) == 3 and ranked == sorted(ranked, reverse=True)


def test_four_processes_with_random_numbers_of_their_own(verified: Verified) -> None:
    hits = 0
    for rank in range(4):
        darts = random.Random(rank)
        hits += sum(darts.random() ** 2 + darts.random() ** 2 <= 1 for _ in range(50000))
    for found in verified.values("metrics: "):
        assert found == [{"processes": 4, "pi": pytest.approx(4 * hits / 200000)}]
