"""Scripts that are converted while the code which submits them stays SDK v1."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from amlbridge.migrate.findings import FileReport, Finding, Status
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings

SCRIPT = 'from azureml.core import Run\n\nrun = Run.get_context()\nrun.log("loss", 0.5)\n'
HEAD = "from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace\n\nws = Workspace.from_config()\n"
#: Its settings are only known when it runs: it stays.
CALL = 'config = ScriptRunConfig(\n    "src", script={}, environment=Environment.get(ws, "e"), **settings()\n)\n'
SUBMIT = 'Experiment(ws, "e").submit(config)\n'


def _reports(folder: Path, files: dict[str, str]) -> dict[str, FileReport]:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return {report.path.name: report for report in run([folder], Settings(jobs=1))}


def _of_run(report: FileReport) -> Finding:
    return next(finding for finding in report.findings if finding.symbol == "Run.get_context")


def _told(report: FileReport) -> list[str]:
    return [finding.message for finding in report.findings if "its environment has to have" in finding.message]


def test_the_finding_names_who_submits_it_and_what_it_imports(tmp_path: Path) -> None:
    """The job of SDK v1 would fail at `import mlflow`."""
    script = SCRIPT + 'run.experiment.workspace.datasets["rows"].to_pandas_dataframe()\n'
    files = {"src/train.py": script, "go.py": HEAD + CALL.format('"train.py"') + SUBMIT}
    found = _reports(tmp_path, files)["train.py"]
    assert b"mlflow.log_metric" in found.after and b"azureml.core" not in found.after
    assert _of_run(found).status is Status.REVIEW
    assert len(_told(found)) == 1
    for word in ("go.py", "mlflow", "azureml-mlflow", "azure-ai-ml", "mltable"):
        assert word in _of_run(found).message


def test_a_submission_that_is_converted_says_nothing(tmp_path: Path) -> None:
    call = CALL.format('"train.py"').replace("**settings()", 'compute_target="cpu"')
    found = _reports(tmp_path, {"src/train.py": SCRIPT, "go.py": HEAD + call + SUBMIT})
    assert b"azureml.core" not in found["go.py"].after
    assert _told(found["train.py"]) == []


def test_only_the_script_of_the_call_that_stays(tmp_path: Path) -> None:
    other = 'other = ScriptRunConfig("src", script="score.py", compute_target="cpu", environment="e")\n'
    text = HEAD + CALL.format('"train.py"') + other + SUBMIT
    found = _reports(tmp_path, {"src/train.py": SCRIPT, "src/score.py": SCRIPT, "go.py": text})
    assert _told(found["train.py"]) and _told(found["score.py"]) == []


def test_a_script_in_a_variable_is_one_that_the_file_names(tmp_path: Path) -> None:
    text = HEAD + 'script = "train.py"\n' + CALL.format("script") + SUBMIT
    assert _told(_reports(tmp_path, {"src/train.py": SCRIPT, "go.py": text})["train.py"])


@pytest.mark.parametrize(
    "files",
    [
        {"go.py": HEAD + 'PACKAGES = ["azureml-mlflow"]\n' + CALL.format('"train.py"') + SUBMIT},
        {
            "go.py": HEAD + 'CONDA = "conda.yml"\n' + CALL.format('"train.py"') + SUBMIT,
            "conda.yml": "dependencies:\n- python=3.10\n- pip:\n  - azureml-defaults\n",
        },
    ],
    ids=["named in the code", "in the file of the environment"],
)
def test_an_environment_that_has_mlflow_is_enough(tmp_path: Path, files: dict[str, str]) -> None:
    assert _told(_reports(tmp_path, {"src/train.py": SCRIPT, **files})["train.py"]) == []


def test_a_script_that_a_cell_writes(tmp_path: Path) -> None:
    cells = [HEAD, "%%writefile src/train.py\n" + SCRIPT, CALL.format('"train.py"') + SUBMIT]
    content = [
        {"cell_type": "code", "source": text, "metadata": {}, "outputs": [], "execution_count": None} for text in cells
    ]
    text = json.dumps({"cells": content, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    found = _reports(tmp_path, {"go.ipynb": text})["go.ipynb"]
    assert b"mlflow.log_metric" in found.after
    assert _of_run(found).cell == 1 and "go.ipynb stays SDK v1" in _of_run(found).message


def test_of_several_scripts_of_a_name_the_nearest(tmp_path: Path) -> None:
    files = {"a/src/train.py": SCRIPT, "b/src/train.py": SCRIPT, "a/go.py": HEAD + CALL.format('"train.py"') + SUBMIT}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = {str(report.path.relative_to(tmp_path)): _told(report) for report in run([tmp_path], Settings(jobs=1))}
    assert found["a/src/train.py"] and not found["b/src/train.py"]


def test_of_several_scripts_as_near_the_one_whose_folder_is_named(tmp_path: Path) -> None:
    files = {"src/train.py": SCRIPT, "old/train.py": SCRIPT, "go.py": HEAD + CALL.format('"train.py"') + SUBMIT}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = {str(report.path.relative_to(tmp_path)): _told(report) for report in run([tmp_path], Settings(jobs=1))}
    assert found["src/train.py"] and not found["old/train.py"]
