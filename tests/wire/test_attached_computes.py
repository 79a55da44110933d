"""Computes of other services with the real clients: they are attached, read and detached, and run nothing."""

from __future__ import annotations

import json

import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow

PRELUDE = """
import json, warnings
warnings.simplefilter("ignore")
from azureml.core import Workspace
from azureml.core.compute import (AdlaCompute, AksCompute, BatchCompute, ComputeTarget, DatabricksCompute,
    DataFactoryCompute, DsvmCompute, HDInsightCompute, KubernetesCompute, KustoCompute, RemoteCompute)
from azureml.exceptions import ComputeTargetException
ws = Workspace.from_config()
place = "/subscriptions/s/resourceGroups/g/providers/Microsoft."
CONFIGURATIONS = {
    "adla": AdlaCompute.attach_configuration(resource_group="g", account_name="lake"),
    "aks": AksCompute.attach_configuration("g", "cluster", cluster_purpose=AksCompute.ClusterPurpose.DEV_TEST),
    "batch": BatchCompute.attach_configuration(resource_group="g", account_name="pool"),
    "databricks": DatabricksCompute.attach_configuration("g", "bricks", access_token="dapi1"),
    "factory": DataFactoryCompute.attach_configuration(resource_group="g", factory_name="f"),
    "hdi": HDInsightCompute.attach_configuration("me", resource_id=place + "HDInsight/clusters/c", password="pw"),
    "kube": KubernetesCompute.attach_configuration(
        resource_id=place + "Kubernetes/connectedClusters/c", namespace="team"),
    "kusto": KustoCompute.attach_configuration(
        "g", "k", resource_id=place + "Kusto/clusters/k", kusto_connection_string="https://k", tenant_id="t",
        application_id="app", application_key="key"),
    "remote": RemoteCompute.attach_configuration("me", address="10.0.0.1", ssh_port=2222, password="pw"),
}
"""


def test_each_service_is_attached_read_and_detached(live: LiveService) -> None:
    out = live.run(
        PRELUDE
        + """
for name, config in CONFIGURATIONS.items():
    made = ComputeTarget.attach(ws, name, config)
    made.wait_for_completion(show_output=False)
    found = ComputeTarget(ws, name)
    listed = type(ws.compute_targets[name]) is type(found)
    told = [type(found).__name__, found.provisioning_state, found.is_attached, listed]
    print("FOUND", name, json.dumps([*told, (found.cluster_resource_id or "").rsplit("/", 1)[-1]]))
    assert "pw" not in json.dumps(found.serialize()) and "dapi1" not in json.dumps(found.serialize())
print("STATUS", ComputeTarget(ws, "hdi").get_status())
print("AKS", ComputeTarget(ws, "aks").cluster_purpose, ComputeTarget(ws, "aks").load_balancer_type)
print("REMOTE", ComputeTarget(ws, "remote").address, ComputeTarget(ws, "remote").ssh_port)
for name in ("databricks", "hdi", "kusto", "remote"):
    print("KEYS", name, json.dumps(ComputeTarget(ws, name).get_credentials(), sort_keys=True))
try:
    ComputeTarget(ws, "aks").get_credentials()
except ComputeTargetException as error:
    print("NO KEYS", "az aks get-credentials" in str(error))
try:
    ComputeTarget(ws, "adla").delete()
except ComputeTargetException as error:
    print("NOT DELETED", "adla is attached: detach it" in str(error))
again = DatabricksCompute.attach_configuration("g", "bricks", access_token="dapi2")
ComputeTarget.attach(ws, "databricks", again)
print("AGAIN", ComputeTarget(ws, "databricks").get_credentials()["databricksAccessToken"])
try:
    ComputeTarget.attach(ws, "databricks", CONFIGURATIONS["batch"])
except ComputeTargetException as error:
    print("OTHER KIND", "databricks exists as Databricks" in str(error))
for name in CONFIGURATIONS:
    ComputeTarget(ws, name).detach()
print("LEFT", dict(ws.compute_targets))
""",
        workspace="attached",
    ).stdout
    found = {line.split(" ", 2)[1]: json.loads(line.split(" ", 2)[2]) for line in out.splitlines() if "FOUND" in line}
    classes = ("Adla", "Aks", "Batch", "Databricks", "DataFactory", "HDInsight", "Kubernetes", "Kusto", "Remote")
    assert [told[0] for told in found.values()] == [f"{name}Compute" for name in classes]
    assert {tuple(told[1:4]) for told in found.values()} == {("Succeeded", True, True)}
    assert [told[4] for told in found.values()] == ["lake", "cluster", "pool", "bricks", "f", "c", "c", "k", ""]
    account = '"administratorAccount": {"password": "pw", "username": "me"}'
    principal = '{"clientId": "app", "secret": "key", "tenantId": "t"}'
    for line in (
        "STATUS Succeeded",
        "AKS DevTest PublicIp",
        "REMOTE 10.0.0.1 2222",
        'KEYS databricks {"computeType": "Databricks", "databricksAccessToken": "dapi1"}',
        f'KEYS hdi {{{account}, "computeType": "HDInsight"}}',
        f'KEYS kusto {{"computeType": "Kusto", "servicePrincipalCredentials": {principal}}}',
        f'KEYS remote {{{account}, "computeType": "VirtualMachine"}}',
        "NO KEYS True",
        "NOT DELETED True",
        "AGAIN dapi2",
        "OTHER KIND True",
        "LEFT {}",
    ):
        assert line in out.splitlines(), out


