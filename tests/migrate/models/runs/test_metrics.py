"""What code asks of the metrics of a run."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Experiment, Run, Workspace

run = Run(Experiment(Workspace.from_config(), "e"), "id")
"""
ALL = "mlflow.get_run(run.name).data.metrics"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('last = run.get_metrics()["loss"][-1]', f'last = {ALL}["loss"]'),
        ('print(f"{run.get_metrics()[name][-1]:.2f}")', f'print(f"{{{ALL}[name]:.2f}}")'),
        ('found = run.get_metrics()\nprint(found["loss"][-1])', f'found = {ALL}\nprint(found["loss"])'),
        ('found = run.get_metrics()\nfound = load()\nprint(found["loss"][-1])', 'print(found["loss"][-1])'),
        ('print(run.get_metrics("loss")["loss"])', f'print({ALL}["loss"])'),
        ("print(run.get_metrics(name))", f"{{key: value for key, value in {ALL}.items() if key == name}}"),
    ],
)
def test_the_metrics_of_a_run(before: str, after: str) -> None:
    text = convert(f"{HEAD}{before}\n").text
    assert "".join(after.split()) in "".join(text.split())


def test_a_metric_of_the_run_that_the_script_is_in() -> None:
    text = convert('from azureml.core import Run\n\nrun = Run.get_context()\nprint(run.get_metrics("loss"))\n').text
    assert 'if key == "loss"' in text
