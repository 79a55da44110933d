"""Imports that may fail, and code that asks whether they did."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

TRAINING = """\
try:
    from azureml.core import Run
except ImportError:
    Run = None

def train(quiet=False):
    {run}
    if run:
        run.log("loss", 0.1)
    return 1
"""


def names(text: str, **given: object) -> dict[str, object]:
    """What a text defines where MLflow and the client are not installed."""
    found: dict[str, object] = {"print": print, **given}
    broken = text.replace("import mlflow\n", "raise ImportError\n").replace("from azure.ai.ml", "from nowhere")
    exec(compile(broken, "train.py", "exec"), found)
    return found


@pytest.mark.parametrize(
    "run",
    [
        "run = Run.get_context() if Run is not None else None",
        "run = Run.get_context() if Run and not quiet else None",
        "run = None if not Run else Run.get_context()",
    ],
)
def test_code_that_asks_whether_the_import_worked(run: str) -> None:
    found = convert(TRAINING.format(run=run))
    assert "    import mlflow\nexcept ImportError:\n    mlflow = None\n" in found.text
    assert names(found.text)["train"]() == 1  # type: ignore[operator]


def test_annotations_of_what_may_be_missing() -> None:
    found = convert("""\
        from typing import Optional

        try:
            from azureml.core import Run, Workspace
            THERE = True
        except ImportError:
            Run = Workspace = None
            THERE = False

        class Logger:
            def __init__(self, run: Optional[Run] = None, workspace: Workspace = None):
                self.run = run or Run.get_context()

            def log(self, name, value):
                self.run.log(name, float(value))

            def run_of(self) -> Run:
                return self.run
        """)
    assert 'Optional["mlflow.ActiveRun"]' in found.text and '-> "mlflow.ActiveRun":' in found.text
    assert names(found.text)["THERE"] is False
