"""Widgets that are shown from a variable, or not at once."""

from __future__ import annotations

from tests.migrate.rules.support import convert


def test_a_widget_in_a_variable() -> None:
    text = convert(
        "from azureml.core import Experiment, Workspace\nfrom azureml.widgets import RunDetails\n"
        'ws = Workspace.from_config()\nrun = Experiment(ws, "e").submit(j)\nw = RunDetails(run)\nw.show()\n'
    ).text
    assert text.endswith("w = run\nml_client.jobs.stream(w.name)\n") and "azureml.widgets" not in text


def test_the_widget_of_an_interactive_run_goes() -> None:
    """Following it would wait for the very process that waits."""
    text = convert(
        "from azureml.core import Experiment, Workspace\nfrom azureml.widgets import RunDetails\n"
        'ws = Workspace.from_config()\nrun = Experiment(ws, "e").start_logging()\nRunDetails(run).show()\n'
        'run.log("a", 1)\n'
    ).text
    assert text.endswith('run = mlflow.start_run()\nmlflow.log_metric("a", 1)\n')


def test_the_best_run_of_automl_is_shown_by_the_id_that_mlflow_gives() -> None:
    text = convert(
        "from azureml.core import Experiment, Workspace\nfrom azureml.train.automl import AutoMLConfig\n"
        "from azureml.widgets import RunDetails\n\nws = Workspace.from_config()\n"
        'trial = AutoMLConfig(task="regression", primary_metric="r2_score", training_data=ws.datasets["a"],\n'
        '    label_column_name="x", compute_target="c")\n'
        'run = Experiment(ws, "e").submit(trial)\nbest, model = run.get_output()\nRunDetails(best).show()\n'
    ).text
    assert text.endswith("ml_client.jobs.stream(best.info.run_id)\n")
