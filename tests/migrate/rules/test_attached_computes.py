"""Computes that are attached, and what is converted beside one that stays SDK v1."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

_HEAD = """\
from azureml.core import Experiment, ScriptRunConfig, Workspace
from azureml.core.compute import AksCompute, ComputeTarget, RemoteCompute

ws = Workspace.from_config()
"""


def test_parts_of_a_resource_id_are_put_together() -> None:
    found = convert(_HEAD + 'aks = ComputeTarget.attach(ws, "aks", AksCompute.attach_configuration("group", "mine"))\n')
    assert {finding.status for finding in found.findings} == {Status.CONVERTED, Status.REVIEW}
    assert "azureml" not in found.text
    text = "".join(found.text.split())
    assert 'KubernetesCompute(name="aks",resource_id="/subscriptions/{}/resourceGroups/{}/' in text
    assert '.format(ml_client.subscription_id,"group","mine")' in text


def test_an_address_is_no_resource_id() -> None:
    config = 'RemoteCompute.attach_configuration("user", address="10.0.0.1")'
    found = convert(f'{_HEAD}config = {config}\nvm = ComputeTarget.attach(ws, "vm", config)\n')
    assert config in found.text
    assert "resource id, not by its address" in found.text


@pytest.mark.parametrize("target", ["vm", "vm.name"])
def test_a_compute_that_stays_keeps_no_job(target: str) -> None:
    found = convert(
        f"""\
{_HEAD}
config = RemoteCompute.attach_configuration("user", address="10.0.0.1")
vm = ComputeTarget.attach(ws, "vm", config)
source = ScriptRunConfig(".", "train.py", compute_target={target}, environment=env)
run = Experiment(ws, "e").submit(source)
run.wait_for_completion()
"""
    )
    assert 'vm = ComputeTarget.attach(ws, "vm", config)' in found.text
    assert "compute=vm.name" in found.text
    assert 'run = ml_client.jobs.create_or_update(source, experiment_name="e")' in found.text
    left = {finding.symbol for finding in found.findings if finding.status not in (Status.CONVERTED, Status.REVIEW)}
    assert not left & {"ScriptRunConfig", "Experiment.submit", "Experiment"}
