"""`amlbridge migrate`, the command, in real processes."""

from __future__ import annotations

import json
import subprocess
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


V1 = "from azureml.core import Workspace\n\nws = Workspace.from_config()\n"
V2 = (
    "from azure.ai.ml import MLClient\nfrom azure.identity import DefaultAzureCredential\n\n"
    "ml_client = MLClient.from_config(credential=DefaultAzureCredential())\n"
)


def test_a_diff_then_the_change_then_nothing(amlbridge: Command) -> None:
    path = amlbridge.write("src/train.py", V1)
    shown = amlbridge("migrate", "src", code=1)
    assert "--- a/src/train.py\n+++ b/src/train.py\n" in shown.stdout
    assert "+ml_client = MLClient.from_config" in shown.stdout
    assert "\x1b" not in shown.stdout
    assert "nothing was written" in shown.stderr
    assert path.read_text() == V1
    assert amlbridge("migrate", "--check", "src", code=1).stdout == "would change src/train.py\n"
    assert amlbridge("migrate", "--check", "--fail-on", "manual", "src", code=0)
    amlbridge("migrate", "--write", "src", code=1)
    assert path.read_text() == V2
    amlbridge("migrate", "--write", "src", code=0)
    assert path.read_text() == V2


def test_git_has_to_be_clean(amlbridge: Command) -> None:
    path = amlbridge.write("train.py", V1)
    subprocess.run(["git", "init", "-q", str(amlbridge.folder)], check=True)
    refused = amlbridge("migrate", "--write", ".", code=2)
    assert "not committed" in refused.stderr and "--force" in refused.stderr
    assert path.read_text() == V1
    amlbridge("migrate", "--write", "--force", ".", code=1)
    assert path.read_text() == V2


def test_rules_and_files_can_be_left_out(amlbridge: Command) -> None:
    amlbridge.write("train.py", V1)
    amlbridge.write("legacy/old.py", V1)
    assert amlbridge("migrate", "--check", "--ignore", "workspace", ".", code=0).stdout == ""
    shown = amlbridge("migrate", "--check", "--exclude", "legacy", ".", code=1).stdout
    assert shown == "would change train.py\n"
    amlbridge.write("pyproject.toml", '[tool.amlbridge.migrate]\nexclude = ["train.py"]\n')
    assert amlbridge("migrate", "--check", ".", code=1).stdout == "would change legacy/old.py\n"


def test_standard_input_is_converted(amlbridge: Command) -> None:
    process = amlbridge.start("migrate", "-", stdin=-1)
    out, _err = process.communicate(V1, timeout=60)
    assert (process.returncode, out) == (1, V2)


def test_processes_and_one_process_say_the_same(amlbridge: Command) -> None:
    for number in range(12):
        amlbridge.write(f"part_{number}.py", V1.replace("ws", f"ws{number}"))
    amlbridge("migrate", ".", "--jobs", "1", "--report", "one.json", "--report", "one.sarif", code=1)
    amlbridge("migrate", ".", "--jobs", "3", "--report", "three.json", code=1)
    one, three = (json.loads((amlbridge.folder / name).read_text()) for name in ("one.json", "three.json"))
    assert one == three
    assert one["summary"]["by_status"]["migrated"] == 12
    assert json.loads((amlbridge.folder / "one.sarif").read_text())["version"] == "2.1.0"
