"""Good requests to everything around published pipelines: endpoints, schedules, drafts, submits."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tests.faults import valid
from tests.faults.valid import Request

#: Sends a request that must succeed, and returns its answer.
Send = Callable[[str, str, Any], Any]
_TABLES = ("ParameterAssignments", "DataPathAssignments", "DataSetDefinitionValueAssignments")


def submission(saved_id: str) -> dict[str, Any]:
    """What any HTTP client posts to the endpoint of a published pipeline, with every field."""
    return {
        "ExperimentName": "fuzz",
        "DisplayName": "shown",
        "Description": "d",
        "Tags": {"a": "b", "n": 1},
        "Properties": {"c": "d"},
        "RunSource": "API",
        "RunType": "HTTP",
        "ContinueRunOnStepFailure": True,
        "EnableNotification": False,
        "ParameterAssignments": {"rate": "3"},
        "DataPathAssignments": {"path": {"DataStoreName": "workspaceblobstore", "RelativePath": "other"}},
        "DataSetDefinitionValueAssignments": {"set": {"SavedDataSetReference": {"Id": saved_id}}},
    }


def prepare(send: Send, base: str, module_id: str, source_id: str, saved_id: str) -> list[Request]:
    """Makes one of everything below ``base`` (``/pipelines/v1.0/…``), and returns good requests to each operation that
    reads a body; those that change something come last."""
    requests: list[Request] = []

    def post(path: str, body: Any, method: str = "POST") -> Any:
        requests.append((method, f"{base}{path}", "", body))
        return send(method, f"{base}{path}", body)

    graph = valid.graph_body(module_id, source_id, saved_id)
    info, sent = graph.pop("CreationInfo"), submission(saved_id)
    named = {"Description": "d", "tags": {"a": "b"}, "Properties": {"c": "d"}}
    tables = {name: info[name] for name in _TABLES}
    flags = {"ContinueRunOnStepFailure": True, "EnableNotification": False}
    pipeline = post("/Pipelines/Create", {**graph, **named, **tables, **flags, "Name": "p", "Version": "1.0"})["Id"]
    second = send("POST", f"{base}/Pipelines/Create", {**graph, "Name": "p2"})["Id"]
    endpoint = post("/PipelineEndpoints/Create", {**named, "Name": "e", "PipelineId": pipeline})
    kept = {"PipelineId": pipeline, "PipelineSubmissionInfo": sent}
    at_times = post("/Schedules/Create", {**kept, "Name": "s", "ScheduleType": "Recurrence", "Recurrence": _RECURRENCE})
    post("/Schedules/Create", {**kept, "Name": "w", "ScheduleType": "DataStore", "DataStoreTriggerInfo": _WATCH})
    parts = {"EntityInterface": graph["GraphInterface"], "GraphLayout": {"x": 1}, **copy.deepcopy(graph["Graph"])}
    drawn = post("/GraphDrafts", parts)["Id"]
    draft = {**named, "Name": "d", "GraphDraftId": drawn, "ParentStepRunIds": ["x"], "PipelineSubmissionInfo": sent}
    made = post("/PipelineDrafts/Create", draft)
    post("/PipelineDrafts", {"a": "b"})

    post(f"/PipelineRuns/PipelineSubmit/{pipeline}", sent)
    post(f"/PipelineRuns/PipelineEndpointSubmit/Id/{endpoint['Id']}", sent)
    post(f"/PipelineRuns/PipelineEndpointSubmit/Id/{endpoint['Id']}/0", sent)
    post("/PipelineRuns/PipelineDraftSubmit", {**draft, "Id": made["Id"]})
    post("/Pipelines/PipelineDraftCreate", {**draft, "Id": made["Id"]})

    post(f"/GraphDrafts/{drawn}", {**parts, "Id": drawn}, "PUT")
    post(f"/PipelineDrafts/{made['Id']}", {**draft, "Id": made["Id"]}, "PUT")
    known = {"Version": "0", "PipelineId": pipeline}
    versions = {"PipelineVersionList": [known, {"Version": "1", "PipelineId": second}], "DefaultVersion": "1"}
    whole = {**named, **versions, "Id": endpoint["Id"], "Name": "e", "EntityStatus": "Active"}
    post(f"/PipelineEndpoints/{endpoint['Id']}", whole, "PUT")
    schedule = {**kept, "Id": at_times["Id"], "Name": "s", "EntityStatus": "Active", "Recurrence": _RECURRENCE}
    post(f"/Schedules/{at_times['Id']}", schedule, "PUT")
    post(f"/Pipelines/{pipeline}/status", "Active", "PUT")
    return requests


_RECURRENCE = {
    "Frequency": "Week",
    "Interval": 2,
    "StartTime": "2040-05-20T16:00:00",
    "TimeZone": "Pacific Standard Time",
    "Schedule": {"Hours": [16, 18], "Minutes": [0, 15], "WeekDays": ["Monday", "Friday"]},
}
_WATCH = {
    "DataStoreName": "workspaceblobstore",
    "PollingInterval": 5,
    "PathOnDataStore": "inbox",
    "DataPathParameterName": "path",
}
