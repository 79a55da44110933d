"""States that code compares with are those of SDK v2 afterwards."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

_HEAD = """\
from azureml.core import Experiment, Run, Workspace

ws = Workspace.from_config()
run = Run.get(ws, RUN_ID)
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('if run.get_status() == "Finished":', 'if ml_client.jobs.get(run.name).status == "Completed":'),
        ("while run.status != 'Finished':", 'while ml_client.jobs.get(run.name).status != "Completed":'),
        (
            'while run.get_status() not in ("Finished", "Failed"):',
            'while ml_client.jobs.get(run.name).status not in ("Completed", "Failed"):',
        ),
        ('if run.get_status() == "Completed":', 'if ml_client.jobs.get(run.name).status == "Completed":'),
    ],
)
def test_a_pipeline_that_has_finished_is_a_completed_job(old: str, new: str) -> None:
    assert f"{new}\n    pass" in convert(f"{_HEAD}{old}\n    pass\n").text


@pytest.mark.parametrize("asked", ["run.get_status()", "run.wait_for_completion()"])
def test_through_a_variable(asked: str) -> None:
    text = convert(f'{_HEAD}state = {asked}\nif state != "Finished":\n    raise ValueError(state)\n').text
    assert 'if state != "Completed":' in text


def test_other_comparisons_of_the_same_names_stay() -> None:
    text = convert(
        f"{_HEAD}state = run.get_status()\n"
        'def other(state):\n    return state == "Finished"\n'
        'said = "Finished" == answer["state"]\n'
    ).text
    assert 'return state == "Finished"' in text and 'said = "Finished" == answer["state"]' in text
