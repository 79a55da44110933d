"""Values of a dict that a loop logs."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

HEAD = "import argparse\nfrom azureml.core import Run\n\nrun = Run.get_context()\n"
CHOICE = 'if isinstance(value, str): mlflow.log_text(value, f"{name}.txt") else: mlflow.log_metric(name, value)'


def loop(over: str, above: str = "") -> str:
    text = convert(f"{HEAD}{above}for name, value in {over}.items():\n    run.log(name, value)\n").text
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("over", "above"),
    [
        ("settings", 'settings = {"depth": 3, "boosting": "dart"}\n'),
        (
            "vars(args)",
            'parser = argparse.ArgumentParser()\nparser.add_argument("--kernel")\nargs = parser.parse_args()\n',
        ),
    ],
)
def test_texts_among_them_are_logged_as_texts(over: str, above: str) -> None:
    assert CHOICE in loop(over, above)


def test_what_the_callers_of_a_function_pass_is_looked_at() -> None:
    inner = "def note(settings):\n    for name, value in settings.items():\n        run.log(name, value)\n\n\n"
    text = convert(f'{HEAD}{inner}note({{"depth": 3, "boosting": "dart"}})\n').text
    assert CHOICE in " ".join(text.split())


@pytest.mark.parametrize("above", ["", 'scores = {"rmse": 0.3}\n'])
def test_other_values_are_taken_for_numbers(above: str) -> None:
    assert "isinstance" not in loop("scores", above)


@pytest.mark.parametrize("parameters", ['penalty="l2"', '*, penalty="l2"'])
def test_a_parameter_that_is_a_text_by_default_may_be_one(parameters: str) -> None:
    text = convert(f'{HEAD}def fit(rows, {parameters}, rate=0.1):\n    run.log("penalty", penalty)\n').text
    assert 'if isinstance(penalty, str): mlflow.log_text(penalty, "penalty.txt")' in " ".join(text.split())
    text = convert(f'{HEAD}def fit(rows, {parameters}, rate=0.1):\n    run.log("rate", rate)\n').text
    assert "isinstance" not in text
