"""Every operation on assets over plain HTTP: those that the client does not send, and bad input."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow

BODIES: dict[str, dict[str, Any]] = {
    "data": {"dataType": "uri_file", "dataUri": "https://example.com/a.csv"},
    "environments": {"image": "i:1"},
    "components": {"componentSpec": {"type": "command", "command": "echo"}},
    "models": {"modelUri": "https://example.com/model"},
}
REGISTRY = (
    "/mferp/managementfrontend/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices"
    "/registries/shelf"
)
KINDS = ("data", "environments", "components", "models", "codes")


@pytest.fixture
def http(live: LiveService) -> httpx.Client:
    return live.client()


def code_body(http: httpx.Client, place: str) -> dict[str, Any]:
    """A code version whose file was uploaded with the signature that the service gave."""
    answer = http.post(f"{place}/codes/c/versions/up/startPendingUpload", json={})
    assert answer.status_code == 200
    started = answer.json()["blobReferenceForConsumption"]
    url, _, signature = started["credential"]["sasUri"].partition("?")
    put = httpx.put(
        f"{url}/src/a.py?{signature}", content=b"print(1)", headers={"x-ms-blob-type": "BlockBlob"}, verify=False
    )
    assert put.status_code == 201
    return {"codeUri": f"{started['blobUri']}/src", "properties": {"hash_sha256": "abc", "hash_version": 202208}}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("where", ["workspace", "registry"])
def test_the_life_of_an_asset(live: LiveService, http: httpx.Client, kind: str, where: str) -> None:
    place = live.scope("life") if where == "workspace" else REGISTRY
    base = f"{place}/{kind}"
    body = BODIES[kind] if kind in BODIES else code_body(http, place)
    assert http.get(f"{base}/thing").status_code == 404
    first = http.put(f"{base}/thing/versions/1", json={"properties": {**body, "tags": {"a": "1"}}})
    assert first.status_code == 201, first.text
    assert http.put(f"{base}/thing/versions/1", json={"properties": body}).status_code == 200
    assert http.put(f"{base}/thing/versions/one", json={"properties": body}).status_code == 201
    found = http.get(f"{base}/thing/versions/1").json()
    assert found["name"] == "1"
    assert found["id"].endswith(f"/{kind}/thing/versions/1")
    assert found["properties"]["tags"] == {"a": "1"}
    assert not any(key.startswith("_") for key in found["properties"])
    listed = http.get(f"{base}/thing/versions", params={"$orderBy": "createdtime asc", "$top": "1"}).json()
    assert [item["name"] for item in listed["value"]] == ["1"]
    rest = http.get(listed["nextLink"].partition(live.https_url)[2]).json()
    assert [item["name"] for item in rest["value"]] == ["one"]
    assert [item["name"] for item in http.get(f"{base}/thing/versions?tags=a=1").json()["value"]] == ["1"]
    assert http.get(f"{base}/thing/labels/latest").json()["name"] == "one"
    assert http.get(f"{base}/thing/labels/none").status_code == 404
    container = http.get(f"{base}/thing").json()["properties"]
    assert (container["latestVersion"], container["nextVersion"]) == ("one", "2")
    changed = http.put(f"{base}/thing", json={"properties": {"description": "d", "isArchived": True}})
    assert changed.status_code == 200
    assert changed.json()["properties"]["description"] == "d"
    assert "thing" not in [item["name"] for item in http.get(base).json()["value"]]
    assert "thing" in [item["name"] for item in http.get(base, params={"listViewType": "All"}).json()["value"]]
    assert http.put(f"{base}/empty", json={"properties": {}}).status_code == 201
    upload = http.post(f"{base}/thing/versions/1/startPendingUpload", json={})
    assert upload.status_code == 409
    assert http.post(f"{base}/thing/versions/9/startPendingUpload", json={}).status_code == 200
    assert http.delete(f"{base}/thing/versions/one").status_code == 200
    assert http.delete(f"{base}/thing/versions/one").status_code == 204
    assert http.get(f"{base}/thing/versions/one").status_code == 404
    assert http.delete(f"{base}/thing").status_code == 200
    assert http.get(f"{base}/thing/versions").json() == {"value": []}


def test_code_is_found_by_its_content(live: LiveService, http: httpx.Client) -> None:
    place = live.scope("by-hash")
    body = code_body(http, place)
    assert http.put(f"{place}/codes/known/versions/1", json={"properties": body}).status_code == 201
    query = {"hash": "abc", "hashVersion": "202208"}
    found = http.get(f"{place}/codes/another/versions", params=query).json()["value"]
    assert [item["id"].split("/codes/")[1] for item in found] == ["known/versions/1"]
    assert http.get(f"{place}/codes/another/versions", params={**query, "hash": "x"}).json() == {"value": []}


BAD: list[tuple[str, Any, int, str]] = [
    ("data/d/versions/1", [], 400, "must be a JSON object"),
    ("data/d/versions/1", {}, 400, "'properties' is missing"),
    ("data/d/versions/1", {"properties": {"dataUri": "x"}}, 400, "'dataType' is missing"),
    ("data/d/versions/1", {"properties": {"dataUri": "x", "dataType": "table"}}, 400, "dataType must be one of"),
    ("data/d/versions/1", {"properties": {**BODIES["data"], "tags": ["a"]}}, 400, "'tags' must be an object"),
    ("data/d/versions/1", {"properties": {**BODIES["data"], "tags": {"a": []}}}, 400, "must be a string"),
    ("data/d/versions/1", {"properties": {**BODIES["data"], "isArchived": "no"}}, 400, "true or false"),
    ("data/d/versions/1", {"properties": {**BODIES["data"], "referencedUris": [1]}}, 400, "referencedUris"),
    ("data/-d/versions/1", {"properties": BODIES["data"]}, 400, "cannot be the name"),
    ("data/d/versions/-1", {"properties": BODIES["data"]}, 400, "cannot be the version"),
    ("data/" + "x" * 256 + "/versions/1", {"properties": BODIES["data"]}, 400, "cannot be the name"),
    ("components/c/versions/1", {"properties": {}}, 400, "'componentSpec' is missing"),
    ("components/c/versions/1", {"properties": {"componentSpec": {"type": "command"}}}, 400, "'command' is missing"),
    (
        "components/c/versions/1",
        {"properties": {"componentSpec": {"type": "command", "command": "x", "inputs": {"a": 1}}}},
        400,
        "componentSpec.inputs.a",
    ),
    ("models/m/versions/1", {"properties": {"modelType": "x", "modelUri": "y"}}, 400, "modelType must be one of"),
    ("models/m/versions/1", {"properties": {**BODIES["models"], "stage": "on"}}, 400, "stage"),
    (
        "models/m/versions/1",
        {"properties": {"modelUri": "azureml://datastores/none/paths/x"}},
        404,
        "Could not find datastore: none",
    ),
    ("codes/c/versions/1", {"properties": {"codeUri": "git+https://example.com/x"}}, 400, "does not reach"),
    (
        "codes/c/versions/1",
        {"properties": {"codeUri": "azureml://datastores/workspaceblobstore/paths/../../etc"}},
        400,
        "is no path",
    ),
]


@pytest.mark.parametrize(("path", "body", "status", "words"), BAD)
def test_bad_input_changes_nothing(
    live: LiveService, http: httpx.Client, path: str, body: Any, status: int, words: str
) -> None:
    place = live.scope("bad")
    answer = http.put(f"{place}/{path}", json=body)
    assert answer.status_code == status, answer.text
    assert words in answer.json()["error"]["message"]
    assert answer.json()["error"]["details"] == []
    assert http.get(f"{place}/{path}").status_code == 404


def test_bad_queries_and_refusals(live: LiveService, http: httpx.Client) -> None:
    place = live.scope("bad")
    for query in ({"listViewType": "Some"}, {"$top": "0"}, {"$skip": "?"}):
        http.put(f"{place}/data/there/versions/1", json={"properties": BODIES["data"]})
        assert http.get(f"{place}/data", params=query).status_code == 400
    assert http.get(f"{place}/data/there/versions", params={"$orderBy": "color"}).status_code == 400
    for kind in KINDS:
        assert http.post(f"{place}/{kind}/x/versions/1/publish", json={}).status_code == 501
    wrong = http.post(f"{place}/codes/x/versions/1/startPendingUpload", json={"pendingUploadType": "Fax"})
    assert wrong.status_code == 400


def test_registries_over_rest(live: LiveService, http: httpx.Client) -> None:
    arm = REGISTRY.partition("managementfrontend")[2]
    assert http.put(arm, json={"location": "local"}).status_code == 201
    assert http.get(arm).json()["name"] == "shelf"
    group = arm.rpartition("/")[0]
    assert "shelf" in [item["name"] for item in http.get(group).json()["value"]]
    for path, body, status in (
        ("tempdatarefs/x/versions/1", {"assetId": "azureml://registries/shelf/nothing/x/versions/1"}, 400),
        ("datarefs/x/versions/1", {"blobUri": "https://example.com/x"}, 404),
        ("import", {"properties": {"sourceAssetId": "azureml://registries/other/models/x/versions/1"}}, 404),
        ("import", {"properties": {"sourceAssetId": "azureml:x"}}, 400),
    ):
        method = "PUT" if path.startswith("temp") else "POST"
        assert http.request(method, f"{REGISTRY}/{path}", json=body).status_code == status, path
    assert http.delete(arm).status_code == 501


def test_datastores_over_rest(live: LiveService, http: httpx.Client) -> None:
    base = f"{live.scope('rest-stores')}/datastores"
    blob = {"datastoreType": "AzureBlob", "accountName": "a", "containerName": "c"}
    for body, words in (
        ({}, "'datastoreType' is missing"),
        ({"datastoreType": "Hdfs"}, "outside of this machine"),
        ({"datastoreType": "AzureBlob", "accountName": "a"}, "'containerName' is missing"),
        ({**blob, "credentials": {"credentialsType": "Handshake"}}, "credentialsType must be one of"),
    ):
        answer = http.put(f"{base}/bad", json={"properties": body})
        assert (answer.status_code, words in answer.text) == (400, True), answer.text
    assert http.get(f"{base}/bad").status_code == 404
    assert http.put(f"{base}/mine", json={"properties": {**blob, "isDefault": True}}).status_code == 201
    assert http.put(f"{base}/mine", json={"properties": blob}).status_code == 200
    assert [item["name"] for item in http.get(f"{base}?isDefault=true").json()["value"]] == ["mine"]
    assert [item["name"] for item in http.get(f"{base}?names=mine,none").json()["value"]] == ["mine"]
    ordered = http.get(f"{base}?searchText=work&orderBy=name&orderByAsc=false&count=1").json()
    assert [item["name"] for item in ordered["value"]] == ["workspaceworkingdirectory"]
    assert "nextLink" in ordered
    assert http.post(f"{base}/mine/listSecrets", json={}).status_code == 400
    assert http.post(f"{base}/workspaceblobstore/listSecrets", json={}).json()["secretsType"] == "AccountKey"
    assert http.delete(f"{base}/mine").status_code == 400
    assert http.post(f"{live.scope('rest-stores')}/setDefaultDatastore/workspaceblobstore").status_code == 200
    assert http.delete(f"{base}/mine").status_code == 200
    assert http.delete(f"{base}/mine").status_code == 204
