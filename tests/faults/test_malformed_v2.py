"""Schedules and batch endpoints of SDK v2, asked in wrong ways: no 5xx, and an error leaves no trace."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from sqlalchemy import text

from amlbridge.v2.schedules import firing
from amlbridge.wire import storage
from amlbridge.wire.schedules.runner import ScheduleRunner
from tests.faults import test_malformed, valid
from tests.faults.malformed import WHOLE, Malformer
from tests.faults.test_malformed import SECRET, WS, Target

pytestmark = pytest.mark.slow

target = test_malformed.target
_WRITTEN = (
    "SELECT count(*), max(seq), max(modified), sum(length(body)) FROM resource",
    "SELECT count(*), max(seq) FROM run WHERE kind = 'pipeline'",
)
_COMMAND = {
    "name": "c",
    "type": "command",
    "command": "echo ${{inputs.t}} > ${{outputs.o}}/t",
    "environment": "azureml://registries/azureml/environments/any/labels/latest",
    "inputs": {"t": {"type": "string", "default": "x"}},
    "outputs": {"o": {"type": "uri_folder"}},
}
_NODE = {
    "type": "command",
    "componentId": f"{WS}/components/c/versions/1",
    "inputs": {"t": {"job_input_type": "literal", "value": "${{parent.inputs.t}}"}},
    "outputs": {"o": {"type": "literal", "value": "${{parent.outputs.o}}"}},
}
_PIPELINE = {
    "name": "p",
    "type": "pipeline",
    "inputs": {"t": {"type": "string", "default": "x"}},
    "outputs": {"o": {"type": "uri_folder"}},
    "jobs": {"n": _NODE},
}
_JOB = {
    "jobType": "Pipeline",
    "experimentName": "e",
    "inputs": {"t": {"jobInputType": "literal", "value": "x"}},
    "outputs": {"o": {"jobOutputType": "uri_folder"}},
    "settings": {"default_compute": "serverless"},
    "jobs": {"n": _NODE},
}
_RECURRENCE = {
    "triggerType": "Recurrence",
    "frequency": "Week",
    "interval": 2,
    "schedule": {"hours": [3], "minutes": [0, 30], "weekDays": ["Monday"]},
    "startTime": "2020-01-01T00:00:00",
    "endTime": "2990-01-01 00:00:00",
    "timeZone": "Pacific Standard Time",
}
_CRON = {"triggerType": "Cron", "expression": "*/5 1-3 * jan,Feb mon-fri", "startTime": "2020-01-01T00:00:00Z"}


def _schedule(trigger: dict[str, Any]) -> dict[str, Any]:
    action = {"actionType": "CreateJob", "jobDefinition": copy.deepcopy(_JOB)}
    own = {"displayName": "d", "tags": {"a": "b"}, "properties": {}, "isEnabled": True}
    return {"properties": {**own, "trigger": trigger, "action": action}}


def _requests() -> list[tuple[str, str, Any]]:
    pipeline = {
        "deploymentConfigurationType": "PipelineComponent",
        "componentId": {"referenceType": "Id", "assetId": f"{WS}/components/p/versions/1"},
        "settings": {"force_rerun": True, "default_compute": "serverless"},
    }
    model = {
        "compute": "serverless",
        "model": {"referenceType": "Id", "assetId": f"{WS}/models/m/versions/1"},
        "miniBatchSize": 2,
        "errorThreshold": -1,
        "outputAction": "AppendRow",
        "outputFileName": "predictions.csv",
        "maxConcurrencyPerInstance": 2,
        "retrySettings": {"maxRetries": 1, "timeout": "PT30S"},
        "environmentVariables": {"A": "b"},
        "resources": {"instanceCount": 1},
    }
    endpoint, jobs = f"{WS}/batchEndpoints/endpoint", f"/mferp/managementfrontend{WS}/batchEndpoints/endpoint/jobs"
    literal = {"t": {"jobInputType": "Literal", "value": "x"}}
    folder = {"d": {"jobInputType": "UriFolder", "uri": "azureml://datastores/workspaceblobstore/paths/x/"}}
    scores = {"score": {"jobOutputType": "UriFile", "uri": "azureml://datastores/workspaceblobstore/paths/y/z.csv"}}
    return [
        ("PUT", f"{WS}/schedules/recurs", _schedule(_RECURRENCE)),
        ("PUT", f"{WS}/schedules/cron", _schedule(_CRON)),
        ("POST", f"{WS}/schedules/cron/trigger", {"scheduleTime": "2026-11-20T09:30:00+00:00"}),
        ("PUT", endpoint, {"location": "l", "tags": {}, "properties": {"authMode": "AADToken", "description": "d"}}),
        ("PUT", f"{endpoint}/deployments/pipe", {"properties": {"deploymentConfiguration": pipeline}, "tags": {}}),
        ("PUT", f"{endpoint}/deployments/model", {"properties": model, "location": "l"}),
        ("PUT", endpoint, {"properties": {"defaults": {"deploymentName": "pipe"}}}),
        ("PATCH", f"{endpoint}/deployments/pipe", {"properties": {"description": "d"}, "tags": {"a": "b"}}),
        ("POST", jobs, {"properties": {"inputData": literal, "properties": {"experimentName": "e"}}}),
        ("PUT", endpoint, {"properties": {"defaults": {"deploymentName": "model"}}}),
        (
            "POST",
            jobs,
            {
                "properties": {
                    "inputData": folder,
                    "outputData": scores,
                    "miniBatchSize": 3,
                    "compute": {"instanceCount": 1},
                }
            },
        ),
    ]


def _written(target: Target) -> list[Any]:
    with target.service.records.database.read() as connection:
        return [tuple(connection.execute(text(statement)).one()) for statement in _WRITTEN]


def _prepare(target: Target) -> None:
    model = {"modelUri": "azureml://datastores/workspaceblobstore/paths/m/", "modelType": "mlflow_model"}
    workspace = target.service.records.workspaces.ensure("s", "g", "w")
    store = storage.default_datastore(target.service, workspace)
    target.service.blobs.put(store.account, store.container, "m/MLmodel", b"flavors: {}")
    for path, properties in (
        ("components/c/versions/1", {"componentSpec": _COMMAND}),
        ("components/p/versions/1", {"componentSpec": _PIPELINE}),
        ("models/m/versions/1", model),
    ):
        answer = target.ask("PUT", f"{WS}/{path}", "", json.dumps({"properties": properties}).encode())
        assert answer.status < 300, answer.body


def test_no_bad_body_is_a_server_error_or_recorded(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    _prepare(target)
    maker = Malformer(5, target.victim)
    found: dict[str, str] = {}
    refused: dict[str, int] = {}
    requests = _requests()
    for index, (method, path, content) in enumerate(requests):
        label = f"{index} {method} {path.rpartition('{workspace}')[2] or path[-40:]}"
        good = target.ask(method, path, "", json.dumps(content).encode())
        assert good.status < 300, (label, good.body)
        before = _written(target)
        for number in range(100):
            body = WHOLE[number] if number < len(WHOLE) else None
            if body is None:
                body = json.dumps(valid.mutate(content, maker.random, lambda: maker.value(()))).encode()
            answer = target.ask(method, path, "", body)
            maker.remember(answer)
            after = _written(target)
            if answer.status >= 400:
                refused[label] = refused.get(label, 0) + 1
                if answer.status >= 500 or SECRET.encode() in answer.body:
                    found.setdefault(f"{label}: {answer.status} {answer.body[:300]!r}", f"{body[:1500]!r}")
                if after != before:
                    found.setdefault(f"{label}: recorded though {answer.body[:200]!r}", f"{body[:1500]!r}")
            before = after
        # A wrong request may have been a good one that changed what the next ones need.
        if method == "PUT":
            assert target.ask(method, path, "", json.dumps(content).encode()).status == 200, label
    mistakes: list[str] = []
    monkeypatch.setattr(firing.SCHEDULES, "give_up", lambda *given: mistakes.append(repr(given[-1])))
    ScheduleRunner(target.service, firing.SCHEDULES).run_due()
    for path in ("schedules", "schedules/cron", "batchEndpoints", "batchEndpoints/endpoint/deployments", "jobs"):
        for query in ("", "$skip=x", "listViewType=nonsense"):
            assert target.ask("GET", f"{WS}/{path}", query).status < 500, path
    assert not found, "\n".join(f"{key}\n    {value}" for key, value in found.items())
    assert mistakes == []
    assert len(refused) == len(requests)
    assert target.outside() == target.before
