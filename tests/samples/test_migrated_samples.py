"""The samples of SDK v1 after ``amlbridge migrate --write``: nothing is left to do.

What they do then is in test_verified_samples, but for what has no twin in SDK v1.
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


def test_a_run_script_alone(amlbridge: Command) -> None:
    assert "best alpha 0.01 with r2 0.481" in amlbridge("run", "run_script/train.py").stdout


def test_publish(amlbridge: Command) -> None:
    """A release of the published pipeline that is called by its version, and one that is not there."""
    out = amlbridge("run", "publish/publish.py", "--release", "1.0").stdout
    assert "endpoint billing version version-1-0 (default)" in out
    call = ("run", "publish/call.py", "--orders", "orders-week-45", "--prices", "2025", "--version")
    assert _value(amlbridge(*call, "version-1-0").stdout, "bill: ") == {
        "products": ["apples", "pears", "plums"],
        "total": 30.0,
    }
    assert "404" in amlbridge(*call, "version-7-0", code=1).stderr
