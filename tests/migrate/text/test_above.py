"""Lines that what is converted needs above it, such as the client of a job."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

_CLIENT = "ml_client = MLClient(\n"


@pytest.mark.parametrize(
    "first",
    [
        'path = Model.get_model_path("a")\n',
        'for name in ("a", "b"):\n    print(Model.get_model_path(name))\n',
        'if ready:\n    pass\nelif Model.get_model_path("a"):\n    print("there")\n',
    ],
)
def test_the_client_of_a_job_is_above_all_that_needs_it(first: str) -> None:
    """What names its workspace is converted first, and may stand below what needs it first."""
    text = convert(
        f"""\
from azureml.core import Model, Run

run = Run.get_context()
ready = False
{first}Model.register(workspace=run.experiment.workspace, model_path="b.pkl", model_name="b")
"""
    ).text
    assert text.count(_CLIENT) == 1
    assert text.index(_CLIENT) < text.index("ml_client.models.get(")


def test_each_function_has_its_own() -> None:
    text = convert(
        """\
from azureml.core import Model, Run

run = Run.get_context()


def first():
    return Model.get_model_path("a")


def second():
    Model.register(run.experiment.workspace, "b.pkl", "b")
    return Model.get_model_path("c")
"""
    ).text
    assert text.count(_CLIENT) == 2
