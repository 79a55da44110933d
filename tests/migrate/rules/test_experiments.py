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


def test_the_page_of_an_experiment() -> None:
    found = convert(f"{HEAD}print(experiment.get_portal_url())\n")
    text = "".join(found.text.split())
    assert "mlflow.get_experiment_by_name(experiment).experiment_id,ml_client.workspaces.get(" in text
    assert '"https://ml.azure.com/experiments/id/{}?wsid={}".format(' in text
    assert "mlflow.set_tracking_uri(" in text and "azureml.core" not in text
    assert not check_generated(found.text)


def test_get_run_gives_a_job() -> None:
    found = convert(
        HEAD + "from azureml.core import get_run\nrun = get_run(experiment, RUN_ID)\nprint(run.get_status())\n"
    )
    assert "run = ml_client.jobs.get(RUN_ID)\n" in found.text
    assert "print(ml_client.jobs.get(run.name).status)" in found.text and "azureml" not in found.text
