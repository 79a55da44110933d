"""``__all__`` of converted modules."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

_MODULE = """\
from azureml.core import Environment, Workspace
from azureml.core.compute import ComputeTarget
from azureml.contrib.probes import Probe

__all__ = {names}


def cluster(name):
    return ComputeTarget(Workspace.from_config(), name)


def save():
    Environment.from_conda_specification("e", "conda.yml").register(Workspace.from_config())


def probe():
    return Probe()
"""


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        ('["ComputeTarget", "cluster", "Workspace"]', '["cluster"]'),
        ("('cluster', 'Workspace')", "('cluster',)"),
        ('[\n    "Probe",\n    "Workspace",\n    "cluster",\n]', '[\n    "Probe",\n    "cluster",\n]'),
        ('["Environment", "save"]', '["Environment", "save"]'),  # SDK v2's now
        ('["elsewhere", "cluster"]', '["elsewhere", "cluster"]'),
        ('["Workspace"]', "[]"),
    ],
)
def test_names_that_are_gone_are_not_exported(names: str, kept: str) -> None:
    assert f"__all__ = {kept}\n" in convert(_MODULE.format(names=names)).text.replace('("cluster",)', "('cluster',)")
