"""Logged values that may be texts: those of a dict that a loop logs, and what is called so."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings
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


@pytest.mark.parametrize(
    "value", ["model_name", "settings.optimizer", 'settings["activation"]', 'settings.get("mode")']
)
def test_a_value_that_is_called_as_texts_are_may_be_one(value: str) -> None:
    text = convert(f'from azureml.core import Run\n\nRun.get_context().log("setting", {value})\n').text
    assert f'if isinstance({value}, str):\n    mlflow.log_text({value}, "setting.txt")\nelse:\n' in text.replace(
        "'", '"'
    )


@pytest.mark.parametrize("value", ["score", "settings.rate", 'settings["typed"]', "settings[key]", "evaluate()"])
def test_other_values_are_numbers(value: str) -> None:
    text = convert(f'from azureml.core import Run\n\nRun.get_context().log("setting", {value})\n').text
    assert f'mlflow.log_metric("setting", {value})' in text and "isinstance" not in text


@pytest.mark.parametrize("value", ['os.environ["SITE"]', 'os.getenv("SITE")', "input()", 'os.environ.get("SITE", "")'])
def test_what_the_surroundings_say_is_a_text(value: str) -> None:
    text = convert(f'import os\nfrom azureml.core import Run\n\nRun.get_context().log("site", {value})\n').text
    assert f'mlflow.log_text({value}, "site.txt")' in text


def test_a_configuration_that_is_read_of_a_file_has_texts_among_its_values() -> None:
    text = convert("""\
import json
from azureml.core import Run

run = Run.get_context()
with open("settings.json") as file:
    settings = json.load(file)
for key, value in settings.items():
    run.log(key, value)
""").text
    assert '    if isinstance(value, str):\n        mlflow.log_text(value, f"{key}.txt")\n' in text


def test_an_argument_that_another_module_declares_is_what_that_says(tmp_path: Path) -> None:
    options = (
        "import argparse\n\n\ndef read():\n    parser = argparse.ArgumentParser()\n"
        '    parser.add_argument("--grape", type=str)\n    parser.add_argument("--rate", type=float)\n'
        "    return parser.parse_args()\n"
    )
    script = (
        "from azureml.core import Run\nfrom options import read\n\nrun = Run.get_context()\nargs = read()\n"
        'run.log("grape", args.grape)\nrun.log("rate", args.rate)\n'
    )
    for name, code in (("options.py", options), ("train.py", script)):
        (tmp_path / name).write_text(code)
    (found,) = [report for report in run([tmp_path], Settings()) if report.changed]
    assert 'mlflow.log_text(args.grape, "grape.txt")\nmlflow.log_metric("rate", args.rate)\n' in found.after.decode()
    assert not [finding for finding in found.findings if "assumed" in finding.message]
