"""Computes of other services: when the code that attaches them goes, and when it stays."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

GOT = """\
from azureml.core import Workspace
from azureml.core.compute import ComputeTarget, DatabricksCompute
from azureml.exceptions import ComputeTargetException
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import DatabricksStep

ws = Workspace.from_config()
try:
    compute = DatabricksCompute(ws, "databricks")
except ComputeTargetException:
    compute = ComputeTarget.attach(ws, "databricks", DatabricksCompute.attach_configuration("group", "name", token))
    compute.wait_for_completion(True)
print(compute.provisioning_state)
"""
STEP = """\
step = DatabricksStep(name="s", notebook_path="/n", existing_cluster_id="c", compute_target=compute{more})
pipeline = Pipeline(ws, [step])
"""


def test_it_goes_with_the_step_that_ran_on_it() -> None:
    found = convert(GOT + STEP.format(more=""))
    assert {finding.status for finding in found.findings} == {Status.CONVERTED, Status.REVIEW}
    assert "azureml" not in found.text.replace("mcr.microsoft.com/azureml", "").replace("azureml-mlflow", "")
    assert "compute" not in found.text.replace("serverless", "").split("def pipeline")[0].split("command(")[0]


def test_it_stays_for_a_step_that_stays() -> None:
    found = convert(GOT + STEP.format(more=", runconfig=settings"))
    left = {finding.symbol: finding.status for finding in found.findings if finding.rule == "service-computes"}
    assert left["DatabricksCompute"] is Status.NO_EQUIVALENT
    assert "DatabricksCompute(ws" in found.text


def test_it_stays_where_a_function_gives_it() -> None:
    found = convert(
        "from azureml.core.compute import KustoCompute\n\ndef get(ws):\n    k = KustoCompute(ws, 'k')\n    return k\n"
    )
    assert "import KustoCompute" in found.text and "k = KustoCompute(ws, 'k')" in found.text
    assert [finding.status for finding in found.findings] == [Status.NO_EQUIVALENT]
    assert "azure-kusto-data" in found.findings[0].message


def test_a_cluster_of_aks_goes_with_the_service_that_it_was_for() -> None:
    text = """\
from azureml.core import Model, Workspace
from azureml.core.compute import AksCompute, ComputeTarget
from azureml.core.webservice import AksWebservice

ws = Workspace.from_config()
config = AksCompute.provisioning_configuration(vm_size="Standard_DS4_V2")
cluster = ComputeTarget.create(ws, "aks", config)
cluster.wait_for_completion(show_output=True)
service = Model.deploy(ws, "svc", [Model(ws, "m")], inference, AksWebservice.deploy_configuration(), {})
"""
    found = convert(text.format("cluster"))
    assert {finding.status for finding in found.findings} == {Status.CONVERTED, Status.REVIEW}
    assert "cluster" not in found.text
    kept = convert(text.format("cluster") + "report(cluster)\n")
    left = {finding.symbol: finding.message for finding in kept.findings if finding.status is Status.NO_EQUIVALENT}
    assert "managed online endpoints need no cluster" in left["ComputeTarget.create"]


def test_the_same_variable_again_goes_as_well() -> None:
    found = convert(GOT + GOT.split("ws = Workspace.from_config()\n")[1] + STEP.format(more=""))
    assert {finding.status for finding in found.findings} == {Status.CONVERTED, Status.REVIEW}
    assert "DatabricksCompute" not in found.text


def test_how_a_cluster_of_aks_is_made_and_what_is_asked_of_it_goes_as_well() -> None:
    found = convert(
        """\
from azureml.core import Model, Workspace
from azureml.core.compute import AksCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
from azureml.core.webservice import AksWebservice

ws = Workspace.from_config()
try:
    cluster = ComputeTarget(ws, "aks")
    print("found")
except ComputeTargetException:
    config = AksCompute.provisioning_configuration(location="eastus")
    config.vnet_name = "net"
    config.enable_ssl(leaf_domain_label="svc")
    cluster = ComputeTarget.create(ws, "aks", config)
if cluster.get_status() != "Succeeded":
    cluster.wait_for_completion(show_output=True)
