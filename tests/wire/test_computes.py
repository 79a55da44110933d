"""Computes with the real client: the get-or-create idiom, scale settings, instances, and what is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlbridge.wire import compute_bodies
from amlbridge.wire.attached_computes import ELSEWHERE
from amlbridge.wire.errors import ServiceError
from tests.support.live import LiveService


@pytest.mark.slow
def test_the_get_or_create_idiom_and_what_follows(live: LiveService) -> None:
    done = live.run(
        """
        import json, time
        from azureml.core import Workspace
        from azureml.core.compute import AmlCompute, ComputeTarget
        from azureml.core.compute_target import ComputeTargetException
        ws = Workspace.from_config()
        def get_or_create():
            try:
                return ComputeTarget(workspace=ws, name="cpu-cluster"), "found"
            except ComputeTargetException:
                config = AmlCompute.provisioning_configuration(
                    vm_size="Standard_D2_v2", vm_priority="lowpriority", min_nodes=1, max_nodes=3,
                    idle_seconds_before_scaledown=1800, tags={"a": "b"}, description="mine")
                return ComputeTarget.create(ws, "cpu-cluster", config), "created"
        slept, sleep = [], time.sleep
        time.sleep = lambda seconds: (slept.append(seconds), sleep(seconds))
        for _ in range(2):
            cluster, how = get_or_create()
            cluster.wait_for_completion(show_output=True, min_node_count=3, timeout_in_minutes=20)
            print(how, type(cluster).__name__)
        print(sum(slept) < 20)
        status = cluster.get_status().serialize()
        print(json.dumps({
            "status": [status[key] for key in ("allocationState", "provisioningState", "vmSize", "vmPriority")],
            "scale": status["scaleSettings"], "errors": status["errors"], "tags": cluster.tags,
            "description": cluster.description, "state": cluster.provisioning_state,
        }))
        cluster.update(max_nodes=8, idle_seconds_before_scaledown=60)
        cluster.refresh_state()
        print(json.dumps(cluster.serialize()["properties"]["properties"]["scaleSettings"]))
        cluster.add_identity("SystemAssigned")
        print(cluster.identity_type)
        cluster.remove_identity()
        print(cluster.identity_type, len(cluster.list_nodes()))
        print(sorted(ws.compute_targets), ComputeTarget(ws, "CPU-CLUSTER").name, AmlCompute(ws, "cpu-cluster").vm_size)
        for name, options in (("local", {}), ("bad_name", {}), ("good", {"min_nodes": 3, "max_nodes": 2})):
            try:
                config = AmlCompute.provisioning_configuration(vm_size="Standard_D2_v2", **options)
                ComputeTarget.create(ws, name, config)
            except Exception as error:
                print("refused", type(error).__name__)
        cluster.delete()
        cluster.wait_for_completion(show_output=True, is_delete_operation=True)
        print(sorted(ws.compute_targets))
        """
    )
    lines = [line for line in done.stdout.strip().splitlines() if line]
    assert "created AmlCompute" in lines and "found AmlCompute" in lines
    rest = lines[lines.index("found AmlCompute") + 1 :]
    assert rest[0] == "True"
    assert json.loads(rest[1]) == {
        "status": ["Steady", "Succeeded", "STANDARD_D2_V2", "LowPriority"],
        "scale": {"minNodeCount": 1, "maxNodeCount": 3, "nodeIdleTimeBeforeScaleDown": "PT1800S"},
        "errors": None,
        "tags": {"a": "b"},
        "description": "mine",
        "state": "Succeeded",
    }
    assert json.loads(rest[2]) == {"minNodeCount": 1, "maxNodeCount": 8, "nodeIdleTimeBeforeScaleDown": "PT60S"}
    assert rest[3:5] == ["SystemAssigned", "None 8"]
    assert rest[5] == "['cpu-cluster'] cpu-cluster STANDARD_D2_V2"
    assert [line.split()[0] for line in rest[6:9]] == ["refused"] * 3
    assert rest[-1] == "[]"


@pytest.mark.slow
def test_instances_and_kubernetes(live: LiveService) -> None:
    done = live.run(
        """
        import json
        from azureml.core import Workspace
        from azureml.core.compute import AmlCompute, ComputeInstance, ComputeTarget, KubernetesCompute
        ws = Workspace.from_config()
        config = ComputeInstance.provisioning_configuration(vm_size="STANDARD_DS3_V2", ssh_public_access=False)
        instance = ComputeTarget.create(ws, "my-instance", config)
        instance.wait_for_completion(show_output=False)
        print(instance.get_status().state, instance.vm_size)
        instance.stop()
        print(instance.get_status().state)
        instance.start()
        print(instance.get_status().state, instance.update_sso_settings(True))
        instance.restart()
        print(instance.get_status().state, list(instance.get_active_runs()))
        try:
            ComputeTarget.create(ws, "my-instance", config)
        except Exception as error:
            print("AlreadyExists" in str(error))
        kube = ComputeTarget.attach(ws, "kube", KubernetesCompute.attach_configuration(
            resource_id="/subscriptions/s/resourceGroups/g/providers/Microsoft.Kubernetes/connectedClusters/c",
            namespace="team"))
        kube.wait_for_completion()
        print(type(ComputeTarget(ws, "kube")).__name__, ComputeTarget(ws, "kube").namespace, sorted(ws.compute_targets))
        kube.detach()
        instance.delete(wait_for_completion=True)
        print(sorted(ws.compute_targets))
        print(len(AmlCompute.supported_vmsizes(ws)) > 100, len(AmlCompute.list_usages(ws)), AmlCompute.list_quotas(ws))
        try:
            AmlCompute.update_quotas(ws, "standardDSv2Family", 10)
        except Exception as error:
            print("501" in str(error))
        """,
        workspace="kinds",
    )
    lines = [line for line in done.stdout.strip().splitlines() if line and "Succeeded" not in line]
    assert lines == [
        "Running STANDARD_DS3_V2",
        "Stopped",
        "Running True",
        "Running []",
        "True",
        "KubernetesCompute team ['kube', 'my-instance']",
        "[]",
        "True 2 []",
        "True",
    ]


@pytest.mark.slow
def test_bad_requests_change_nothing(live: LiveService) -> None:
    base = f"{live.scope('bad')}/computes"
    good = {"computeType": "AmlCompute", "properties": {"vmSize": "a1", "scaleSettings": {"maxNodeCount": 2}}}
    with live.client() as client:
        for properties in (
            {},
            {"computeType": "Toaster"},
            {"computeType": "AmlCompute", "properties": {"scaleSettings": {"maxNodeCount": 0}}},
            {"computeType": "AmlCompute", "properties": {"scaleSettings": {"maxNodeCount": "2"}}},
            {"computeType": "AmlCompute", "properties": {"scaleSettings": {"minNodeCount": -1}}},
            {"computeType": "AmlCompute", "properties": {"scaleSettings": {"nodeIdleTimeBeforeScaleDown": "2 h"}}},
            {"computeType": "AmlCompute", "properties": {"vmPriority": "cheap"}},
            {"computeType": "AmlCompute", "properties": {"vmSize": "no size"}},
        ):
            answer = client.put(f"{base}/c", json={"location": "local", "properties": properties})
            assert answer.status_code == 400 and answer.json()["error"]["details"] == [], properties
        assert client.get(f"{base}/c").json()["error"]["code"] == "ComputeNotFound"
        created = client.put(f"{base}/c", json={"properties": good})
        assert created.status_code == 201 and "Azure-AsyncOperation" in created.headers
        before = client.get(f"{base}/c").json()
        for answer in (
            client.put(f"{base}/c", json={"properties": {**good, "computeType": "ComputeInstance"}}),
            client.put(f"{base}/c", json={"properties": {**good, "properties": {"vmSize": "other"}}}),
            client.patch(f"{base}/c", json={"properties": {"properties": {"scaleSettings": {"maxNodeCount": 0}}}}),
            client.patch(f"{base}/c", json={"identity": {"type": "Mine"}}),
            client.post(f"{base}/c/start"),
            client.delete(f"{base}/c"),
            client.delete(f"{base}/c?underlyingResourceAction=Detach"),
        ):
            assert answer.status_code in (400, 409) and answer.json()["error"]["details"] == []
        assert client.get(f"{base}/c").json() == before
        # A PUT over it changes what can change.
        good["properties"]["scaleSettings"]["maxNodeCount"] = 5  # type: ignore[index]
        assert client.put(f"{base}/c", json={"properties": good}).status_code == 200
        settings = client.get(f"{base}/c").json()["properties"]["properties"]["scaleSettings"]
        assert settings["maxNodeCount"] == 5
        assert client.delete(f"{base}/nothing?underlyingResourceAction=Delete").status_code == 404


@pytest.mark.slow
def test_lists_come_in_pages(live: LiveService) -> None:
    with live.client() as client:
        for number in range(103):
            body = {"properties": {"computeType": "AmlCompute"}}
            assert client.put(f"{live.scope('many')}/computes/c{number}", json=body).status_code == 201
        url: str | None = f"/rp/workspaces{live.scope('many')}/computes"
        names = []
        while url:
            page = client.get(url).json()
            names += [item["name"] for item in page["value"]]
            url = page.get("nextLink")
        assert names == [f"c{number}" for number in range(103)]
    done = live.run(
        "from azureml.core import Workspace\nprint(len(Workspace.from_config().compute_targets))", workspace="many"
    )
    assert done.stdout.strip().splitlines()[-1] == "103"


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "properties",
                        "computeType",
                        "scaleSettings",
                        "maxNodeCount",
                        "tags",
                        "identity",
                        "type",
                        "userAssignedIdentities",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=8,
    )
)
def test_any_body_is_a_compute_or_a_400(content: object) -> None:
    request = (
        {"properties": content, "tags": content, "identity": content} if isinstance(content, dict) else {"x": content}
    )
    for kind in ("AmlCompute", "ComputeInstance", "Kubernetes", *ELSEWHERE):
        if isinstance(content, dict):
            request["properties"] = {**content, "computeType": kind}
        try:
            body = compute_bodies.create("name", request, location="local")
            assert json.loads(json.dumps(body)) == body
            compute_bodies.create("name", request, location="local", old=body)
            compute_bodies.update(body, request)
        except ServiceError as error:
            assert error.status == 400
