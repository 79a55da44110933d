"""Notebooks that run others first, and notebooks that only get objects of SDK v1 from modules of the project."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from amlbridge.migrate.findings import FileStatus
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings
from tests.migrate.notebooks.cells import code, notebook, sources

_SETUP = """\
from azureml.core import Dataset, Experiment, Workspace

ws = Workspace.from_config()
store = ws.get_default_datastore()
"""
_USES = (
    'files = Dataset.File.from_files([(store, "a")]).register(ws, "files")\n',
    'experiment = Experiment(ws, "e")\nprint(ws.name, experiment.name)\n',
)


def _converted(folder: Path) -> dict[str, Sequence[str]]:
    found = {}
    for report in run([folder], Settings()):
        assert report.status in (FileStatus.MIGRATED, FileStatus.UNCHANGED), report.findings
        after = report.after if isinstance(report.after, bytes) else report.after.encode()
        report.path.write_bytes(after)
        found[report.path.name] = sources(after) if report.path.suffix == ".ipynb" else [after.decode()]
    assert not any(report.changed for report in run([folder], Settings()))
    return found


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("setup.ipynb", "%run ./setup.ipynb"),
        ("setup.ipynb", "%run setup"),
        ("common/00 base-setup.ipynb", "%run 'common/00 base-setup.ipynb'"),
        ("setup.py", "%run -i setup.py --verbose"),
    ],
)
def test_a_notebook_has_the_names_of_the_one_that_it_runs(file: str, line: str, tmp_path: Path) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_bytes(notebook(code(_SETUP)) if file.endswith(".ipynb") else _SETUP.encode())
    (tmp_path / "main.ipynb").write_bytes(notebook(code(f"{line}\n"), *map(code, _USES)))
    found = _converted(tmp_path)
    assert "\nws = MLClient.from_config(" in found[Path(file).name][0]
    first, files, shown = found["main.ipynb"]
    assert f"{line}\n" in first and "Dataset" not in files
    assert "ws.data.create_or_update" in files and "{store}" not in files
    assert shown.endswith('experiment = "e"\nprint(ws.workspace_name, experiment)\n')


def test_a_chain_of_notebooks(tmp_path: Path) -> None:
    (tmp_path / "base.ipynb").write_bytes(notebook(code(_SETUP)))
    (tmp_path / "more.ipynb").write_bytes(notebook(code("%run base\n"), code('other = ws.datastores["other"]\n')))
    (tmp_path / "main.ipynb").write_bytes(notebook(code("%run more\n"), code("print(ws.name, other.name)\n")))
    found = _converted(tmp_path)
    assert found["more.ipynb"][1] == 'other = ws.datastores.get("other")\n'
    assert found["main.ipynb"][1] == "print(ws.workspace_name, other.name)\n"


@pytest.mark.parametrize("line", ["%run {name}", "%run /shared/setup.ipynb", "%run -m setup", "%run 'setup"])
def test_what_is_not_known_is_not_followed(line: str, tmp_path: Path) -> None:
    (tmp_path / "setup.ipynb").write_bytes(notebook(code(_SETUP)))
    main = notebook(code(f"{line}\n"), code("print(ws.name)\n"))
    (tmp_path / "main.ipynb").write_bytes(main)
    _converted(tmp_path)
    assert (tmp_path / "main.ipynb").read_bytes() == main


def test_a_notebook_that_names_no_sdk_gets_objects_of_a_module(tmp_path: Path) -> None:
    helper = "from azureml.core import Workspace\n\n\ndef get_workspace():\n    return Workspace.from_config()\n"
    (tmp_path / "helpers.py").write_text(helper)
    cells = ("from helpers import get_workspace\n", "ws = get_workspace()\nprint(ws.get_default_datastore().name)\n")
    (tmp_path / "main.ipynb").write_bytes(notebook(*map(code, cells)))
    other = notebook(code("import pandas as pd\nws = get_workspace()\nprint(ws.get_default_datastore().name)\n"))
    (tmp_path / "other.ipynb").write_bytes(other)
    found = _converted(tmp_path)
    assert found["main.ipynb"][1].endswith("print(ml_client.datastores.get_default().name)\n")
    assert (tmp_path / "other.ipynb").read_bytes() == other


@pytest.mark.parametrize("broken", [b'{"cells": [', b"[" * 100_000])
def test_a_notebook_that_cannot_be_read_does_not_end_the_run(broken: bytes, tmp_path: Path) -> None:
    """It names no SDK and imports a module that does."""
    (tmp_path / "helpers.py").write_text("from azureml.core import Workspace\n\nws = Workspace.from_config()\n")
    (tmp_path / "main.ipynb").write_bytes(b"from helpers import ws\n" + broken)
    reports = {report.path.name: report for report in run([tmp_path], Settings())}
    assert reports["helpers.py"].status is FileStatus.MIGRATED
    assert not reports["main.ipynb"].changed and reports["main.ipynb"].findings
