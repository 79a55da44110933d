"""Many clients at once make the same thing: no server error, nothing twice, nothing lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.faults.submitting import Rest
from tests.support.live import LiveService

pytestmark = pytest.mark.slow
CLIENTS = 20


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AMLBRIDGE_PREWARM", "0")
        made = LiveService(tmp_path_factory.mktemp("crowd"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def rest(live: LiveService) -> Rest:
    made = Rest(live)
    made.prepare()
    return made


def at_once(live: LiveService, ask: Callable[[httpx.Client, int], Any], clients: int = CLIENTS) -> list[Any]:
    """What each of many clients got, which all ask at the same moment."""
    ready = threading.Barrier(clients)
    found: list[Any] = [None] * clients

    def run(number: int) -> None:
        try:
            with live.client() as client:
                client.get("/amlbridge/health")  # connected
                ready.wait(120)
                found[number] = ask(client, number)
        except BaseException as error:  # noqa: BLE001  # shown by who looks at the answers
            found[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(180)
    errors = [item for item in found if isinstance(item, BaseException)]
    assert not errors, errors
    return found


def posted(live: LiveService, method: str, path: str, body: Any) -> list[httpx.Response]:
    """The answers to one request that all clients send at once, in a workspace that none has seen before."""
    answers = at_once(live, lambda client, _: client.request(method, path, json=body))
    assert {answer.status_code for answer in answers} <= {200, 201}, {a.status_code: a.text[:300] for a in answers}
    return answers


def test_one_experiment(live: LiveService) -> None:
    scope = live.scope("fresh-e")
    answers = posted(live, "POST", f"/history/v1.0{scope}/experiments/same", None)
    assert len({answer.json()["experimentId"] for answer in answers}) == 1
    with live.client() as client:
        assert len(client.post(f"/history/v1.0{scope}/experiments:query", json={}).json()["value"]) == 1
        named = [item for item in client.get("/amlbridge/status").json()["workspaces"] if item["name"] == "fresh-e"]
        assert len(named) == 1


def test_one_dataset(live: LiveService) -> None:
    scope = live.scope("fresh-d")
    body = {
        "name": "same",
        "datasetType": "file",
        "latest": {"dataPath": {"datastoreName": "workspaceblobstore", "relativePath": "a"}, "properties": {}},
    }
    path = f"/dataset/v1.0{scope}/datasets?ifExistsOk=true&updateDefinitionIfExists=true"
    answers = posted(live, "POST", path, body)
    assert len({answer.json()["datasetId"] for answer in answers}) == 1
    assert {answer.json()["latest"]["versionId"] for answer in answers} == {"1"}


def test_model_versions_are_given_once(live: LiveService) -> None:
    scope = live.scope("fresh-m")
    body = {"name": "same", "url": "azureml://x", "mimeType": "application/json", "unpack": False}
    answers = posted(live, "POST", f"/modelmanagement/v1.0{scope}/models", body)
    assert sorted(answer.json()["version"] for answer in answers) == list(range(1, CLIENTS + 1))


def test_one_environment_compute_and_datastore(live: LiveService) -> None:
    scope = live.scope("fresh-c")
    environment = posted(live, "PUT", f"/environment/v1.0{scope}/environments/env", {"name": "env", "python": {}})
    assert {answer.json()["version"] for answer in environment} == {"1"}
    properties = {"vmSize": "STANDARD_D2_V2", "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 2}}
    compute = {"location": "l", "properties": {"computeType": "AmlCompute", "properties": properties}}
    posted(live, "PUT", f"{scope}/computes/cpu?api-version=2021-01-01", compute)
    section = {
        "accountName": "a",
        "containerName": "c",
        "endpoint": "x",
        "credentialType": "AccountKey",
        "credential": "YQ==",
    }
    store = {"name": "st", "dataStoreType": "AzureBlob", "azureStorageSection": section}
    stores = at_once(live, lambda client, _: client.post(f"/datastore/v1.0{scope}/datastores", json=store))
    assert sorted(answer.status_code for answer in stores) == [200] + [400] * (CLIENTS - 1)
    assert all("already exists" in answer.text for answer in stores if answer.status_code == 400)
    with live.client() as client:
        assert [item["name"] for item in client.get(f"{scope}/computes").json()["value"]] == ["cpu"]
        listed = client.get(f"/datastore/v1.0{scope}/datastores").json()["value"]
        assert [item["name"] for item in listed].count("st") == 1


def test_one_run_with_everybodys_tags_and_metrics(live: LiveService) -> None:
    scope = live.scope("fresh-r")

    def ask(client: httpx.Client, number: int) -> int:
        path = f"/history/v1.0{scope}/experiments/e/runs/same"
        first = client.patch(path, json={"runId": "same", "tags": {f"t{number}": "x"}}).status_code
        row = {"metricId": f"m{number}", "createdUtc": "2026-11-20T11:01:11.588925Z", "data": {"v": number}}
        values = {"uxMetricType": "azureml.v1.scalar"}
        metric = {"name": "v", "columns": {"v": "double"}, "value": [row], "properties": values}
        second = client.post(f"/metric/v2.0{scope}/runs/same/batch", json={"values": [metric]}).status_code
        return max(first, second)

    assert set(at_once(live, ask)) == {200}
    with live.client() as client:
        run = client.get(f"/history/v1.0{scope}/runs/same").json()
        assert {f"t{number}" for number in range(CLIENTS)} <= set(run["tags"])
        full = client.post(f"/metric/v2.0{scope}/runs/same/full", json={"metricName": "v"}).json()
        assert sorted(row["data"]["v"] for row in full["value"]) == list(range(CLIENTS))


def test_a_pipeline_that_is_submitted_by_many_runs_once(live: LiveService, rest: Rest) -> None:
    run_id = rest.create_pipeline()
    path = f"/pipelines/v1.0{live.scope()}/PipelineRuns/Submit/{run_id}"
    answers = at_once(live, lambda client, _: client.post(path))
    assert {answer.status_code for answer in answers} == {200}, {a.status_code: a.text[:300] for a in answers}
    wait(rest, [run_id])
    children = rest("GET", f"/history/v1.0/WS/runs/{run_id}/children")["value"]
    assert [child["status"] for child in children] == ["Completed"]


def test_two_clients_submit_pipelines_at_once(live: LiveService, rest: Rest) -> None:
    def ask(_: httpx.Client, __: int) -> list[str]:
        mine = Rest(live)
        mine.module = rest.module
        made = [mine.create_pipeline() for _ in range(6)]
        for run_id in made:
            mine.submit(run_id)
        return made

    first, second = at_once(live, ask, clients=2)
    assert len({*first, *second}) == 12
    wait(rest, [*first, *second])


def wait(rest: Rest, runs: list[str], seconds: float = 60) -> None:
    """Until all have completed."""
    deadline = time.monotonic() + seconds
    while states := {run: status for run in runs if (status := rest.status(run)) != "Completed"}:
        assert not set(states.values()) & {"Failed", "Canceled"}, states
        assert time.monotonic() < deadline, states
        time.sleep(0.1)
