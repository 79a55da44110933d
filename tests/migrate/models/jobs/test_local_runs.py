"""Jobs that SDK v1 ran on the machine of who submits them, as no compute is named."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

_ALONE = """\
from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
from azureml.train.hyperdrive import HyperDriveConfig, RandomParameterSampling, choice

ws = Workspace.from_config()
env = Environment.get(ws, "e")
config = ScriptRunConfig("src", "train.py", environment=env{target})
{submit}
"""


@pytest.mark.parametrize("target", ["", ', compute_target="local"', ", compute_target=None"])
def test_what_names_no_compute_and_is_submitted_runs_on_this_machine_as_it_did(target: str) -> None:
    text = convert(_ALONE.format(target=target, submit='Experiment(ws, "e").submit(config)')).text
    assert 'environment=env, compute="local"\n)\n' in text


@pytest.mark.parametrize(
    ("submit", "expected"),
    [
        ('config.run_config.target = "cpu"\nExperiment(ws, "e").submit(config)', 'environment=env, compute="cpu")\n'),
        ("submit_elsewhere(config)", "environment=env)\n"),
    ],
)
def test_what_names_its_compute_later_or_elsewhere_does_not_run_on_this_machine(submit: str, expected: str) -> None:
    assert expected in convert(_ALONE.format(target="", submit=submit)).text
