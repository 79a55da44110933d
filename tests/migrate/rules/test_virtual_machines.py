"""Virtual machines for data science, which SDK v2 does not make any more."""

from __future__ import annotations

from amlbridge.migrate.findings import Status

from .support import check_transformed

_BEFORE = """\
from azureml.core import Workspace
from azureml.core.compute import DsvmCompute

ws = Workspace.from_config()
try:
    machine = DsvmCompute(workspace=ws, name="mydsvm")
except Exception:
    config = DsvmCompute.provisioning_configuration("Standard_D2_v2", ssh_port="22")
    machine = DsvmCompute.create(ws, name="mydsvm", provisioning_configuration=config)
    machine.wait_for_completion(show_output=True)
print(machine.name)
machine.delete()
"""

_AFTER = """\
from azure.ai.ml import MLClient
from azure.ai.ml.entities import AmlCompute
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
try:
    machine = ml_client.compute.get("mydsvm")
except Exception:
    config = AmlCompute(name="mydsvm", size="Standard_D2_v2", max_instances=1)
    machine = ml_client.compute.begin_create_or_update(config).result()
print(machine.name)
ml_client.compute.begin_delete(machine.name).result()
"""


def test_a_cluster_of_one_node_takes_its_place() -> None:
    findings = check_transformed(_BEFORE, _AFTER, status=Status.REVIEW)
    (review,) = (finding for finding in findings if finding.status is Status.REVIEW)
    assert "cluster of one node" in review.message
