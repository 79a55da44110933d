"""The documents of the service over plain HTTP: what is kept, what is refused, and that nothing is half done."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.live import LiveService
from tests.v1.graphs import module, node

pytestmark = pytest.mark.slow


class Api:
    """The pipelines service of one workspace."""

    def __init__(self, live: LiveService, client: httpx.Client) -> None:
        self._base, self._client = f"/pipelines/v1.0{live.scope()}", client

    def __call__(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        answer = self._client.request(method, self._base + path, json=body)
        assert answer.status_code == status, answer.text
        if status >= 400:
            assert answer.json()["error"]["details"] == []
            return answer.json()["Error"]["Message"]
        return answer.json() if answer.content else None


@pytest.fixture
def api(live: LiveService) -> Any:
    with live.client() as client:
        yield Api(live, client)


def test_data_types(api: Api) -> None:
    assert {"AnyFile", "AnyDirectory", "AzureMLDataset"} <= {item["Id"] for item in api("GET", "/DataTypes")}
    made = api("POST", "/DataTypes", {"Id": "Mine", "Name": "My own", "ParentDataTypeIds": ["AnyFile"]})
    assert (made["Name"], made["IsDirectory"], made["EntityStatus"]) == ("My own", False, "0")
    assert "already exist" in api("POST", "/DataTypes", {"Id": "Mine"}, 409)
    assert "already exist" in api("POST", "/DataTypes", {"Id": "AnyFile"}, 409)
    assert "does not exist" in api("POST", "/DataTypes", {"Id": "Other", "ParentDataTypeIds": ["Nobody"]}, 400)
    changed = api("PUT", "/DataTypes/Mine", {"Id": "Mine", "Name": "My own", "Description": "changed"})
    assert changed["Description"] == "changed"
    assert "built in" in api("PUT", "/DataTypes/AnyFile", {"Id": "AnyFile"}, 400)
    assert "no data type" in api("PUT", "/DataTypes/None", {"Id": "None"}, 404)
    assert [item["Id"] for item in api("GET", "/DataTypes")].count("Mine") == 1


def test_modules_by_hash(api: Api) -> None:
    api("GET", "/Modules/Hash/h1", status=404)
    document = {**module("m", ["x"]), "IdentifierHash": "h1"}
    assert "code snapshot snapshot is not there" in api("POST", "/Modules", document, 400)
    api("GET", "/Modules/Hash/h1", status=404)
    del document["StorageId"]
    made = api("POST", "/Modules", document)
    found = api("GET", "/Modules/Hash/h1")
    assert found["Data"]["Id"] == made["Id"]
    assert found["Data"]["UploadState"] == "1"
    assert found["Interface"]["Ports"]["Inputs"][0]["Name"] == "x"
    assert api("GET", f"/Modules/{made['Id']}") == found
    newer = api("POST", "/Modules", document)
    assert api("GET", "/Modules/Hash/h1")["Data"]["Id"] == newer["Id"]
    api("PUT", f"/Modules/{made['Id']}", {"Description": "new", "EntityStatus": "Disabled"})
    assert api("GET", f"/Modules/{made['Id']}")["Data"]["EntityStatus"] == "2"
    api("PUT", f"/Modules/{made['Id']}", {"EntityStatus": "Asleep"}, 400)
    for wrong in ({}, {"Name": 5}, {"Name": "m", "StructuredInterface": {"Inputs": [{"Name": 1}]}}, {"Name": ""}):
        api("POST", "/Modules", wrong, 400)


def test_data_sources(api: Api) -> None:
    body = {"Name": "d", "DataStoreName": "workspaceblobstore", "PathOnDataStore": "dir", "IdentifierHash": "h"}
    api("GET", "/DataSources/Hash/h", status=404)
    made = api("POST", "/DataSources", body)
    place = made["DataLocation"]["DataReference"]
    assert (place["Type"], place["AzureBlobReference"]["RelativePath"]) == ("1", "dir")
    assert api("GET", "/DataSources/Hash/h") == made == api("GET", f"/DataSources/{made['Id']}")
    shared = api("POST", "/DataSources", {**body, "DataStoreName": "workspacefilestore"})
    assert shared["DataLocation"]["DataReference"]["Type"] == "3"
    assert "Could not find datastore" in api("POST", "/DataSources", {**body, "DataStoreName": "nope"}, 400)
    renamed = api("PUT", f"/DataSources/{made['Id']}", {"Name": "other"})
    assert renamed["Name"] == "other"


def creation(api: Api, store: str = "workspaceblobstore", **fields: Any) -> dict[str, Any]:
    """A submission of one step without code that writes to a datastore."""
    document = module("step", [])
    del document["StorageId"]
    document["StructuredInterface"]["Outputs"][0]["DataStoreName"] = store
    document["StructuredInterface"]["Arguments"] = [{"ValueType": "Literal", "Value": "run"}]
    made = api("POST", "/Modules", document)
    item = node("a", made["Id"], ModuleParameters=[{"Name": "Command", "ValueType": "0", "Value": "true"}])
    return {"CreationInfo": {}, "Graph": {"ModuleNodes": [item]}, "GraphInterface": {}, **fields}


_NEW = "/PipelineRuns/Unsubmitted/CreationInfoWithGraph?experimentName=rest"


def test_a_run_is_recorded_then_submitted_once(live: LiveService, api: Api) -> None:
    with live.client() as client:
        body = {
            "location": "local",
            "properties": {"computeType": "AmlCompute", "properties": {"vmSize": "STANDARD_D2_V2"}},
        }
        assert client.put(f"{live.scope()}/computes/cpu", json=body).status_code in (200, 201)
    made = api("POST", _NEW, creation(api, CreationInfo={"Description": "d", "tags": {"k": "v"}}))
    wrong = creation(api, "nowhere")
    assert api("POST", _NEW, wrong, 400) == "step 'step' output 'out': Could not find datastore: nowhere"
    run_id = made["Id"]
    assert (made["Status"]["StatusCode"], made["IsSubmitted"], made["TotalRunSteps"]) == ("0", False, 1)
    assert "has not been submitted" in api("DELETE", f"/PipelineRuns/{run_id}/Execution", status=409)
    assert "has not been submitted" in api("POST", f"/PipelineRuns/{run_id}/Graph/Node/StatusCode", ["a"], 409)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: api("POST", f"/PipelineRuns/Submit/{run_id}"), range(8)))
    assert api("GET", f"/PipelineRuns/{run_id}")["IsSubmitted"]
    assert list(api("POST", f"/PipelineRuns/{run_id}/Graph/AllNodes/StatusCode", [])) == ["a"]
    status = api("POST", f"/PipelineRuns/{run_id}/Graph/Node/Status", ["a"])
    assert status["RunId"] == api("POST", f"/PipelineRuns/{run_id}/Graph/AllNodes/Status", [])["a"]["RunId"]
    assert "no node 'b'" in api("POST", f"/PipelineRuns/{run_id}/Graph/Node/StatusCode", ["b"], 404)
    for wrong in ([], {}, "a", [1], ["a", "b"]):
        api("POST", f"/PipelineRuns/{run_id}/Outputs", wrong, 400)
    assert api("GET", f"/Graphs/{made['GraphId']}")["ModuleNodes"][0]["Id"] == "a"
    assert api("GET", f"/Graphs/{made['GraphId']}/Interface")["Parameters"] == []
    api("GET", "/Graphs/none", status=404)
    api("POST", "/PipelineRuns/Submit/none", status=404)


def test_malformed_submissions_record_nothing(api: Api) -> None:
    for wrong in (None, {}, {"Graph": []}, {"Graph": {"ModuleNodes": [{"Id": "a"}]}}, creation(api, CreationInfo=[])):
        api("POST", _NEW, wrong, 400)
    good = creation(api)
    assert "experimentName" in api("POST", _NEW.partition("?")[0], good, 400)
    good["Graph"]["ModuleNodes"][0]["ModuleId"] = "nobody"
    assert api("POST", _NEW, good, 400) == "Graph.ModuleNodes[0].ModuleId names the module 'nobody', which is not there"
