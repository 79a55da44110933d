"""The version of Python in conda files."""

from __future__ import annotations

import pytest

from tests.migrate.files.converting import convert, told

NEW = "    - mlflow>=2.8,<3\n    - azureml-mlflow>=1.56\n    - azureml-inference-server-http>=1.0\n"


@pytest.mark.parametrize(
    ("pin", "after"),
    [
        ("- python=3.6.2", "- python=3.8"),
        ("- python==3.7.*  # as the cluster has it", "- python=3.8  # as the cluster has it"),
        ('- "python=3.7"', '- "python=3.8"'),
        ("- python>=3.5.2,<3.6.8", "- python=3.8"),
        ("- python<3.8", "- python=3.8"),
        ("- python=3.8.5", "- python=3.8.5"),
        ("- python=3.10", "- python=3.10"),
        ("- python>=3.6", "- python>=3.6"),
        ("- python>=3.6,<3.9", "- python>=3.6,<3.9"),
        ("- python-dateutil=2.7", "- python-dateutil=2.7"),
        ("- python", "- python"),
    ],
)
def test_a_python_that_the_new_packages_are_not_there_for_is_raised(pin: str, after: str) -> None:
    found = convert("conda.yml", f"dependencies:\n  {pin}\n  - pip:\n    - azureml-defaults\n    - numpy\n")
    assert found.text == f"dependencies:\n  {after}\n  - pip:\n{NEW}    - numpy\n"
    assert (("python", "review", 2) in told(found)) is (pin != after)


def test_a_python_below_the_packages_is_raised_as_well() -> None:
    found = convert("conda.yml", "dependencies:\n  - pip:\n    - azureml-defaults\n  - python=3.6.2\n")
    assert found.text == f"dependencies:\n  - pip:\n{NEW}  - python=3.8\n"


def test_a_list_of_builds_stays_and_is_told() -> None:
    text = "dependencies:\n  - python=3.7.9=ha5cbf63_7\n  - pip:\n    - azureml-core==1.30\n"
    found = convert("conda.yml", text)
    assert "  - python=3.7.9=ha5cbf63_7\n" in found.text
    assert ("python", "review", 2) in told(found)


@pytest.mark.parametrize(
    "text",
    [
        "dependencies:\n  - python=3.6.2\n  - pip:\n    - azureml-widgets\n    - numpy\n",
        "dependencies:\n  - python=3.6.2  # amlbridge: ignore\n  - pip:\n    - azureml-defaults\n",
    ],
)
def test_a_python_that_is_to_stay_or_needs_not_go_stays(text: str) -> None:
    assert "- python=3.6.2" in convert("conda.yml", text).text
