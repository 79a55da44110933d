"""A notebook beside a script of its name, as ``nbconvert`` makes it: both have files of their own."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings

PIPELINE = """\
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
step = PythonScriptStep(
    "train.py", name="train", source_directory="steps", compute_target="cpu", arguments=["--n", {}]
)
pipeline = Pipeline(ws, [step])
"""


def test_a_notebook_and_its_script_create_files_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "train.py").write_text("print(1)\n")
    (tmp_path / "weekly.py").write_text(PIPELINE.format(1))
    nbformat.write(new_notebook(cells=[new_code_cell(PIPELINE.format(2))]), tmp_path / "weekly.ipynb")
    reports = {report.path.name: report for report in run([tmp_path], Settings(jobs=1))}
    commands = {}
    for name in ("weekly.py", "weekly.ipynb"):
        path, content = next(item for item in reports[name].created.items() if "component" in str(item[0]))
        commands[name] = next(line for line in content.decode().splitlines() if line.startswith("command:"))
        assert Path(path).name in reports[name].after.decode()
    assert commands == {
        "weekly.py": "command: python train.py --n 1",
        "weekly.ipynb": "command: python train.py --n 2",
    }
    created = [path for report in reports.values() for path in report.created]
    assert len(created) == len(set(created))
