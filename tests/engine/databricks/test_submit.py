"""The driver of a step on Databricks: what it asks for, what it says of the end, and what it keeps to itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from amlbridge.engine import kinds
from amlbridge.engine.databricks import submit
from tests.support import databricks
from tests.support.databricks import Databricks

RUN = {"AZUREML_RUN_ID": "r1", "AZUREML_RUN_TOKEN": "secret", "AZUREML_ARM_WORKSPACE_NAME": "ws"}
NOTEBOOK = {"task_key": "a", "notebook_task": {"notebook_path": "/n", "base_parameters": {"rows": "5"}}}


@pytest.fixture
def workspace() -> Iterator[Databricks]:
    with databricks.workspace() as found:
        yield found


def start(
    tmp_path: Path, workspace: Databricks, task: dict[str, Any], folder: str | None = None
) -> subprocess.Popen[str]:
    """Starts the driver as its step does."""
    path = tmp_path / "driver.json"
    path.write_text(json.dumps({"body": {"run_name": "n", "tasks": [task]}, "folder": folder}))
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, submit.__file__, str(path)],
        cwd=work,
        env={**os.environ, **RUN, "DATABRICKS_HOST": workspace.url, "DATABRICKS_TOKEN": "token"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ran(tmp_path: Path, workspace: Databricks, task: dict[str, Any], folder: str | None = None) -> tuple[int, str, str]:
    """Exit code, output and errors of the driver."""
    process = start(tmp_path, workspace, task, folder)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_a_notebook_gets_its_parameters_and_what_the_run_is(tmp_path: Path, workspace: Databricks) -> None:
    workspace.output = {"notebook_output": {"result": "5 rows"}}
    code, out, err = ran(tmp_path, workspace, NOTEBOOK)
    assert code == 0, err
    given = workspace.submitted[0]["tasks"][0]["notebook_task"]["base_parameters"]
    assert (given["rows"], given["AZUREML_RUN_ID"], given["AZUREML_ARM_WORKSPACE_NAME"]) == ("5", "r1", "ws")
    assert given["AZUREML_RUN_TOKEN"] == "" and "secret" not in json.dumps(workspace.asked)
    assert f"databricks: run 7 is TERMINATED: {workspace.url}/#run/7" in out
    assert "5 rows" in out


def test_the_files_of_a_script_are_brought_along(tmp_path: Path, workspace: Databricks) -> None:
    (tmp_path / "work" / "deep").mkdir(parents=True)
    (tmp_path / "work" / "clean.py").write_text("print()")
    (tmp_path / "work" / "deep" / "large.bin").write_bytes(b"x" * 600_000)
    (tmp_path / "work" / "outputs").symlink_to(tmp_path)
    task = {"task_key": "a", "spark_python_task": {"python_file": "dbfs:/f/clean.py", "parameters": ["--a", "1"]}}
    code, _, err = ran(tmp_path, workspace, task, "f")
    assert code == 0, err
    made = [body["path"] for path, body in workspace.asked if path.endswith("dbfs/create")]
    assert made == ["/f/clean.py", "/f/deep/large.bin"]
    assert sum(path.endswith("dbfs/add-block") for path, _ in workspace.asked) == 3
    words = workspace.submitted[0]["tasks"][0]["spark_python_task"]["parameters"]
    assert words[:2] == ["--a", "1"]
    assert words[words.index("--AZUREML_SCRIPT_DIRECTORY_NAME") + 1] == "f"
    assert words[words.index("--AZUREML_RUN_ID") + 1] == "r1"


def test_a_run_that_fails_says_why_there(tmp_path: Path, workspace: Databricks) -> None:
    workspace.result, workspace.message = "FAILED", "Workload failed, see run output for details"
    workspace.output = {"error": "ValueError: no rows", "error_trace": "Traceback ...\nValueError: no rows"}
    code, out, err = ran(tmp_path, workspace, NOTEBOOK)
    assert code == kinds.SAID_WHY
    assert "Traceback ..." in out
    assert err.splitlines()[-1] == "the run 7 on Databricks ended as FAILED: ValueError: no rows"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"token": "other"}, "refuses the access token of the compute (403): attach it again"),
        ({"url": "http://127.0.0.1:9"}, "http://127.0.0.1:9 cannot be reached"),
    ],
)
def test_a_workspace_that_cannot_be_used(
    tmp_path: Path, workspace: Databricks, change: dict[str, str], words: str
) -> None:
    vars(workspace).update(change)
    code, _, err = ran(tmp_path, workspace, NOTEBOOK)
    assert code == kinds.SAID_WHY
    assert words in err.splitlines()[-1]


def test_a_run_that_databricks_refuses(tmp_path: Path, workspace: Databricks) -> None:
    code, _, err = ran(tmp_path, workspace, {**NOTEBOOK, "task_key": "refused"})
    assert code == kinds.SAID_WHY
    assert err.splitlines()[-1] == "Databricks answers 400: INVALID_PARAMETER_VALUE: no such node type"


def test_a_busy_workspace_is_asked_again(tmp_path: Path, workspace: Databricks) -> None:
    workspace.busy = 2
    code, _, err = ran(tmp_path, workspace, NOTEBOOK)
    assert code == 0, err
    assert "asking again" in err


def test_the_token_goes_to_no_other_host(tmp_path: Path, workspace: Databricks) -> None:
    with databricks.workspace() as other:
        workspace.elsewhere = f"{other.url}/api/2.1/jobs/runs/submit"
        code, _, err = ran(tmp_path, workspace, NOTEBOOK)
        assert not other.asked
    assert code == kinds.SAID_WHY
    assert "Databricks answers 307" in err


def test_a_step_that_is_cancelled_cancels_its_run(tmp_path: Path, workspace: Databricks) -> None:
    workspace.result = None
    process = start(tmp_path, workspace, NOTEBOOK)
    while not workspace.submitted:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == kinds.SAID_WHY
    assert ("/api/2.1/jobs/runs/cancel", {"run_id": 7}) in workspace.asked
    assert err.splitlines()[-1] == "the run 7 on Databricks was cancelled"
