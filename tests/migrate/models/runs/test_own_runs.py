"""Runs that a script starts with MLflow itself, beside the run of its job."""

from __future__ import annotations

from tests.migrate.rules.support import convert

HEAD = "import mlflow\nfrom azureml.core import Run\n\nrun = Run.get_context()\n"


def test_the_run_that_is_active_already_is_not_started_again() -> None:
    text = convert(f"{HEAD}with mlflow.start_run():\n    print(run.id)\n").text
    assert "with mlflow.active_run() or mlflow.start_run():\n" in text


def test_what_logs_above_has_started_it() -> None:
    text = convert(f'{HEAD}run.log("rows", 3)\nown = mlflow.start_run(run_name="fit")\n').text
    assert 'own = mlflow.active_run() or mlflow.start_run(run_name="fit")\n' in text


def test_a_run_that_nothing_starts_before_is_started_as_it_was() -> None:
    text = convert(f'{HEAD}with mlflow.start_run() as own:\n    run.log("rows", 3)\n').text
    assert "with mlflow.start_run() as own:\n" in text


def test_runs_below_that_of_the_job_are_new_ones() -> None:
    text = convert(f"{HEAD}print(run.id)\nwith mlflow.start_run(nested=True):\n    pass\n").text
    assert "with mlflow.start_run(nested=True):\n" in text
