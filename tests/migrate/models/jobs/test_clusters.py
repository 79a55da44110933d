"""Clusters: what they have beside their size, and how their size is changed."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
import os

from azureml.core import Workspace
from azureml.core.compute import AmlCompute, ComputeTarget

ws = Workspace.from_config()
"""


def made(keywords: str) -> str:
    """The new code of a cluster, without blanks."""
    code = f'config = AmlCompute.provisioning_configuration({keywords})\nComputeTarget.create(ws, "cpu", config)\n'
    found = convert(HEAD + code)
    assert {finding.status for finding in found.findings} == {Status.CONVERTED}
    return "".join(found.text.split()).replace(",)", ")").replace("'", '"')


@pytest.mark.parametrize(
    ("keywords", "after"),
    [
        ('vnet_name="a", subnet_name="b"', 'network_settings=NetworkSettings(vnet_name="a",subnet="b"))'),
        (
            'vnet_resourcegroup_name="net", vnet_name="a", subnet_name="b"',
            'network_settings=NetworkSettings(subnet="/subscriptions/{}/resourceGroups/{}/providers/'
            'Microsoft.Network/virtualNetworks/{}/subnets/{}".format(ml_client.subscription_id,"net","a","b"))',
        ),
        (
            'vnet_name=os.environ["V"], subnet_name=os.environ.get("S")',
            'NetworkSettings(vnet_name=os.environ["V"],subnet=os.environ.get("S"))ifos.environ.get("S")elseNone',
        ),
        ("subnet_name=None", 'AmlCompute(name="cpu")'),
        ('admin_username="a", admin_user_ssh_key="k"', 'AmlComputeSshSettings(admin_username="a",ssh_key_value="k")'),
        ('remote_login_port_public_access="Enabled"', "ssh_public_access_enabled=True"),
        ('remote_login_port_public_access="enabled"', "ssh_public_access_enabled=True"),
        ('identity_type="SystemAssigned"', 'identity=IdentityConfiguration(type="system_assigned")'),
        (
            'identity_type="UserAssigned", identity_id=ids',
            "user_assigned_identities=[ManagedIdentityConfiguration(resource_id=resource_id)forresource_idinids]",
        ),
    ],
)
def test_what_a_cluster_has(keywords: str, after: str) -> None:
    assert after in made(keywords)


def test_a_cluster_is_changed() -> None:
    """SDK v2 cannot create anew what it has fetched: there is a call of its own."""
    text = convert(HEAD + 'ComputeTarget(ws, "cpu")\ncpu = ComputeTarget(ws, "cpu")\ncpu.update(0, max_nodes=3)\n').text
    assert "cpu.min_instances = 0\ncpu.max_instances = 3\nml_client.compute.begin_update(cpu).result()\n" in text


def test_a_compute_that_is_described_is_not_looked_up() -> None:
    """Code half of SDK v2 may mean the entity of v2, while the class is that of SDK v1."""
    code = 'from azureml.core.compute import AmlCompute\n\ncluster = AmlCompute(name="cpu", size="DS2")\n'
    found = convert(code)
    assert 'cluster = AmlCompute(name="cpu", size="DS2")' in found.text
    assert any("may be meant" in finding.message for finding in found.findings)
