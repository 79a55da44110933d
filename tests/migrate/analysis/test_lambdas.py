"""What a lambda gets is known where it runs over something that is known."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Run, Workspace

ws = Workspace.from_config()
run = Run.get(ws, RUN_ID)
"""


@pytest.mark.parametrize(
    "code",
    [
        "best = max(run.get_children(), key=lambda child: {score})",
        "found = sorted(run.get_children(), key=lambda child: {score}, reverse=True)",
        "found = list(filter(lambda child: {score} > 1, run.get_children()))",
        "found = [score for score in map(lambda child: {score}, run.get_children())]",
        "found = list(run.get_children())\nfound.sort(key=lambda child: {score})",
    ],
)
def test_the_elements_of_runs_are_runs(code: str) -> None:
    text = convert(HEAD + code.format(score='child.get_metrics()["r2"]') + "\n").text
    assert 'mlflow.get_run(child.name).data.metrics["r2"]' in text and "get_metrics" not in text


def test_other_lambdas_take_anything() -> None:
    code = "ask = lambda child: child.get_metrics()\nbest = max(run, other, key=lambda child: child.get_metrics())\n"
    assert convert(HEAD + code).text.count("child.get_metrics()") == 2


def test_what_a_lambda_makes_is_followed() -> None:
    text = convert(HEAD + "find = lambda: Run.get(ws, OTHER)\nfound = find()\nfound.wait_for_completion()\n").text
    assert "ml_client.jobs.stream(found.name)" in text and "azureml" not in text
