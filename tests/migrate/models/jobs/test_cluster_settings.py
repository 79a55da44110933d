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


def test_a_priority_that_is_known_when_the_code_runs_gets_its_new_name_then() -> None:
    """SDK v2 has ``low_priority`` where SDK v1 had ``lowpriority``; None, and ``dedicated``, are what they were."""
    later = convert(f"{_HEAD}config.vm_priority = settings.priority\n{_MADE}")
    assert 'config.tier = {"lowpriority": "low_priority"}.get(settings.priority, settings.priority)' in later.text
    code = _HEAD.replace("max_nodes=4", "vm_priority=priority")
    found = convert(f"def make(priority='lowpriority'):\n    {code.replace(chr(10), chr(10) + '    ')}{_MADE}")
    assert 'tier={"lowpriority": "low_priority"}.get(priority, priority)' in " ".join(found.text.split())
    asked = convert(f"{_HEAD}config.vm_priority = ask()\n{_MADE}")
    assert "config.tier = ask()\n" in asked.text
    assert any("low_priority" in finding.message for finding in asked.findings)


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
