"""A compute instance that code makes: ``ComputeInstance(name=..., size=...)``, created with the client.

The description itself names the machine; ``.result()`` waits until it is there, as ``wait_for_completion`` did.
"""

from __future__ import annotations

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.jobs.clusters import network
from amlbridge.migrate.registry import Case, Outcome, Replace, Rule
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.computes import name_of

rule = Rule(
    "compute-instances",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Workspace
from azureml.core.compute import ComputeInstance, ComputeTarget

ws = Workspace.from_config()
config = ComputeInstance.provisioning_configuration(vm_size="STANDARD_DS3_V2", tags={"team": "risk"})
instance = ComputeTarget.create(ws, "notebooks", config)
instance.wait_for_completion(show_output=True)
print(instance.name)
""",
            """\
from azure.ai.ml import MLClient
from azure.ai.ml.entities import ComputeInstance
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
config = ComputeInstance(
    name="notebooks", size="STANDARD_DS3_V2", tags={"team": "risk"}
)
instance = ml_client.compute.begin_create_or_update(config).result()
print(instance.name)
""",
        ),
    ],
)

_ENTITIES = "azure.ai.ml.entities"
#: The parameters of provisioning_configuration in their order.
_ORDER = (
    "vm_size",
    "ssh_public_access",
    "admin_user_ssh_public_key",
    "vnet_resourcegroup_name",
    "vnet_name",
    "subnet_name",
    "tags",
    "description",
    "assigned_user_object_id",
    "assigned_user_tenant_id",
)
_SAME = {
    "vm_size": "size",
    "ssh_public_access": "ssh_public_access_enabled",
    "tags": "tags",
    "description": "description",
}


@rule.converts("ComputeInstance.provisioning_configuration")
def provisioning(use: Use, to: Rewriter) -> Outcome:
    """The description of the machine; its name is in the call that creates it."""
    given = {key: use.passed(key, position=position) for position, key in enumerate(_ORDER)}
    said = {key: node for key, node in given.items() if node is not None}
    name, review = name_of(use, to)
    found = [f"name={name}"]
    found += [f"{new}={to.source(said[old])}" for old, new in _SAME.items() if old in said]
    if "admin_user_ssh_public_key" in said:
        settings = to.need(_ENTITIES, "ComputeInstanceSshSettings")
        found.append(f"ssh_settings={settings}(ssh_key_value={to.source(said['admin_user_ssh_public_key'])})")
    if "subnet_name" in said:
        found.append(f"network_settings={network(use, said, to)}")
    if "assigned_user_object_id" in said:
        user = to.need(_ENTITIES, "AssignedUserConfiguration")
        tenant = said.get("assigned_user_tenant_id")
        parts = [f"user_object_id={to.source(said['assigned_user_object_id'])}"]
        parts.append(f"user_tenant_id={to.source(tenant) if tenant is not None else None}")
        found.append(f"create_on_behalf_of={user}({', '.join(parts)})")
    return Replace(f"{to.need(_ENTITIES, 'ComputeInstance')}({', '.join(found)})", review)
