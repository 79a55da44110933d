"""A pipeline of SDK v1 and its conversion give the same on one workspace service, each with its real client."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from amlbridge.migrate.findings import Status
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings
from amlbridge.migrate.write import write_all
from tests.support.live import LiveService

SAMPLE = Path(__file__).parents[2] / "samples" / "v1" / "breast_cancer"


def converted(folder: Path) -> None:
    """Converts all modules of a folder in place, with components as YAML; nothing may be left."""
    reports = run([folder], Settings(jobs=1))
    write_all(reports, [folder])
    for report in reports:
        left = [f for f in report.findings if f.status not in (Status.CONVERTED, Status.REVIEW)]
        assert not left, left
        assert not re.search(r"^\s*(from|import) azureml", report.path.read_text(), re.MULTILINE), report.path
    assert not any(report.changed for report in run([folder], Settings(jobs=1)))


def result(out: str) -> tuple[dict[str, float], str, dict[str, dict[str, float]]]:
    """The metrics file, the registered model and the metrics of the steps that the script has printed."""
    metrics = re.search(r"^metrics in .*?: (\{.*\})$", out, re.MULTILINE)
    model = re.search(r"^registered model (\S+) version (\S+)$", out, re.MULTILINE)
    assert metrics and model, out
    steps = {
        found[1]: json.loads(found[2].replace("'", '"'))
        for found in re.finditer(r"^(prepare|train|register): \w+ (\{.*\})$", out, re.MULTILINE)
    }
    return json.loads(metrics[1].replace("'", '"')), f"{model[1]}:{model[2]}", steps


@pytest.mark.slow
def test_the_converted_pipeline_gives_the_same(tmp_path: Path, empty_live: LiveService) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    shutil.copytree(SAMPLE, before)
    shutil.copytree(SAMPLE, after)
    converted(after)
    components = sorted(path.name for path in (after / "steps").glob("*.yml"))
    names = ["environment.conda.yml", "prepare.component.yml", "register.component.yml", "train.component.yml"]
    assert components == names
    v1 = empty_live.run((before / "pipeline.py").read_text(), folder=before, workspace="one")
    v2 = empty_live.run((after / "pipeline.py").read_text(), folder=after, workspace="two")
    assert result(v2.stdout) == result(v1.stdout)
    assert result(v2.stdout)[2]["prepare"] == {"rows": 569.0, "measurements": 30.0}
