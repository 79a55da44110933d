"""The REST endpoint of a published pipeline, as any HTTP client calls it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.live import LiveService
from tests.v1.pipelines.scripts import FILES, HEAD, lines
from tests.v1.pipelines.test_published import BUILD, SHOW

pytestmark = pytest.mark.slow

_PUBLISH = (
    HEAD
    + BUILD
    + """
published = pipeline.publish("rest", "called by others", "1.0")
saved = Dataset.get_by_name(ws, "large")
more = Dataset.File.from_files((store, "in/more.csv"))
print("PUBLISHED", published.id, published.endpoint, saved.id, saved._registration.registered_id, small.id)
"""
)


class Endpoint:
    """A published pipeline and the datasets that its service knows."""

    def __init__(self, service: LiveService) -> None:
        done = service.run(_PUBLISH, files={**FILES, "src/show.py": SHOW})
        self.id, self.url, self.large, self.registered, self.small = lines(done.stdout, "PUBLISHED")[0].split()
        self.service = service
        self.token = service.issuer.issue("https://management.azure.com/")[0]

    def post(self, body: Any, scheme: str = "Bearer", **options: Any) -> httpx.Response:
        """Submits; a body that is no text is sent as JSON."""
        content = body if isinstance(body, bytes | str) else json.dumps(body)
        headers = {"Authorization": f"{scheme} {self.token}"}
        return httpx.post(self.url, content=content, headers=headers, timeout=60, **options)

    def get(self, path: str) -> Any:
        """An answer of the pipelines service."""
        with self.service.client() as client:
            answer = client.get(f"/pipelines/v1.0{self.service.scope()}/{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def runs(self) -> list[dict[str, Any]]:
        """The runs of the pipeline, newest first."""
        found: list[dict[str, Any]] = self.get(f"PipelineRuns/Pipeline/{self.id}")
        return found

    def shown(self, body: Any) -> str:
        """Submits, waits, and returns what the step printed."""
        answer = self.post(body)
        assert answer.status_code == 200, answer.text
        run = answer.json()["Id"]
        deadline = time.monotonic() + 60
        while self.get(f"PipelineRuns/{run}")["Status"]["StatusCode"] in "01":
            assert time.monotonic() < deadline
            time.sleep(0.05)
        graph = self.get(f"Graphs/{answer.json()['GraphId']}")
        node = graph["ModuleNodes"][0]["Id"]
        with self.service.client() as client:
            path = f"/pipelines/v1.0{self.service.scope()}/PipelineRuns/{run}/Graph/Shareable/STDOUT"
            log = client.post(path, json=[node]).text
        return next(line for line in log.splitlines() if line.startswith("SHOW "))


@pytest.fixture(scope="module")
def endpoint(live: LiveService) -> Iterator[Endpoint]:
    return Endpoint(live)


_ALL = "['data.csv', 'more.csv']"


def test_values_reach_the_step(endpoint: Endpoint) -> None:
    assert endpoint.shown({"ExperimentName": "rest"}) == f"SHOW ['dflt', 1, {_ALL}, '3', 'False']"
    body = {
        "ExperimentName": "rest",
        "ParameterAssignments": {"text": 20, "count": "7", "on": True},
        "DataSetDefinitionValueAssignments": {"table_param": {"SavedDataSetReference": {"Id": endpoint.large}}},
        "DataPathAssignments": {"path": {"DataStoreName": "workspaceblobstore", "RelativePath": "in/data.csv"}},
    }
    assert endpoint.shown(body) == "SHOW ['20', 2, 'data.csv', '7', 'True']"
    # .NET compares the names of fields without case; gson knows only 7.0.
    body = {
        "experimentName": "rest",
        "parameterAssignments": {"count": 7.0},
        "datasetdefinitionvalueassignments": {"table_param": {"dataSetReference": {"name": "large", "version": 1}}},
        "DATAPATHASSIGNMENTS": {"path": {"dataStoreName": "workspaceblobstore", "relativePath": "in/more.csv"}},
        "Whatever": [1],
    }
    assert endpoint.shown(body) == "SHOW ['dflt', 2, 'more.csv', '7', 'False']"
    reference = {"table_param": {"DataSetReference": {"Id": endpoint.registered}}}
    body = {"ExperimentName": "rest", "DataSetDefinitionValueAssignments": reference}
    assert endpoint.shown(body) == f"SHOW ['dflt', 2, {_ALL}, '3', 'False']"


def test_the_answer_and_the_records_of_a_run(endpoint: Endpoint) -> None:
    body = {
        "ExperimentName": "told",
        "DisplayName": "shown name",
        "Description": "by hand",
        "Tags": {"a": "1", "n": 2},
        "Properties": {"mine": "yes"},
        "RunSource": "API",
        "ContinueRunOnStepFailure": True,
        "ParameterAssignments": {"text": "x"},
    }
    answer = endpoint.post(body)
    assert answer.status_code == 200
    run = answer.json()["Id"]
    assert answer.json()["PipelineId"] == endpoint.id
    newest = endpoint.runs()[0]
    assert newest["Id"] == run
    assert newest["PipelineId"] == endpoint.id
    assert newest["RunHistoryExperimentName"] == "told"
    assert newest["ParameterAssignments"] == {
        "text": "x",
        "count": "3",
        "on": "False",
        "path": "workspaceblobstore/in",
    }
    assert newest["DataSetDefinitionValueAssignments"] == {
        "table_param": {"SavedDataSetReference": {"Id": endpoint.small}}
    }
    with endpoint.service.client() as client:
        found = client.get(f"/history/v1.0{endpoint.service.scope()}/experiments/told/runs/{run}").json()
        child = client.post(
            endpoint.url, params={"parentRunId": run}, json={"ExperimentName": "told", "RunType": "http"}
        ).json()["Id"]
        below = client.get(f"/history/v1.0{endpoint.service.scope()}/experiments/told/runs/{child}").json()
    assert (found["displayName"], found["description"], found["tags"]) == (
        "shown name",
        "by hand",
        {"a": "1", "n": "2"},
    )
    properties = found["properties"]
    assert properties["azureml.pipelineid"] == endpoint.id
    assert (properties["mine"], properties["runSource"], properties["runType"]) == ("yes", "API", "HTTP")
    assert properties["azureml.continue_on_step_failure"] == "True"
    assert json.loads(properties["azureml.parameters"])["text"] == "x"
    assert below["parentRunId"] == run


_BAD = {
    "no JSON": ("{oops", "not JSON"),
    "nothing": ("", "the request body is empty"),
    "an empty object": ({}, "the request body is empty"),
    "an array": ([1], "must be a JSON object"),
    "no experiment": ({"Description": "x"}, "needs the name of an experiment"),
    "an impossible experiment": ({"ExperimentName": "a/b"}, "cannot be the name of an experiment"),
    "a number as a name": ({"ExperimentName": 5}, "ExperimentName must be a string, not a number"),
    "parameters in an array": ({"ParameterAssignments": ["text"]}, "must be an object"),
    "an unknown parameter": (
        {"ParameterAssignments": {"txt": "x"}},
        "no parameter 'txt'; it has: count, on, path (path), table_param (dataset), text",
    ),
    "a word for a number": ({"ParameterAssignments": {"count": "abc"}}, "'count' must be a whole number, not 'abc'"),
    "half for a whole": ({"ParameterAssignments": {"count": 1.5}}, "'count' must be a whole number, not '1.5'"),
    "a word for a boolean": ({"ParameterAssignments": {"on": "maybe"}}, "'on' must be True or False"),
    "an object as a value": ({"ParameterAssignments": {"text": {}}}, "must be a string, not an object"),
    "a dataset as a scalar": (
        {"ParameterAssignments": {"table_param": "x"}},
        "assigned in DataSetDefinitionValueAssignments",
    ),
    "a path as a dataset": (
        {"DataSetDefinitionValueAssignments": {"path": {"SavedDataSetReference": {"Id": "x"}}}},
        "assigned in DataPathAssignments",
    ),
    "a dataset that is not there": (
        {"DataSetDefinitionValueAssignments": {"table_param": {"SavedDataSetReference": {"Id": "x"}}}},
        "Cannot find a saved dataset with the id x",
    ),
    "a name that is not there": (
        {"DataSetDefinitionValueAssignments": {"table_param": {"DataSetReference": {"Name": "x"}}}},
        'Cannot find dataset registered with name "x"',
    ),
    "no dataset": ({"DataSetDefinitionValueAssignments": {"table_param": {}}}, "names no dataset"),
    "a store that is not there": (
        {"DataPathAssignments": {"path": {"DataStoreName": "x", "RelativePath": "y"}}},
        "the data parameter 'path'",
    ),
    "a path that leads out": (
        {"DataPathAssignments": {"path": {"DataStoreName": "workspaceblobstore", "RelativePath": "../../x"}}},
        "the data parameter 'path'",
    ),
    "a path without a store": ({"DataPathAssignments": {"path": {"RelativePath": "y"}}}, "DataStoreName is missing"),
    "a word for a flag": ({"ContinueRunOnStepFailure": "perhaps"}, "must be true or false"),
    "an unknown parent": ({"ParentRunId": "nobody"}, "the parent run nobody is not there"),
    "an unknown run type": ({"RunType": "Fax"}, "there are HTTP, SDK, Schedule, Portal"),
    "tags in a text": ({"Tags": "a=b"}, "Tags must be an object"),
}


@pytest.mark.parametrize("name", _BAD)
def test_a_bad_body_is_explained_and_starts_nothing(endpoint: Endpoint, name: str) -> None:
    body, message = _BAD[name]
    if isinstance(body, dict) and body and name != "no experiment":
        body = {"ExperimentName": "never", **body}
    before = len(endpoint.runs())
    answer = endpoint.post(body)
    assert answer.status_code == 400, answer.text
    assert message in answer.json()["Error"]["Message"]
    assert message in answer.json()["error"]["message"]
    assert len(endpoint.runs()) == before
    with endpoint.service.client() as client:
        experiments = client.post(f"/history/v1.0{endpoint.service.scope()}/experiments:query", json={}).json()
    assert "never" not in {item["name"] for item in experiments["value"]}


def test_access(endpoint: Endpoint) -> None:
    body = {"ExperimentName": "access"}
    assert endpoint.post(body, scheme="Token").status_code == 200, "as Azure's sample for Java says it"
    assert httpx.post(endpoint.url, json=body).status_code == 401
    assert httpx.post(endpoint.url, json=body, headers={"Authorization": "Token nonsense"}).status_code == 401
    assert endpoint.post(body, scheme="Basic").status_code == 401


def test_published_pipelines_survive_a_killed_service(tmp_path: Path) -> None:
    service = LiveService(tmp_path)
    try:
        endpoint = Endpoint(service)
        answer = endpoint.post({"ExperimentName": "rest", "ParameterAssignments": {"text": "before"}})
        run = answer.json()["Id"]
        service.kill()
        service.start()
        path = endpoint.url.partition("/pipelines/")[2]
        published = endpoint.get(f"Pipelines/{endpoint.id}")
        assert published["Url"].partition("/pipelines/")[2] == path
        endpoint.url = published["Url"]
        assert [item["Id"] for item in endpoint.runs()] == [run]
        body = {"ExperimentName": "rest", "ParameterAssignments": {"text": "after"}}
        assert endpoint.shown(body) == f"SHOW ['after', 1, {_ALL}, '3', 'False']"
        deadline = time.monotonic() + 60
        while endpoint.get(f"PipelineRuns/{run}")["Status"]["StatusCode"] in "01":
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert endpoint.get(f"PipelineRuns/{run}")["Status"]["StatusCode"] == "3", "it goes on after the restart"
    finally:
        service.stop()
