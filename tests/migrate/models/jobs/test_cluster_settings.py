"""Settings that a description of a cluster is given after it is made."""

from __future__ import annotations

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

_HEAD = """\
from azureml.core import Workspace
from azureml.core.compute import AmlCompute, ComputeTarget

ws = Workspace.from_config()
config = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=4)
"""
_MADE = 'cluster = ComputeTarget.create(ws, "cpu", config)\n'


def test_each_plain_setting_is_an_attribute() -> None:
    found = convert(
        f'{_HEAD}config.vm_priority = "lowpriority"\nconfig.min_nodes = 1\nconfig.location = REGION\n{_MADE}'
    )
    assert 'config.tier = "low_priority"\nconfig.min_instances = 1\nconfig.location = REGION\n' in found.text


def test_network_and_user_are_one_object_each_of_their_block() -> None:
    text = convert(
        f"""{_HEAD}config.vnet_name = "net"
config.subnet_name = "default"
if password:
    config.admin_username = "me"
    config.admin_user_password = password
else:
    config.admin_user_ssh_key = key
    config.admin_username = "me"
{_MADE}"""
    ).text
    assert '\nconfig.network_settings = NetworkSettings(vnet_name="net", subnet="default")\n' in text
    logins = " ".join(text.split("config.ssh_settings = ", 1)[1].split())
    assert 'AmlComputeSshSettings( admin_username="me", admin_password=password ) else: config.ssh' in logins
    assert 'AmlComputeSshSettings(admin_username="me", ssh_key_value=key) cluster =' in logins


def test_a_part_that_says_too_little_stays() -> None:
    found = convert(f"{_HEAD}if password:\n    config.admin_user_password = password\n{_MADE}")
    assert "    config.admin_user_password = password" in found.text
    left = [finding for finding in found.findings if finding.status is Status.MANUAL]
    assert any("set them together" in finding.message for finding in left)
