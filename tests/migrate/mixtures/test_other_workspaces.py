"""Code that names several workspaces, where nothing tells which one is meant."""

from __future__ import annotations

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

_LAST = "\n\ndef last(experiment):\n    return next(experiment.get_runs())\n\n\n"


def _told(text: str) -> str:
    found = convert(text)
    told = {finding.symbol: finding.message for finding in found.findings if finding.status is Status.REVIEW}
    return told.get("Experiment.get_runs", "")


def test_the_configuration_file_is_for_review_where_code_names_others() -> None:
    made = 'def connect(name):\n    return Workspace.get(name, subscription_id="s", resource_group="g")\n'
    head = f"from azureml.core import Experiment, Workspace\n\n\n{made}{_LAST}"
    uses = 'one = last(Experiment(connect("a"), "e"))\ntwo = last(Experiment(connect("b"), "e"))\n'
    assert "say which is meant" in _told(head + uses)


def test_it_is_what_code_means_that_names_no_other() -> None:
    head = f"from azureml.core import Experiment, Workspace{_LAST}"
    assert "say which is meant" not in _told(f'{head}one = last(Experiment(Workspace.from_config(), "e"))\n')
