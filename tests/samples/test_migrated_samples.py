"""The samples of SDK v1 after ``amlbridge migrate --write``: nothing is left to do, and they give what they gave.

What mpi and parallel_run give is in test_verified_samples; how a converted AutoML pipeline runs in
tests/migrate/rules/test_automl_live.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Command

pytestmark = pytest.mark.slow

_SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "v1"
_MIGRATED = ("automl_titanic", "breast_cancer", "hyperdrive", "mpi", "parallel_run", "publish", "run_script")


@pytest.fixture(scope="module")
def amlbridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """The command, in a folder with the migrated samples."""
    command = Command(tmp_path_factory.mktemp("migrated"))
    command.environment["AMLBRIDGE_PREWARM"] = "1"
    for name in _MIGRATED:
        shutil.copytree(_SAMPLES / name, command.folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    command("migrate", *_MIGRATED, "--write", "--report", "report.json", code=None)
    yield command
    command("down", code=None)


def _value(out: str, start: str) -> object:
    """What the line with this start says, as Python."""
    line = next(line for line in out.splitlines() if line.startswith(start))
    return ast.literal_eval(line.removeprefix(start))


def test_nothing_is_left_to_do(amlbridge: Command) -> None:
    files = json.loads((amlbridge.folder / "report.json").read_text())["files"]
    left = {file["path"]: file["status"] for file in files if file["status"] not in ("migrated", "unchanged")}
    assert not left
    for file in files:
        open_ = {f["rule"] for f in file["findings"] if f["status"] not in ("converted", "review")}
        assert not open_, file["path"]
        text = (amlbridge.folder / file["path"]).read_text()
        if file["path"].endswith(".py"):
            assert not re.search(r"^\s*(from|import) azureml(?!_user)", text, re.MULTILINE), file["path"]


def test_a_second_run_changes_nothing(amlbridge: Command) -> None:
    def texts() -> dict[Path, bytes]:
        return {path: path.read_bytes() for name in _MIGRATED for path in (amlbridge.folder / name).rglob("*.*")}

    before = texts()
    amlbridge("migrate", *_MIGRATED, "--write", "--force", code=None)
    assert texts() == before


def test_breast_cancer(amlbridge: Command) -> None:
    out = amlbridge("run", "breast_cancer/pipeline.py").stdout
    metrics = re.search(r"^metrics in (.*): (\{.*\})$", out, re.MULTILINE)
    assert metrics is not None, out
    measured = ast.literal_eval(metrics[2])
    assert json.loads((amlbridge.folder / metrics[1]).read_text()) == measured
    assert measured["accuracy"] > 0.9
    assert re.search(r"^prepare: Completed \{.*'rows': 569", out, re.MULTILINE)
    assert "registered model breast-cancer-classifier version 1" in out


def test_run_script(amlbridge: Command) -> None:
    out = amlbridge("run", "run_script/submit.py").stdout
    assert "'best_alpha': 0.01" in out
    assert "'best_r2': 0.481" in out
    assert "registered model ridge version 1" in out
    alone = amlbridge("run", "run_script/train.py").stdout
    assert "best alpha 0.01 with r2 0.481" in alone


def test_hyperdrive(amlbridge: Command) -> None:
    out = amlbridge("run", "hyperdrive/submit.py").stdout
    # The seed is the same, so the trials are: what the v1 sample prints.
    assert "0.4823 " in out and "'--solver', 'cholesky']" in out
    assert "registered model tuned-ridge version 1" in out


def test_publish(amlbridge: Command) -> None:
    """Two releases, called over REST: the numbers are those of the sample's own test. A version is named."""
    for release, quantity in (("1.0", "1"), ("2.0", "5")):
        out = amlbridge("run", "publish/publish.py", "--release", release, "--minimum-quantity", quantity).stdout
    assert "endpoint billing version version-2-0 (default)" in out
    assert "endpoint billing version version-1-0:" in out
    call = ("run", "publish/call.py", "--orders")
    assert _value(
        amlbridge(*call, "orders-week-45", "--prices", "2025", "--version", "version-1-0").stdout, "bill: "
    ) == {
        "products": ["apples", "pears", "plums"],
        "total": 30.0,
    }
    # The default version differs by the default of its parameter only.
    out = amlbridge(*call, "orders-week-45", "--prices", "2025").stdout
    assert _value(out, "bill: ") == {"products": ["pears"], "total": 24.0}
    switched = amlbridge(*call, "orders-week-46", "--prices", "2026", "--minimum-quantity", "2").stdout
    assert _value(switched, "bill: ") == {"products": ["apples", "cherries", "pears"], "total": 57.5}
    assert "404" in amlbridge(*call, "orders-week-45", "--prices", "2025", "--version", "version-7-0", code=1).stderr

    # The schedule names the data that were the defaults of the published pipeline.
    assert "billing-nightly Active, last run: none yet" in amlbridge("run", "publish/schedule.py", "create").stdout
    assert "billing-nightly Disabled, last run: none yet" in amlbridge("run", "publish/schedule.py", "disable").stdout
