"""The mutation test: faults put into a migrated pipeline are told at the right step, harmless changes are not told.

A pipeline of SDK v1 is run once and migrated. Each change is made in a copy of the migrated files, which the real
client of SDK v2 submits to the same service; the engine runs what the change concerns and takes the rest from earlier
runs.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from amlbridge.cli.compare_sides import State
from amlbridge.compare.recorded import Recorded
from amlbridge.compare.result import Report, Verdict
from amlbridge.compare.rules import Rules
from amlbridge.compare.runs import compare_runs
from amlbridge.migrate.run import run as migrate
from amlbridge.migrate.settings import Settings
from amlbridge.migrate.write import write_all
from tests.compare.mutation.changes import FAULTS, HARMLESS, MORE, Change
from tests.compare.mutation.project import FILES
from tests.support.live import LiveService

# The fixture submits and runs 70 pipelines: minutes on a machine that does other things as well.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

_V1 = """
    import os, runpy
    from azureml.core import Dataset, Workspace
    from azureml.core.compute import AmlCompute, ComputeTarget
    ws = Workspace.from_config()
    for name in ("cpu-cluster", "gpu-cluster"):
        wanted = AmlCompute.provisioning_configuration("STANDARD_D2_V2", max_nodes=4)
        ComputeTarget.create(ws, name, wanted).wait_for_completion()
    store = ws.get_default_datastore()
    for name in ("raw", "old"):
        Dataset.File.upload_directory(f"data/{name}", (store, f"data/{name}")).register(ws, name)
    os.chdir("project")
    runpy.run_path("pipeline.py")
"""
_V2 = """
    import contextlib, io, json, os, runpy, sys, traceback
    import azure.ai.ml, azure.identity
    here, found = os.getcwd(), {}
    for name in sorted(os.listdir("variants")):
        os.chdir(os.path.join(here, "variants", name))
        try:
            with contextlib.redirect_stdout(io.StringIO()) as out:
                runpy.run_path("pipeline.py")
            found[name] = out.getvalue().split()[-1]
        except Exception as error:
            found[name] = "error: " + traceback.format_exc()
    with open(os.path.join(here, "runs.json"), "w") as file:
        json.dump(found, file)
"""
_TABLE = "id,value\n" + "".join(f"{number},{number * 7 % 11}\n" for number in range(40))


class Mutations:
    """The v1 run, and the run of each change."""

    def __init__(self, service: LiveService) -> None:
        before, after = service.folder / "v1", service.folder / "v2"
        files = {f"project/{name}": text for name, text in FILES.items()}
        data = {"data/raw/raw.csv": _TABLE, "data/old/raw.csv": _TABLE.replace("3,10", "3,9")}
        self.left_id = service.run(_V1, folder=before, files={**files, **data}).stdout.split()[-1]
        migrated = service.folder / "migrated"
        shutil.copytree(before / "project", migrated)
        write_all([report for report in migrate([migrated], Settings()) if report.changed], [migrated])
        for name, text in MORE.items():
            (migrated / name).write_text(text)
        self.errors: dict[str, str] = {}
        self.folders = {change.name: f"{index:02}" for index, change in enumerate((*FAULTS, *HARMLESS))}
        for change in (*FAULTS, *HARMLESS):
            _change(change, migrated, after / "variants" / self.folders[change.name])
        service.run(_V2, folder=after, timeout=900)
        self.runs: dict[str, str] = json.loads((after / "runs.json").read_text())
        self.state = State(service.home)
        self.left = self._read(self.left_id)

    def _read(self, run_id: str) -> Recorded:
        deadline = time.monotonic() + 600
        while not (found := self.state.recorded(run_id)).run.finished:
            assert time.monotonic() < deadline, f"{run_id} is {found.run.status}"
            time.sleep(0.1)
        return found

    def report(self, change: Change) -> Report:
        """What the comparison says of a change."""
        run = self.runs[self.folders[change.name]]
        assert not run.startswith("error: "), run
        return compare_runs(self.left, self._read(run), Rules())


def _change(change: Change, source: Path, target: Path) -> None:
    shutil.copytree(source, target)
    for file, old, new in change.edits:
        text = (target / file).read_text()
        assert old in text, f"{change.name}: {old!r} is not in the migrated {file}:\n{text}"
        (target / file).write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def mutations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mutations]:
    service = LiveService(tmp_path_factory.mktemp("mutations"))
    yield Mutations(service)
    service.stop()


def _told(report: Report) -> set[tuple[str, str, str]]:
    """Step (as v1 calls it), layer and subject of all that is not the same."""
    found = {("", check.layer, check.subject) for check in report.pipeline if check.verdict is not Verdict.SAME}
    for step in report.steps:
        for check in step.checks:
            if check.verdict is not Verdict.SAME:
                found.add((step.left or step.right, check.layer, check.subject))
    return found


def test_there_are_enough_of_them() -> None:
    assert len({change.name for change in FAULTS}) >= 30
    assert len({change.name for change in HARMLESS}) >= 30


@pytest.mark.parametrize("change", FAULTS, ids=lambda change: change.name)
def test_each_fault_is_told_at_its_step(mutations: Mutations, change: Change) -> None:
    found = _told(mutations.report(change))
    for step, subject in change.told:
        assert any(step == place and subject in what for place, _, what in found), sorted(found)
    steps = {step for step, _ in change.told}
    assert {place for place, layer, _ in found if layer == "graph"} <= steps, sorted(found)


@pytest.mark.parametrize("change", HARMLESS, ids=lambda change: change.name)
def test_what_does_no_harm_is_not_told(mutations: Mutations, change: Change) -> None:
    report = mutations.report(change)
    assert _told(report) == set()
    assert report.verdict is Verdict.SAME
