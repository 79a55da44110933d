"""`amlbridge migrate`, the command, in real processes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command import Command

pytestmark = pytest.mark.slow


@pytest.fixture
def amlbridge(tmp_path: Path) -> Command:
    folder = tmp_path / "project"
    folder.mkdir()
    return Command(folder)


def test_nothing_to_do(amlbridge: Command) -> None:
    amlbridge.write("train.py", "import mlflow\n")
    done = amlbridge("migrate", ".", code=0)
    assert done.stdout == ""
    assert "nothing of SDK v1 found" in done.stderr


def test_a_file_that_cannot_be_read_is_reported_and_fails(amlbridge: Command) -> None:
    path = amlbridge.folder / "broken.py"
    path.write_bytes(b"import azureml\0\n")
    done = amlbridge("migrate", ".", "--report", "report.json", code=1)
    assert "zero bytes" in done.stderr
    report = json.loads((amlbridge.folder / "report.json").read_text())
    assert [(file["path"], file["status"]) for file in report["files"]] == [("broken.py", "failed")]
    assert amlbridge("migrate", ".", "--fail-on", "never", code=0)


def test_wrong_usage(amlbridge: Command) -> None:
    assert "there is no missing" in amlbridge("migrate", "missing", code=2).stderr
    assert ".sarif" in amlbridge("migrate", ".", "--report", "a.doc", code=2).stderr
    assert "exclude each other" in amlbridge("migrate", ".", "--write", "--check", code=2).stderr
    amlbridge.write("pyproject.toml", "[tool.amlbridge.migrate]\ncomponent = 'yaml'\n")
    assert "there is no setting 'component'" in amlbridge("migrate", ".", code=2).stderr


def test_standard_input_becomes_standard_output(amlbridge: Command) -> None:
    process = amlbridge.start("migrate", "-", stdin=-1)
    out, _err = process.communicate("import mlflow\n", timeout=60)
    assert (process.returncode, out) == (0, "import mlflow\n")
