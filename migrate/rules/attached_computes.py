"""Computes that are attached: ``ComputeTarget.attach`` -> ``compute.begin_create_or_update`` of an entity.

A virtual machine and a Kubernetes cluster (AKS, too) can be attached in SDK v2 as well; the entity has the name of the
compute and the resource id. So is a Synapse Spark pool (rule linked-services). HDInsight, Batch, Databricks, Data Lake
Analytics and Kusto cannot (rule service-computes).
"""

from __future__ import annotations

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.models.jobs.services import CONFIGURATIONS
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.service_computes import gone

rule = Rule(
    "attached-computes",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Workspace
from azureml.core.compute import ComputeTarget, KubernetesCompute, RemoteCompute

ws = Workspace.from_config()
config = RemoteCompute.attach_configuration(
    username="azureuser", resource_id=VM, ssh_port=22, private_key_file="./.ssh/id_rsa"
)
machine = ComputeTarget.attach(ws, "machine", config)
machine.wait_for_completion(show_output=True)
arc = KubernetesCompute.attach_configuration(resource_id=CLUSTER, namespace="training")
cluster = KubernetesCompute.attach(ws, "arc", arc)
""",
            """\
from azure.ai.ml import MLClient
from azure.ai.ml.entities import (
    KubernetesCompute,
    VirtualMachineCompute,
    VirtualMachineSshSettings,
)
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
config = VirtualMachineCompute(
    name="machine",
    resource_id=VM,
    ssh_settings=VirtualMachineSshSettings(
        admin_username="azureuser", ssh_port=22, ssh_private_key_file="./.ssh/id_rsa"
    ),
)
machine = ml_client.compute.begin_create_or_update(config).result()
arc = KubernetesCompute(name="arc", resource_id=CLUSTER, namespace="training")
cluster = ml_client.compute.begin_create_or_update(arc).result()
""",
        ),
    ],
)

_TYPES = frozenset(
    {"RemoteComputeAttachConfiguration", "AksAttachConfiguration", "KubernetesComputeAttachConfiguration"}
    | {"SynapseAttachConfiguration"}
)
#: Keyword of RemoteCompute.attach_configuration -> keyword of the settings of SSH.
_SSH = {
    "username": "admin_username",
    "password": "admin_password",
    "ssh_port": "ssh_port",
    "private_key_file": "ssh_private_key_file",
}
_ADDRESS = "SDK v2 attaches a virtual machine by its resource id, not by its address: give VirtualMachineCompute the id"
_PASSPHRASE = "SDK v2 takes no passphrase of a private key: give a key without one"


@rule.converts("ComputeTarget.attach")
def attach(use: Use, to: Rewriter) -> Outcome:
    """Attaches the compute, and waits for it."""
    config = use.argument("attach_configuration", position=2)
    if config is not None and to.evaluator.type_of(config) in CONFIGURATIONS:
        return gone(use, to)
    if config is None or to.evaluator.type_of(config) not in _TYPES:
        return Leave("attach it as KubernetesCompute, VirtualMachineCompute or SynapseSparkCompute, if it is one")
    client = to.client(use.node, use.argument("workspace", position=0))
    return Replace(f"{client}.compute.begin_create_or_update({to.source(config)}).result()")


@rule.converts("RemoteCompute.attach_configuration")
def machine(use: Use, to: Rewriter) -> Outcome:
    """A virtual machine, with the settings of SSH."""
    given = use.arguments()
    order = ("username", "subscription_id", "resource_group", "vm_name", "resource_id", "address", "ssh_port")
    values = {order[key] if isinstance(key, int) else key: to.source(value) for key, value in given.items()}
    resource, review = values.get("resource_id"), ""
    if resource is None and "vm_name" in values:
        resource = _resource_id(values, "Microsoft.Compute/virtualMachines", values["vm_name"], use, to)
    if resource is None and "address" in values:
        return Leave(_ADDRESS)
    if resource is None or "username" not in values:
        return Leave("a virtual machine needs a resource id and a user name")
    if "private_key_passphrase" in values:
        review = _PASSPHRASE
    settings = ", ".join(f"{new}={values[old]}" for old, new in _SSH.items() if old in values)
    ssh = f"{to.need('azure.ai.ml.entities', 'VirtualMachineSshSettings')}({settings})"
    name = to.need("azure.ai.ml.entities", "VirtualMachineCompute")
    return Replace(f"{name}(name={name_of(use, to)}, resource_id={resource}, ssh_settings={ssh})", review)


@rule.converts("AksCompute.attach_configuration", "KubernetesCompute.attach_configuration")
def cluster(use: Use, to: Rewriter) -> Outcome:
    """A Kubernetes cluster: one of AKS is one, too."""
    aks = use.symbol.startswith("Aks")
    order = ("resource_group", "cluster_name", "resource_id") if aks else ("resource_id", "namespace", "identity_type")
    given = use.arguments()
    values = {order[key] if isinstance(key, int) else key: to.source(value) for key, value in given.items()}
    resource = values.get("resource_id")
    if resource is None and "cluster_name" in values:
        resource = _resource_id(values, "Microsoft.ContainerService/managedClusters", values["cluster_name"], use, to)
    if resource is None or "identity_type" in values:
        return Leave("give KubernetesCompute(name=, resource_id=, namespace=, identity=) what is to be attached")
    parts = [f"name={name_of(use, to)}", f"resource_id={resource}"]
    parts += [f"namespace={values['namespace']}"] if "namespace" in values else []
    review = _EXTENSION if aks else ""
    return Replace(f"{to.need('azure.ai.ml.entities', 'KubernetesCompute')}({', '.join(parts)})", review)


_EXTENSION = "the cluster needs the Azure Machine Learning extension before it can be attached"


def _resource_id(values: dict[str, str], kind: str, name: str, use: Use, to: Rewriter) -> str:
    client = to.client(use.node)
    subscription = values.get("subscription_id", f"{client}.subscription_id")
    group = values.get("resource_group", f"{client}.resource_group_name")
    return f'"/subscriptions/{{}}/resourceGroups/{{}}/providers/{kind}/{{}}".format({subscription}, {group}, {name})'


def name_of(use: Use, to: Rewriter) -> str:
    """The name in the call of ComputeTarget.attach that this configuration goes to."""
    for other in to.uses:
        if not other.symbol.endswith(".attach") or other.call is None:
            continue
        config, name = other.argument("attach_configuration", position=2), other.argument("name", position=1)
        value = to.evaluator.value(config) if config is not None else None
        if isinstance(value, Instance) and value.origin is use.node and name is not None:
            return to.source(name)
    raise ValueError("the name of the compute cannot be told: SDK v2 wants it in the entity")
