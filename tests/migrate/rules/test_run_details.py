"""Details of a run, and what they are asked for."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from amlbridge.migrate.signatures.check import check_generated

from .support import convert

HEAD = """\
from azureml.core import Run, Workspace

ws = Workspace.from_config()
run = Run.get(ws, RUN_ID)
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('print(run.get_details()["status"])', "print(ml_client.jobs.get(run.name).status)"),
        ('print(run.get_details().get("target", ""))', "print(ml_client.jobs.get(run.name).compute)"),
        ('print(run.get_details()["submittedBy"])', "print(ml_client.jobs.get(run.name).creation_context.created_by)"),
        ("print(run.get_details())", "print(ml_client.jobs.get(run.name))"),
        ('facts = run.get_details()\nprint(facts["properties"]["a"])', 'print(facts.properties["a"])'),
        (
            'facts = run.get_details()\nbegun = "startTimeUtc" in facts',
            "begun = mlflow.get_run(facts.name).info.start_time is not None",
        ),
        ('if "target" not in run.get_details():\n    pass', "if ml_client.jobs.get(run.name).compute is None:"),
    ],
)
def test_keys_become_attributes(before: str, after: str) -> None:
    found = convert(f"{HEAD}{before}\n")
    assert after in found.text
    assert {finding.status for finding in found.findings} <= {Status.CONVERTED, Status.REVIEW}


@pytest.mark.parametrize(
    "line",
    [
        'print(run.get_details()["runDefinition"]["environment"])',
        'facts = run.get_details()\nprint(facts["status"], facts.get("inputDatasets"))',
        "facts = run.get_details()\nprint(facts[KEY])",
        'facts = run.get_details()\nprint("error" in facts)',
        "facts = run.get_details()\nprint(list(facts.items()))",
    ],
)
def test_other_keys_leave_it(line: str) -> None:
    found = convert(f"{HEAD}{line}\n")
    assert line.splitlines()[-1] in found.text.replace("Run.get(ws, run.name)", "run")
    (left,) = (finding for finding in found.findings if finding.status is Status.MANUAL)
    assert left.symbol == "Run.get_details" and "a job of SDK v2 has no" in left.message


@pytest.mark.parametrize(("key", "of_mlflow"), [("startTimeUtc", "start_time"), ("endTimeUtc", "end_time")])
def test_times_are_those_of_mlflow(key: str, of_mlflow: str) -> None:
    found = convert(f"{HEAD}facts = run.get_details()\nmoment = facts['{key}'].split('.')[0]\n")
    text = "".join(found.text.split())
    assert f"moment=(datetime.fromtimestamp(mlflow.get_run(facts.name).info.{of_mlflow}/1000,timezone.utc)" in text
    assert '.strftime("%Y-%m-%dT%H:%M:%S.%fZ").split' in text
    assert "azureml" not in text and not check_generated(found.text)


def test_times_where_datetime_is_the_module() -> None:
    text = convert(f"import datetime\n{HEAD}print(datetime.date.today(), run.get_details()['endTimeUtc'])\n").text
    assert "from datetime import datetime as v2_datetime, timezone" in text or "as v2_datetime" in text
    assert "print(datetime.date.today()," in "".join(text.split("\n")).replace("print(    ", "print(")


TRIAL = """\
from azureml.core import Experiment, Workspace
from azureml.train.automl.run import AutoMLRun

ws = Workspace.from_config()
best = AutoMLRun(Experiment(ws, "churn"), RUN_ID).get_best_child()
"""


def test_a_trial_is_a_run_of_mlflow() -> None:
    found = convert(f"{TRIAL}details = best.get_details()\nprint(details['runId'], best.get_details()['status'])\n")
    assert found.text.endswith("details = best\nprint(details.info.run_id, best.info.status)\n")
    found = convert(f"{TRIAL}print(best.get_details())\n")
    assert found.text.endswith("print(best.to_dictionary())\n")


def test_what_mlflow_does_not_know_of_a_trial_is_left() -> None:
    found = convert(f"{TRIAL}details = best.get_details()\nprint(details['outputDatasets'])\n")
    assert "Run.get(ws, best.info.run_id).get_details()\n" in found.text


LOGGED = """\
from azureml.core import Experiment, Workspace

ws = Workspace.from_config()
experiment = Experiment(ws, "e")
for rate in (0.1, 0.2):
    run = experiment.start_logging()
    run.log("rate", rate)
    run.complete()
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('print(run.get_details()["runId"])', "print(mlflow.get_run(run.info.run_id).info.run_id)"),
        ('facts = run.get_details()\nprint(facts["runId"])', "print(facts.info.run_id)"),
        ('facts = run.get_details()\nprint(facts["properties"]["a"])', 'print(facts.data.tags["a"])'),
        ("print(run.get_details())", "print(mlflow.get_run(run.info.run_id).to_dictionary())"),
    ],
)
def test_runs_that_are_only_logged_are_runs_of_mlflow(before: str, after: str) -> None:
    found = convert(f"{LOGGED}{before}\n")
    assert after in found.text and "azureml.core" not in found.text
    assert not check_generated(found.text)


def test_what_mlflow_does_not_know_of_a_logged_run_is_left() -> None:
    found = convert(f'{LOGGED}facts = run.get_details()\nprint(facts["runId"], facts["logFiles"])\n')
    (left,) = (finding for finding in found.findings if "MLflow does not know" in finding.message)
    assert left.status is Status.MANUAL and "logFiles" in left.message
    assert 'print(facts["runId"], facts["logFiles"])' in found.text
