"""Online endpoints over plain HTTP: what the client does not send, and what nobody should."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.live import LiveService
from tests.support.patience import until

pytestmark = pytest.mark.slow

SCORE = (
    "import os, time\ndef init(): pass\ndef run(data):\n    time.sleep(float(data))\n    return os.environ['NAME']\n"
)


class Workspace:
    """The ARM routes of a workspace with a code asset and an environment."""

    def __init__(
        self, live: LiveService, client: httpx.Client, name: str, script: str = SCORE, conda: str | None = None
    ) -> None:
        self.live, self.client, self.scope = live, client, live.scope(name)
        self.environment = f"{self.scope}/environments/env/versions/1"
        self.put("environments/env/versions/1", {"properties": {"image": "python:3.11", "condaFile": conda}})
        self.code = f"{self.scope}/codes/code/versions/1"
        pending = client.post(f"{self.scope}/codes/code/versions/1/startPendingUpload", json={}).json()
        place = pending["blobReferenceForConsumption"]
        url = place["credential"]["sasUri"].replace("?", "/src/score.py?", 1)
        host = httpx.URL(url)
        sent = httpx.put(
            f"{live.https_url}{host.raw_path.decode()}",
            content=script,
            headers={"x-ms-blob-type": "BlockBlob", "Host": host.host},
            verify=False,
        )
        assert sent.status_code == 201, sent.text
        self.put("codes/code/versions/1", {"properties": {"codeUri": f"{place['blobUri']}/src"}})

    def put(self, path: str, body: dict[str, Any], status: tuple[int, ...] = (200, 201)) -> dict[str, Any]:
        answer = self.client.put(f"{self.scope}/{path}", json=body)
        assert answer.status_code in status, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def endpoint(self, name: str, **properties: Any) -> dict[str, Any]:
        return self.put(f"onlineEndpoints/{name}", {"properties": {"authMode": "Key", **properties}})

    def body(self, **properties: Any) -> dict[str, Any]:
        capacity = properties.pop("capacity", 1)
        common = {
            "endpointComputeType": "Managed",
            "codeConfiguration": {"codeId": self.code, "scoringScript": "score.py"},
            "environmentId": self.environment,
        }
        return {"sku": {"name": "Default", "capacity": capacity}, "properties": {**common, **properties}}

    def deploy(self, endpoint: str, name: str, **properties: Any) -> dict[str, Any]:
        made = self.put(f"onlineEndpoints/{endpoint}/deployments/{name}", self.body(**properties))

        def ended() -> dict[str, Any] | None:
            found: dict[str, Any] = self.client.get(made["id"]).json()
            return found if found["properties"]["provisioningState"] != "Creating" else None

        return until(ended)


def score(uri: str, key: str, seconds: float = 0) -> httpx.Response:
    return httpx.post(uri, content=json.dumps(seconds), headers={"Authorization": f"Bearer {key}"}, timeout=90)


def test_bad_endpoints_and_deployments_change_nothing(live: LiveService) -> None:
    with live.client() as client:
        ws = Workspace(live, client, "bad")
        for name, properties in (
            ("x", {}),
            ("a_name", {}),
            ("good", {"authMode": "Password"}),
            ("good", {"authMode": 5}),
            ("good", {"traffic": {"blue": 100}}),
            ("good", {"traffic": []}),
            ("good", {"compute": "aks"}),
            ("good", {"keys": {"primaryKey": "short"}}),
        ):
            answer = client.put(
                f"{ws.scope}/onlineEndpoints/{name}", json={"properties": {"authMode": "Key", **properties}}
            )
            assert answer.status_code == 400, (name, properties, answer.text)
        assert client.get(f"{ws.scope}/onlineEndpoints").json()["value"] == []
        ws.endpoint("good")
        place = f"{ws.scope}/onlineEndpoints/good/deployments/blue"
        for properties in (
            {"codeConfiguration": None},
            {"codeConfiguration": {"codeId": ws.code, "scoringScript": "../score.py"}},
            {"codeConfiguration": {"codeId": ws.code, "scoringScript": "other.py"}},
            {"codeConfiguration": {"codeId": f"{ws.code}9", "scoringScript": "score.py"}},
            {"environmentId": None},
            {"environmentId": f"{ws.environment}9"},
            {"environmentVariables": {"A": 5}},
            {"environmentVariables": {"WORKER_COUNT": "0"}},
            {"requestSettings": {"requestTimeout": "soon"}},
            {"requestSettings": {"requestTimeout": "PT1H"}},
            {"requestSettings": {"maxConcurrentRequestsPerInstance": 0}},
            {"capacity": 0},
            {"capacity": 500},
            {"endpointComputeType": "Kubernetes"},
            {"dataCollector": {"collections": {"model_inputs": {"dataCollectionMode": "Enabled"}}}},
            {"model": "azureml:none:1"},
        ):
            answer = client.put(place, json=ws.body(**properties))
            assert answer.status_code in (400, 404), (properties, answer.text)
        assert client.get(place).status_code == 404
        assert client.put(f"{ws.scope}/onlineEndpoints/none/deployments/d", json=ws.body()).status_code == 404
        assert not [path for path in (live.home.root / "serving").rglob("good/**/*") if path.is_file()]
        assert client.delete(place).status_code == 204
        assert client.delete(f"{ws.scope}/onlineEndpoints/none").status_code == 204


def test_overload_mirror_patches_and_tokens(live: LiveService) -> None:
    with live.client() as client:
        ws = Workspace(live, client, "load")
        made = ws.endpoint("load", keys={"primaryKey": "my-own-primary-key", "secondaryKey": "my-own-secondary-key"})
        uri, key = made["properties"]["scoringUri"], "my-own-primary-key"
        for name in ("blue", "green"):
            done = ws.deploy("load", name, environmentVariables={"NAME": name})
            assert done["properties"]["provisioningState"] == "Succeeded", done
        ws.endpoint("load", traffic={"blue": 100}, mirrorTraffic={"green": 50})
        assert (
            client.put(
                f"{ws.scope}/onlineEndpoints/load",
                json={"properties": {"authMode": "Key", "mirrorTraffic": {"green": 60}}},
            ).status_code
            == 400
        )
        with ThreadPoolExecutor(5) as pool:
            answers = list(pool.map(lambda _: score(uri, key, 0.5), range(5)))
        assert sorted({answer.status_code for answer in answers}) == [200, 429]
        assert {answer.json() for answer in answers if answer.status_code == 200} == {"blue"}
        assert httpx.get(uri.removesuffix("/score")).text == "Healthy"
        assert httpx.get(uri.replace("/score", "/swagger.json")).status_code == 404
        place = f"{ws.scope}/onlineEndpoints/load"
        changed = client.patch(place, json={"tags": {"a": "b"}}).json()
        assert (changed["tags"], changed["properties"]["traffic"]) == ({"a": "b"}, {"blue": 100})
        more = client.patch(f"{place}/deployments/blue", json={"sku": {"capacity": 2}, "tags": {"c": "d"}})
        assert (more.json()["sku"]["capacity"], more.json()["tags"]) == (2, {"c": "d"})
        assert score(uri, key).status_code == 200
        assert client.get(f"{place}/deployments/blue/skus").json()["value"][0]["capacity"]["minimum"] == 1
        assert client.get(f"{ws.scope}/onlineEndpoints?tags=a=b").json()["value"][0]["name"] == "load"
        assert client.get(f"{ws.scope}/onlineEndpoints?name=other").json()["value"] == []
        ws.endpoint("load", authMode="AADToken")
        token = client.headers["Authorization"].removeprefix("Bearer ")
        assert (score(uri, token).status_code, score(uri, key).status_code) == (200, 401)
        assert client.post(f"{place}/listKeys").status_code == 400
        assert client.delete(f"{place}/deployments/blue").status_code == 409
        assert client.delete(place).status_code == 200
        assert score(uri, key).status_code == 404


SLOW = "import sys, time\ndef init():\n    time.sleep(2)\ndef run(data): return sys.prefix\n"


def test_a_deployment_that_is_being_made_survives_the_service(own_live: LiveService) -> None:
    with own_live.client() as client:
        ws = Workspace(own_live, client, "slow", SLOW, "dependencies: [{pip: [no-such-package-here]}]\n")
        made = ws.endpoint("slow")
        body = ws.body()
        body["properties"]["environmentVariables"] = {"X": "1"}
        answer = client.put(f"{ws.scope}/onlineEndpoints/slow/deployments/only", json=body)
        assert answer.json()["properties"]["provisioningState"] == "Creating"
        path = f"{ws.scope}/onlineEndpoints/slow/deployments/only"
    own_live.kill()
    own_live.start()
    with own_live.client() as client:
        operation = httpx.URL(answer.headers["azure-asyncoperation"]).path
        assert client.get(operation).json()["status"] == "Succeeded"
        assert client.get(path).json()["properties"]["provisioningState"] == "Succeeded"
        logs = client.post(f"{path}/getLogs", json={}).json()["content"]
        assert "the environment differs: no-such-package-here is asked for and not installed" in logs
        key = client.post(f"{ws.scope}/onlineEndpoints/slow/listKeys").json()["primaryKey"]
        assert score(made["properties"]["scoringUri"], key).status_code == 404
        chosen = {"Authorization": f"Bearer {key}", "azureml-model-deployment": "only"}
        assert httpx.post(made["properties"]["scoringUri"], content="0", headers=chosen).status_code == 200


def test_two_clients_deploy_at_once(live: LiveService) -> None:
    with live.client() as client:
        ws = Workspace(live, client, "twice")
        uri = ws.endpoint("twice")["properties"]["scoringUri"]
        names = [f"n{number}" for number in range(6)]
        with ThreadPoolExecutor(3) as pool:
            done = list(pool.map(lambda name: ws.deploy("twice", "blue", environmentVariables={"NAME": name}), names))
        assert {item["properties"]["provisioningState"] for item in done} == {"Succeeded"}
        ws.endpoint("twice", traffic={"blue": 100})
        key = client.post(f"{ws.scope}/onlineEndpoints/twice/listKeys").json()["primaryKey"]
        assert score(uri, key).json() in names
        generations = [path for path in (live.home.root / "serving").glob("*/online/twice/blue/*") if path.is_dir()]
        assert len(generations) == 1


def test_an_environment_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMLBRIDGE_ENVIRONMENTS", "uv")
    live = LiveService(tmp_path)
    try:
        with live.client() as client:
            ws = Workspace(live, client, "own", SLOW.replace("sleep(2)", "sleep(0)"), "dependencies: [python=3.11]\n")
            made = ws.endpoint("own")
            done = ws.deploy("own", "only")
            logs = client.post(f"{done['id']}/getLogs", json={"tail": 100}).json()["content"]
            assert done["properties"]["provisioningState"] == "Succeeded", logs
            ws.endpoint("own", traffic={"only": 100})
            key = client.post(f"{ws.scope}/onlineEndpoints/own/listKeys").json()["primaryKey"]
            prefix = score(made["properties"]["scoringUri"], key).json()
            assert prefix.startswith(str(live.home.environments)), logs
            assert "building the environment" in logs
    finally:
        live.stop()
