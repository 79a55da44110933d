"""Compute instances that code makes."""

from __future__ import annotations

from .support import check_transformed

_BEFORE = """\
from azureml.core import Workspace
from azureml.core.compute import ComputeInstance

ws = Workspace.from_config()
config = ComputeInstance.provisioning_configuration(
    "STANDARD_DS3_V2",
    True,
    admin_user_ssh_public_key=KEY,
    vnet_resourcegroup_name="net",
    vnet_name="inner",
    subnet_name="ml",
    description=None,
    assigned_user_object_id=USER,
    assigned_user_tenant_id=TENANT,
)
ComputeInstance.create(ws, "notebooks", config).wait_for_completion(show_output=True)
"""


def test_all_that_an_instance_is_given() -> None:
    check_transformed(
        _BEFORE,
        """\
from azure.ai.ml import MLClient
from azure.ai.ml.entities import (
    AssignedUserConfiguration,
    ComputeInstance,
    ComputeInstanceSshSettings,
    NetworkSettings,
)
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
config = ComputeInstance(
    name="notebooks",
    size="STANDARD_DS3_V2",
    ssh_public_access_enabled=True,
    ssh_settings=ComputeInstanceSshSettings(ssh_key_value=KEY),
    network_settings=NetworkSettings(
        subnet="/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/virtualNetworks/{}/subnets/{}".format(
            ml_client.subscription_id, "net", "inner", "ml"
        )
    ),
    create_on_behalf_of=AssignedUserConfiguration(
        user_object_id=USER, user_tenant_id=TENANT
    ),
)
ml_client.compute.begin_create_or_update(config).result()
""",
    )
