"""Runs of an experiment are selected as v1 selected them."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from amlbridge.migrate.signatures.check import check_generated
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Experiment, Workspace
ws = Workspace.from_config()
experiment = Experiment(ws, "e")
"""


@pytest.mark.parametrize(
    ("given", "after"),
    [
        ("type='automl'", 'if job.type == "automl"'),
        ("type='hyperdrive'", 'if job.type == "sweep"'),
        ("tags='good'", "and 'good' in run.data.tags"),
        ("tags={'quality': 'high'}", "run.data.tags.get('quality') == 'high'"),
        ("properties={'author': me}, status='Failed'", "job.properties.get('author') == me and job.status == 'Failed'"),
    ],
)
def test_filters(given: str, after: str) -> None:
    found = convert(f"{HEAD}runs = list(experiment.get_runs({given}))\n")
    assert after.replace("'", '"') in " ".join(found.text.split()) and "azureml" not in found.text
    assert not check_generated(found.text)


@pytest.mark.parametrize("given", ["type=kind()", "tags=wanted()", "type='other'"])
def test_filters_that_cannot_be_told_stay(given: str) -> None:
    found = convert(f"{HEAD}runs = list(experiment.get_runs({given}))\n")
    assert any(finding.status is Status.MANUAL and "select by" in finding.message for finding in found.findings)
