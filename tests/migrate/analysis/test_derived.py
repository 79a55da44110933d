"""Classes of the user's own with a base of SDK v1."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

_CLASS = """\
from azureml.core import Experiment, Workspace
from azureml.train.estimator import Estimator


class Mine(Estimator):
    def __init__(self, script):
        super().__init__(entry_script=script, compute_target="cpu", source_directory=".")


ws = Workspace.from_config()
"""


@pytest.mark.parametrize("made", ['config = Mine("train.py")\n', ""])
def test_the_class_and_what_is_made_of_it_stay(made: str) -> None:
    config = "config" if made else 'Mine("train.py")'
    found = convert(f'{_CLASS}{made}run = Experiment(ws, "e").submit({config})\nrun.wait_for_completion()\n')
    assert "class Mine(Estimator):" in found.text and f'Experiment(ws, "e").submit({config})' in found.text
    assert "run.wait_for_completion()" in found.text and "jobs." not in found.text
    left = {finding.symbol: finding for finding in found.findings if finding.status is Status.MANUAL}
    assert "derives from it" in left["Estimator"].message and "derives from" in left["Experiment.submit"].message


def test_exceptions_of_ones_own_are_converted() -> None:
    text = convert(
        """\
from azureml.exceptions import WebserviceException


class Mine(WebserviceException):
    pass
"""
    ).text
    assert "azureml" not in text


def test_what_another_module_makes_is_assumed_to_be_a_job() -> None:
    found = convert(
        """\
from azureml.core import Experiment, Workspace
from mine import make_config

ws = Workspace.from_config()
run = Experiment(ws, "e").submit(make_config())
"""
    )
    (submit,) = (finding for finding in found.findings if finding.symbol == "Experiment.submit")
    assert submit.status is Status.REVIEW and "made elsewhere" in submit.message
