"""What Python says of the texts that are read is not told to those whose code it is: nothing of it is run here."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest

from amlbridge.migrate.findings import FileStatus
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings

# A backslash that Python takes for itself, as in paths of Windows, in what is parsed as a module, as a part of one, and
# as a cell of a notebook that has lines which are no Python.
SCRIPT = r"""from azureml.core import Environment, Run, ScriptRunConfig, Workspace

run = Run.get_context()
run.log_list("losses\d", [1.0, 2.0])
run.tag("folder", f"C:\data\{run.id}")
config = ScriptRunConfig("src", "train.py", arguments=["--folder", "C:\data\in"], compute_target="cpu")
config.run_config.environment = Environment.get(Workspace.from_config(), "train\e")
"""
CELLS = [
    "%matplotlib inline\nfrom azureml.core import Workspace\nws = Workspace.from_config()",
    "if ws:\n    !ls $folder\nfolder = 'C:\\data\\out'\nfound = !ls 'C:\\data'\nprint(ws.name, folder)",
]


def notebook(cells: list[str]) -> str:
    made = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": text} for text in cells
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.mark.parametrize(("name", "text"), [("train.py", SCRIPT), ("train.ipynb", notebook(CELLS))])
def test_texts_of_the_user_are_parsed_without_a_warning(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        (report,) = [report for report in run([tmp_path], Settings()) if report.path.name == name]
    assert report.status in (FileStatus.MIGRATED, FileStatus.PARTIAL)
    assert [str(warning.message) for warning in said if "escape sequence" in str(warning.message)] == []
