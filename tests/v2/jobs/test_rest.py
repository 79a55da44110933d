"""Jobs by plain REST: pages and filters, changes, bad bodies, a killed service."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.live import LiveService
from tests.support.patience import quickest, until

pytestmark = pytest.mark.slow

ENVIRONMENT = "azureml:AzureML-sklearn-1.0-ubuntu20.04-py38-cpu@latest"


def body(command: str = "true", **more: Any) -> dict[str, Any]:
    return {"properties": {"jobType": "Command", "command": command, "environmentId": ENVIRONMENT, **more}}


def finish(client: httpx.Client, address: str, most: float = 60) -> dict[str, Any]:
    until = time.monotonic() + most
    while time.monotonic() < until:
        found: dict[str, Any] = client.get(address).json()
        if found["properties"]["status"] in ("Completed", "Failed", "Canceled"):
            return found
        time.sleep(0.05)
    raise AssertionError(f"{address} has not ended: {found}")


def test_jobs_are_listed_in_pages_newest_first(empty_live: LiveService) -> None:
    jobs = f"{empty_live.scope()}/jobs"
    with empty_live.client() as client:
        for index in range(105):
            tags = {"kind": "odd" if index % 2 else "even", "first": "yes"} if index < 10 else {}
            assert client.put(f"{jobs}/job{index}", json=body(tags=tags)).status_code == 201
        first = client.get(jobs).json()
        assert [item["name"] for item in first["value"]] == [f"job{index}" for index in range(104, 4, -1)]
        second = client.get(first["nextLink"].replace(empty_live.https_url, "")).json()
        assert [item["name"] for item in second["value"]] == ["job4", "job3", "job2", "job1", "job0"]
        assert second["nextLink"] is None
        tagged = client.get(jobs, params={"tag": "kind=odd"}).json()["value"]
        assert [item["name"] for item in tagged] == ["job9", "job7", "job5", "job3", "job1"]
        assert len(client.get(jobs, params={"tag": "first", "jobType": "command"}).json()["value"]) == 10
        assert client.get(jobs, params={"jobType": "Pipeline"}).json()["value"] == []
        assert client.get(jobs, params={"listViewType": "Some"}).status_code == 400
        assert client.get(jobs, params={"$skip": "x"}).status_code == 400
        assert len(client.get(jobs).json()["value"]) == 100
        # The goal is 50 ms on a quiet machine.
        assert quickest(lambda: client.get(jobs), 0.5) < 0.5


def test_a_job_that_was_submitted_changes_only_in_what_can_change(live: LiveService) -> None:
    address = f"{live.scope()}/jobs/changing"
    with live.client() as client:
        assert client.put(address, json=body("echo 1", tags={"a": 1}, displayName="d")).status_code == 201
        same = client.put(address, json=body("echo 1", tags={"b": "2"}, displayName="e", isArchived=True))
        assert same.status_code == 200
        found = same.json()["properties"]
        assert (found["tags"], found["displayName"], found["isArchived"]) == ({"b": "2"}, "e", True)
        other = client.put(address, json=body("echo 2"))
        assert other.status_code == 400 and "with another command" in other.json()["error"]["message"]
        assert client.get(address).json()["properties"]["command"] == "echo 1"
        assert client.delete(address).status_code == 501


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "'properties' is missing"),
        ({"properties": []}, "must be an object"),
        ({"properties": {}}, "jobType: is missing"),
        ({"properties": {"jobType": "Pipeline", "jobs": {}}}, "the pipeline has no nodes"),
        (body(environmentId=None), "environmentId: is missing"),
        (body(experimentName=3), "experimentName: must be a text"),
        (body(tags=[1]), "tags: must be an object"),
        (body(parentJobName="nobody"), "nobody"),
        (body(resources={"instanceCount": 0}), "resources.instance_count: must be at least 1, not 0"),
        (
            body("cat ${{inputs.x}}", inputs={"x": {"jobInputType": "uri_file", "uri": "https://example.org/x.csv"}}),
            "inputs.x: https://example.org/x.csv is outside of this machine",
        ),
        (body(codeId="azureml:nothing:1"), "codeId: the code azureml:nothing:1 is not there"),
    ],
)
def test_a_bad_body_is_refused_and_not_recorded(live: LiveService, content: Any, message: str) -> None:
    address = f"{live.scope()}/jobs/bad"
    with live.client() as client:
        answer = client.put(address, json=content)
        assert 400 <= answer.status_code < 500, answer.text
        assert message in answer.json()["error"]["message"]
        assert client.get(address).status_code == 404
        assert client.put(f"{live.scope()}/jobs/bad%20name", json=body()).status_code == 400


def test_what_is_not_used_here_is_told(live: LiveService) -> None:
    scope = live.scope()
    with live.client() as client:
        services = {"ssh": {"jobServiceType": "SSH"}}
        assert client.put(
            f"{scope}/jobs/told", json=body(services=services, queueSettings={"jobTier": "Spot"})
        ).is_success
        details = client.get(f"/history/v1.0{scope}/runs/told/details").json()
        assert [item["message"].partition(":")[2][:17] for item in details["warnings"]] == [
            " the services (SS",
            " the queue settin",
        ]
        assert client.get(f"{scope}/jobs/told").json()["properties"]["services"].keys() == {"ssh", "Studio", "Tracking"}


def test_a_cancelled_pipeline_cancels_its_nodes(live: LiveService) -> None:
    scope = live.scope()
    spec = {"name": "sleep", "type": "command", "command": "sleep 60", "environment": ENVIRONMENT}
    with live.client() as client:
        made = client.put(f"{scope}/components/sleep/versions/1", json={"properties": {"componentSpec": spec}})
        assert made.is_success, made.text
        jobs = {"n": {"type": "command", "componentId": "azureml:sleep:1"}}
        assert client.put(f"{scope}/jobs/stop", json={"properties": {"jobType": "Pipeline", "jobs": jobs}}).is_success
        deadline = time.monotonic() + 60
        while not live_children(client, scope, "stop"):  # a step that never started is not shown, as on Azure
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert client.post(f"{scope}/jobs/stop/cancel").status_code == 200
        assert finish(client, f"{scope}/jobs/stop")["properties"]["status"] == "Canceled"
        (child,) = live_children(client, scope, "stop")
        assert child["status"] == "Canceled"
        assert client.post(f"{scope}/jobs/nothing/cancel").status_code == 404
        step = client.get(f"{scope}/jobs/{child['runId']}").json()
        assert (step["name"], step["properties"]) == (child["runId"], None)


def live_children(client: httpx.Client, scope: str, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/history/v1.0{scope}/runs/{name}/children").json()["value"]
    return found


def test_two_clients_that_submit_one_name_start_it_once(live: LiveService) -> None:
    address = f"{live.scope()}/jobs/twice"
    with live.client() as client:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: client.put(address, json=body("echo once")), range(8)))
        assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
        assert finish(client, address)["properties"]["status"] == "Completed"


def test_a_killed_service_finishes_the_job_after_its_restart(own_live: LiveService) -> None:
    address = f"{own_live.scope()}/jobs/killed"
    spec = {
        "type": "command",
        "command": "echo begun; sleep 2; echo done > ${{outputs.o}}/x",
        "environment": ENVIRONMENT,
        "outputs": {"o": {"type": "uri_folder"}},
    }
    job = {
        "jobType": "Pipeline",
        "jobs": {"n": {"type": "command", "componentId": "azureml:slow:1", "outputs": {"o": _LITERAL}}},
        "outputs": {"end": {"jobOutputType": "uri_folder", "assetName": "kept"}},
    }
    with own_live.client() as client:
        component = f"{own_live.scope()}/components/slow/versions/1"
        made = client.put(component, json={"properties": {"componentSpec": {"name": "slow", "version": "1", **spec}}})
        assert made.status_code == 201, made.text
        assert client.put(address, json={"properties": job}).status_code == 201
        until(lambda: live_children(client, own_live.scope(), "killed"))
    own_live.kill()
    own_live.start()
    with own_live.client() as client:
        assert finish(client, address)["properties"]["status"] == "Completed"
        assert client.get(f"{own_live.scope()}/data/kept/versions/1").json()["properties"]["dataType"] == "uri_folder"
        history = f"/history/v1.0{own_live.scope()}"
        (child,) = client.get(f"{history}/runs/killed/children").json()["value"]
        assert client.get(f"{history}/runs/{child['runId']}/details").json()["logFiles"].keys() == {
            "user_logs/std_log.txt"
        }
        outputs = client.post(f"{history}/rundata", json={"runId": "killed"}).json()["runMetadata"]["outputs"]
        asset = outputs["end"]["assetId"]
        resolved = client.post(
            f"/data/v1.0{own_live.scope()}/dataversion/batchGetResolvedUris", json={"values": [asset, "nothing"]}
        ).json()["values"]
        assert list(resolved) == [asset] and resolved[asset]["uri"].endswith(f"/azureml/{child['runId']}/o/")


_LITERAL = {"type": "literal", "value": "${{parent.outputs.end}}"}