print(cluster.provisioning_errors)
service = Model.deploy(ws, "svc", [Model(ws, "m")], inference, AksWebservice.deploy_configuration(), cluster)
"""
    )
    assert {finding.status for finding in found.findings} == {Status.CONVERTED, Status.REVIEW}
    assert "cluster" not in found.text and "config." not in found.text and "print(" not in found.text


def test_a_cluster_of_aks_that_is_found_again_and_shown_goes_as_well() -> None:
    made = """\
from azureml.core import Model, Workspace
from azureml.core.compute import AksCompute, ComputeTarget
from azureml.core.webservice import AksWebservice

ws = Workspace.from_config()
cluster = ComputeTarget.create(ws, "aks", AksCompute.provisioning_configuration())
cluster.provisioning_state
cluster = {}
cluster
service = Model.deploy(ws, "svc", [Model(ws, "m")], inference, AksWebservice.deploy_configuration(), cluster)
cluster.delete()
"""
    for again in ('ComputeTarget(ws, "aks")', 'AksCompute(ws, "aks")'):
        found = convert(made.format(again))
        assert {finding.status for finding in found.findings} == {Status.CONVERTED, Status.REVIEW}
        assert "cluster" not in found.text
    kept = convert(made.format("choose(ws)"))
    assert "ComputeTarget.create(" in kept.text and "cluster = choose(" in kept.text


def test_a_condition_that_does_more_keeps_the_cluster() -> None:
    found = convert(
        """\
from azureml.core import Workspace
from azureml.core.compute import AksCompute, ComputeTarget

ws = Workspace.from_config()
cluster = ComputeTarget.create(ws, "aks", AksCompute.provisioning_configuration())
if cluster.get_status() != "Succeeded":
    notify()
"""
    )
    assert "ComputeTarget.create(" in found.text and "notify()" in found.text


@pytest.mark.parametrize(
    "check",
    [
        'if cluster.get_status() != "Succeeded":\n    raise RuntimeError(cluster.provisioning_errors)\n',
        'if cluster.provisioning_state == "Succeeded":\n    print("made")\nelse:\n    raise SystemExit("failed")\n',
        'assert cluster.provisioning_state == "Succeeded", "no cluster"\n',
    ],
)
def test_a_check_that_the_cluster_was_made_goes_with_it(check: str) -> None:
    """The service is a managed online endpoint, which has no cluster that could fail to be made."""
    head = """\
from azureml.core import Workspace
from azureml.core.compute import AksCompute, ComputeTarget

ws = Workspace.from_config()
cluster = ComputeTarget.create(ws, "aks", AksCompute.provisioning_configuration())
cluster.wait_for_completion(show_output=True)
"""
    text = convert(f"{head}{check}print(ws.name)\n").text
    assert "azureml" not in text and "cluster" not in text and "raise" not in text
    assert "print(ml_client.workspace_name)" in text
    asked_of_more = f'{head}if cluster.provisioning_state != "Succeeded" and STRICT:\n    raise SystemExit\n'
    assert "if cluster.provisioning_state" in convert(asked_of_more).text


def test_what_a_cluster_of_aks_is_for_is_a_text() -> None:
    found = convert(
        """from azureml.core import Workspace
from azureml.core.compute import AksCompute, ComputeTarget

ws = Workspace.from_config()
settings = {"cluster_purpose": AksCompute.ClusterPurpose.DEV_TEST}
config = AksCompute.attach_configuration("g", "c", cluster_purpose=AksCompute.ClusterPurpose.FAST_PROD)
cluster = ComputeTarget.attach(ws, "c", config)
if type(cluster) is AksCompute:
    print(cluster.name)
"""
    )
    assert 'settings = {"cluster_purpose": "DevTest"}' in found.text and "azureml.core" not in found.text
    assert "if type(cluster) is KubernetesCompute:" in found.text


def test_what_stays_of_another_object_of_the_same_name_is_not_removed() -> None:
    code = """\
from azureml.core.compute import AksCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException

try:
    cluster = AksCompute.attach_configuration(group, name)
except ComputeTargetException:
    cluster = ComputeTarget.create(ws, "serving", AksCompute.provisioning_configuration())
cluster.wait_for_completion(show_output=True)
print(cluster.provisioning_state)
"""
    found = convert(code)
    assert "ComputeTarget.create(ws" in found.text and "cluster.wait_for_completion(show_output=True)\n" in found.text
    assert convert(found.text).text == found.text
