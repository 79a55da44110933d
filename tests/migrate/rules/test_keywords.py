"""Keywords that come from dicts: ``**settings``, and the ``**kwargs`` of a function."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import check_transformed, convert

_RUNS = """\
from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace

ws = Workspace.from_config()
env = Environment.get(ws, "e", version="1")
"""


def test_dicts_in_dicts() -> None:
    check_transformed(
        _RUNS
        + """\
common = {"source_directory": "src", "environment": env}
gpu = dict(common, compute_target="gpu") if False else {**common, "compute_target": "gpu"}
settings = {**common, "compute_target": "cpu", "script": "train.py"}
config = ScriptRunConfig(**{**settings, "compute_target": "gpu"})
""",
        """\
from azure.ai.ml import MLClient, command
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
env = ml_client.environments.get("e", version="1")
common = {"source_directory": "src", "environment": env}
gpu = dict(common, compute_target="gpu") if False else {**common, "compute_target": "gpu"}
config = command(code="src", command="python train.py", environment=env, compute="gpu")
""",
    )


_SUBMIT = (
    _RUNS
    + """\


def submit(script, **kwargs):
    config = ScriptRunConfig("src", script=script, environment=env, compute_target="cpu")
    return Experiment(ws, "e").submit(config, **kwargs)


"""
)


def test_keywords_of_a_function_that_nobody_gives() -> None:
    found = convert(_SUBMIT + 'submit("train.py")\n')
    assert 'return ml_client.jobs.create_or_update(config, experiment_name="e")' in found.text
    told = [finding for finding in found.findings if "**kwargs goes nowhere" in finding.message]
    assert [finding.symbol for finding in told] == ["Experiment.submit"]
    assert told[0].status is Status.REVIEW


def test_keywords_of_a_function_that_a_caller_gives() -> None:
    found = convert(_SUBMIT + 'submit("train.py", tags={"a": "b"})\nsubmit("other.py")\n')
    assert 'kwargs.get("tags", {})' in found.text
    assert all(finding.status in (Status.CONVERTED, Status.REVIEW) for finding in found.findings)


@pytest.mark.parametrize("more", ["kwargs['tags'] = {}", "print(kwargs)", "kwargs = kwargs or {}"])
def test_keywords_of_a_function_that_looks_at_them_stay(more: str) -> None:
    found = convert(_SUBMIT.replace("    config =", f"    {more}\n    config =") + 'submit("train.py")\n')
    assert ".submit(config, **kwargs)" in found.text


def test_keywords_that_a_caller_hands_on_itself_stay() -> None:
    found = convert(_SUBMIT + 'submit("train.py", **read_settings())\n')
    assert ".submit(config, **kwargs)" in found.text


def test_a_workspace_that_is_made_when_it_is_asked_for_is_asked_for() -> None:
    found = convert(
        """\
from azureml.core import Experiment, ScriptRunConfig, Workspace


class Client:
    def __init__(self):
        self._ws = None

    @property
    def ws(self):
        if self._ws is None:
            self._ws = Workspace.from_config()
        return self._ws

    def submit(self):
        return Experiment(self.ws, "e").submit(ScriptRunConfig("src", script="train.py", compute_target="cpu"))
"""
    )
    assert "self.ws.jobs.create_or_update(" in found.text
