"""Operations on computes, and workspaces as a whole."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status

from .support import check_transformed, convert

HEAD_1 = """\
from azureml.core import Workspace
from azureml.core.compute import AmlCompute, ComputeInstance, ComputeTarget

ws = Workspace.from_config()
"""
HEAD_2 = """\
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
"""


def test_a_poller_is_waited_for_only_when_sdk_v1_waited() -> None:
    check_transformed(
        HEAD_1 + "instance = ComputeInstance(ws, 'notebooks')\ninstance.start()\ninstance.restart(True)\n",
        HEAD_2 + 'instance = ml_client.compute.get("notebooks")\n'
        "ml_client.compute.begin_start(instance.name)\nml_client.compute.begin_restart(instance.name).result()\n",
    )


def test_nodes_sizes_and_detaching() -> None:
    check_transformed(
        HEAD_1 + "cluster = AmlCompute(ws, 'cpu')\nprint(cluster.list_nodes(), cluster.cluster_resource_id)\n"
        "print(AmlCompute.supported_vmsizes(ws, location='westeurope'))\ncluster.detach()\n",
        HEAD_2 + 'cluster = ml_client.compute.get("cpu")\n'
        "print(list(ml_client.compute.list_nodes(cluster.name)), cluster.resource_id)\n"
        'print(list(ml_client.compute.list_sizes(location="westeurope")))\n'
        'ml_client.compute.begin_delete(cluster.name, action="Detach").result()\n',
        status=Status.REVIEW,
    )


def test_keys_of_a_workspace() -> None:
    check_transformed(
        HEAD_1 + "keys = ws.list_keys()\nws.sync_keys()\nprint(ws.diagnose_workspace({}))\nws.delete()\n",
        HEAD_2 + "keys = ml_client.workspaces.get_keys(ml_client.workspace_name)\n"
        "ml_client.workspaces.begin_sync_keys(ml_client.workspace_name).result()\n"
        "print(ml_client.workspaces.begin_diagnose(ml_client.workspace_name).result())\n"
        "ml_client.workspaces.begin_delete(\n"
        "    ml_client.workspace_name, delete_dependent_resources=False\n).result()\n",
        status=Status.REVIEW,
    )


def test_computes_of_a_loop_over_all_of_them() -> None:
    text = convert(
        """\
from azureml.core import Workspace

ws = Workspace.from_config()
for name, compute in ws.compute_targets.items():
    if compute.get_status().state != "Stopped":
        compute.stop(wait_for_completion=True)
"""
    ).text
    assert "ml_client.compute.begin_stop(compute.name).result()" in text
    assert "get_status" not in text


def test_a_compute_that_is_waited_for_in_one_statement_is_made() -> None:
    text = convert(
        HEAD_1 + "ComputeTarget.create(ws, 'c', AmlCompute.provisioning_configuration('D2')).wait_for_completion()\n"
    ).text
    assert 'ml_client.compute.begin_create_or_update(AmlCompute(name="c", size="D2")).result()' in text


@pytest.mark.parametrize("method", ["wait_for_completion", "_wait_for_completion"])
def test_nothing_is_waited_for_once_the_compute_is_there(method: str) -> None:
    conversion = convert(f"{HEAD_1}c = ComputeTarget(ws, 'a')\nc.{method}(show_output=True)\nprint(c.name)\n")
    assert method not in conversion.text and "azureml" not in conversion.text


def test_entries_of_a_serialized_compute_are_attributes() -> None:
    code = f"{HEAD_1}found = c.get_status().serialize()\nprint(found['vmSize'])\n"
    text = convert(code.replace("c.get", 'ws.compute_targets["a"].get')).text
    assert "print(found.size)" in text
    left = convert(f"{HEAD_1}n = ws.compute_targets['a'].get_status().serialize()['currentNodeCount']\n")
    assert any("does not tell currentNodeCount" in finding.message for finding in left.findings)
    written = convert(f"{HEAD_1}import json\nprint(json.dumps(ws.compute_targets['a'].serialize(), indent=2))\n")
    assert 'json.dumps(str(ml_client.compute.get("a")), indent=2)' in written.text


def test_the_computes_are_a_list_where_one_is_taken_of_them() -> None:
    check_transformed(
        HEAD_1 + "first = ComputeTarget.list(ws)[0]\nfor one in ComputeTarget.list(ws):\n    print(one.name)\n",
        HEAD_2 + "first = list(ml_client.compute.list())[0]\n"
        "for one in ml_client.compute.list():\n    print(one.name)\n",
    )


@pytest.mark.parametrize(
    "reads",
    [
        "found = next(filter(lambda size: size['name'] == wanted, sizes), None)\nprint(found['vCPUs'])\n",
        "for size in sizes:\n    print(size.get('memoryGB'))\n",
    ],
)
def test_sizes_whose_entries_are_read_stay_dicts(reads: str) -> None:
    text = convert(f"{HEAD_1}sizes = AmlCompute.supported_vmsizes(ws)\n{reads}").text
    line = "".join(text.split())
    assert '"vCPUs":size.v_cp_us,' in line and "forsizeinml_client.compute.list_sizes()]" in line
    assert reads.splitlines()[-1].strip() in text
