"""Run configurations; their cases are checked in test_cases.py."""

from __future__ import annotations

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert


def test_the_compute_of_a_configuration_that_a_function_gives_is_told() -> None:
    found = convert(
        """\
from azureml.core.runconfig import RunConfiguration


def configuration(name):
    config = RunConfiguration()
    config.target = name
    config.environment.python.user_managed_dependencies = False
    return config
"""
    )
    told = {finding.symbol: finding.message for finding in found.findings if finding.status is Status.REVIEW}
    assert "names its compute" in told["RunConfiguration.target"]
