"""Lists of runs that a function gives, in ways that nobody follows: who gets them and who finds them are of one SDK."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings

HEAD = """\
from itertools import islice
from typing import List
from elsewhere import pick
from azureml.core import Experiment, Run, Workspace


def latest(ws: Workspace, name: str, wanted) -> List[Run]:
    experiment: Experiment = ws.experiments[name]
"""
USE = """\
from azureml.core import Workspace
from helper import latest

ws = Workspace.from_config()
for run in latest(ws, "fit", {"a": "b"}):
    print(run.id)
print(latest(ws, "fit", {})[0].id)
"""


def converted(folder: Path, returned: str) -> dict[str, str]:
    """The modules after their conversion, which a second one does not change."""
    (folder / "helper.py").write_text(f"{HEAD}    return {returned}\n")
    (folder / "use.py").write_text(USE)
    for report in run([folder], Settings(jobs=1)):
        report.path.write_bytes(report.after)
    assert not any(report.changed for report in run([folder], Settings(jobs=1)))
    return {path.stem: path.read_text() for path in folder.iterdir()}


@pytest.mark.parametrize("found", ["list(pick(%s))", "[%s, 1][0]", "list(islice(%s, 3))"])
def test_runs_that_stay_are_those_of_sdk_v1_for_the_caller(tmp_path: Path, found: str) -> None:
    texts = converted(tmp_path, found % "experiment.get_runs(tags=wanted | {})")
    assert "print(run.id)" in texts["use"] and 'latest(ws, "fit", {})[0].id' in texts["use"]
    assert "-> List[Run]:" in texts["helper"] and "experiment: Experiment = " in texts["helper"]


@pytest.mark.parametrize("found", ["list(%s)", "list(islice(%s, 3))"])
def test_runs_that_become_jobs_are_jobs_for_the_caller(tmp_path: Path, found: str) -> None:
    texts = converted(tmp_path, found % "experiment.get_runs(tags=wanted)")
    assert "print(run.name)" in texts["use"] and 'latest(ml_client, "fit", {})[0].name' in texts["use"]
    assert "-> List[Job]:" in texts["helper"] and "experiment: str = name" in texts["helper"]
    assert "(wanted or {}).items() <= run.data.tags.items()" in texts["helper"]