def test_a_cluster_of_aks_is_made_changed_and_deleted(live: LiveService) -> None:
    out = live.run(
        PRELUDE
        + """
from azureml.core.compute.aks import AksUpdateConfiguration, SslConfiguration
plain = ComputeTarget.create(ws, "plain", AksCompute.provisioning_configuration())
plain.wait_for_completion(show_output=False)
print("PLAIN", plain.agent_count, plain.agent_vm_size, plain.cluster_purpose, plain.is_attached)
config = AksCompute.provisioning_configuration(agent_count=2, vm_size="Standard_D3_v2", location="westeurope")
config.enable_ssl(leaf_domain_label="contoso")
made = ComputeTarget.create(ws, "secure", config)
print("SECURE", made.agent_count, made.ssl_configuration.status, made.ssl_configuration.leaf_domain_label)
made.update(AksUpdateConfiguration(SslConfiguration(status="Disabled")))
made.refresh_state()
print("CHANGED", made.agent_count, made.ssl_configuration.status, made.load_balancer_type)
made.update(AksUpdateConfiguration(load_balancer_type="InternalLoadBalancer"))
made = AksCompute(ws, "secure")
print("BALANCED", made.agent_count, made.ssl_configuration.status, made.load_balancer_type, type(made).__name__)
for cluster in (plain, made):
    cluster.delete()
try:
    ComputeTarget.create(ws, "machine", DsvmCompute.provisioning_configuration(vm_size="Standard_D2_v2"))
except ComputeTargetException as error:
    print("MACHINE", "cannot make another virtual machine: attach one that there is" in str(error))
print("LEFT", dict(ws.compute_targets))
""",
        workspace="clusters",
    ).stdout
    for line in (
        "PLAIN 3 Standard_D3_v2 FastProd False",
        "SECURE 2 Auto contoso",
        "CHANGED 2 Disabled PublicIp",
        "BALANCED 2 Disabled InternalLoadBalancer AksCompute",
        "MACHINE True",
        "LEFT {}",
    ):
        assert line in out.splitlines(), out


def test_what_would_run_there_is_refused(live: LiveService) -> None:
    out = live.run(
        PRELUDE
        + """
from azure.ai.ml import MLClient, command
from azure.ai.ml.entities import SynapseSparkCompute, VirtualMachineCompute, VirtualMachineSshSettings
from azure.identity import DefaultAzureCredential
from azureml.core import Experiment, ScriptRunConfig
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep
ml = MLClient.from_config(DefaultAzureCredential())
for name in ("aks", "databricks", "kusto", "remote"):
    ComputeTarget.attach(ws, name, CONFIGURATIONS[name])
ssh = VirtualMachineSshSettings(admin_username="me", admin_password="pw", ssh_port=22)
vm = place.replace("/s/", f"/{ml.subscription_id}/") + "Compute/virtualMachines/m"
ml.begin_create_or_update(VirtualMachineCompute(name="vm", resource_id=vm, ssh_settings=ssh)).result()
pool = place.replace("/s/", f"/{ml.subscription_id}/") + "Synapse/workspaces/w/bigDataPools/p"
ml.compute.begin_attach(SynapseSparkCompute(name="pool", resource_id=pool)).result()
print("LISTED", sorted((item.name, item.type) for item in ml.compute.list()))
print("READ", *(type(ws.compute_targets[name]).__name__ for name in ("vm", "pool")))
print("VM", ml.compute.get("vm").ssh_settings.admin_username, ml.compute.get("vm").ssh_settings.ssh_port)

def attempt(label, submit):
    try:
        submit()
        print(label, "SUBMITTED")
    except Exception as error:
        print(label, " ".join(str(error).split()))

step = lambda target: PythonScriptStep("a.py", name="s", source_directory="src", compute_target=target)
experiment = Experiment(ws, "refused")
attempt("STEP", lambda: experiment.submit(Pipeline(ws, [step(ComputeTarget(ws, "remote"))])))
attempt("RUN", lambda: experiment.submit(ScriptRunConfig("src", "a.py", compute_target="remote")))
job = dict(code="src", command="python a.py", environment="azureml://registries/azureml/environments/x/labels/latest")
attempt("JOB", lambda: ml.jobs.create_or_update(command(compute="databricks", **job)))
print("RUNS", len(list(experiment.get_runs())), len(list(ml.jobs.list())))
ml.compute.begin_delete("vm", action="Detach").wait()
print("LEFT", sorted(ws.compute_targets))
""",
        files={"src/a.py": "print(1)\n"},
        workspace="refusing",
    ).stdout
    told = {line.split(" ", 1)[0]: line for line in out.splitlines()}
    assert all(f"'{name}'" in told["LISTED"] for name in ("aks", "databricks", "kusto")), out
    kinds = {"remote": "virtualmachine", "vm": "virtualmachine", "pool": "synapsespark"}
    assert all(f"('{name}', '{kind}')" in told["LISTED"] for name, kind in kinds.items()), out
    assert told["READ"] == "READ RemoteCompute SynapseCompute"
    assert told["VM"] == "VM me 22"
    for label in ("STEP", "RUN"):
        assert "remote is another virtual machine, which amlbridge cannot reach" in told[label], out
        assert "detach remote and create one of that name" in told[label], out
    assert "databricks is a Databricks workspace, where only DatabricksStep of SDK v1 runs" in told["JOB"], out
    assert told["RUNS"] == "RUNS 0 0"
    assert told["LEFT"] == "LEFT ['aks', 'databricks', 'kusto', 'pool', 'remote']"
