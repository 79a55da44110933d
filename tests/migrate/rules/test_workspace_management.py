"""Lists of workspaces, and the clusters that they had by default."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = "from azureml.core import Workspace\n\n"


@pytest.mark.parametrize(
    ("call", "after"),
    [
        ('list(Workspace.list("s"))', 'MLClient(DefaultAzureCredential(), "s").workspaces.list(scope="subscription")'),
        ('Workspace.list("s", resource_group="g").keys()', '"s", "g").workspaces.list()'),
        ('Workspace.list("s", auth=login)', 'MLClient(login, "s").workspaces.list(scope="subscription")'),
    ],
)
def test_workspaces_are_listed_by_name(call: str, after: str) -> None:
    found = convert(f"{HEAD}found = {call}\n")
    flat = " ".join(found.text.split()).replace("( ", "(").replace(" )", ")")
    assert after in flat and "item.name" in flat and "azureml" not in found.text


def test_a_workspace_of_the_list_is_left() -> None:
    found = convert(f'{HEAD}ws = Workspace.list("s")["mine"][0]\n')
    assert 'Workspace.list("s")["mine"][0]' in found.text
    assert any(finding.status is Status.MANUAL for finding in found.findings)


@pytest.mark.parametrize(("given", "name"), [("", "cpu"), ('"GPU"', "gpu"), ('type="CPU"', "cpu")])
def test_the_default_cluster_has_a_name(given: str, name: str) -> None:
    found = convert(f"{HEAD}ws = Workspace.from_config()\ncluster = ws.get_default_compute_target({given})\n")
    assert found.text.endswith(f'cluster = ml_client.compute.get("{name}-cluster")\n')
    assert "azureml" not in found.text
