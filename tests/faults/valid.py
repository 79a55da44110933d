"""Good requests to operations with deep bodies, so that a malformed one is wrong in just one place."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

from tests.v1.graphs import edge, literal, module, node

#: Method, path (WS: the scope), query, body.
Request = tuple[str, str, str, Any]
_FLOW = (
    "---\ntype: mltable\npaths:\n  - pattern: azureml://subscriptions/s/resourcegroups/g/workspaces/w/datastores/"
    "workspaceblobstore/paths/in/t.csv\ntransformations:\n  - read_delimited:\n      delimiter: ','\n  - take: 3\n"
)
_DATAFLOW = json.dumps({"blocks": [], "meta": {"RsDataflow": _FLOW}})
_BLOCKS = json.dumps(
    {
        "blocks": [
            {
                "id": "1",
                "type": "Microsoft.DPrep.ParseDelimitedBlock",
                "arguments": {"columnHeadersMode": 3, "fileEncoding": 0, "separator": ",", "skipRows": 0},
                "localData": {},
                "isEnabled": True,
            },
            {
                "id": "2",
                "type": "Microsoft.DPrep.DropColumnsBlock",
                "arguments": {"columns": {"type": 0, "details": {"selectedColumns": ["Path"]}}},
            },
        ]
    }
)
_TIME = "2026-11-20T11:01:11.588925Z"
_ENVIRONMENT = {
    "name": "env",
    "python": {
        "userManagedDependencies": False,
        "interpreterPath": "python",
        "condaDependencies": {
            "name": "p",
            "dependencies": ["python=3.8.13", {"pip": ["azureml-defaults"]}],
            "channels": ["x"],
        },
    },
    "environmentVariables": {"A": "B"},
    "docker": {"enabled": False, "baseImage": "x/y:1", "baseImageRegistry": {"address": None}, "arguments": []},
    "spark": {"repositories": [], "packages": []},
}


def _metric(kind: str, **data: Any) -> dict[str, Any]:
    row = {"metricId": f"m-{kind}", "createdUtc": _TIME, "data": data, "step": 1}
    columns = dict.fromkeys(data, "double")
    return {"name": kind, "columns": columns, "value": [row], "properties": {"uxMetricType": f"azureml.v1.{kind}"}}


def first() -> list[Request]:
    """Requests that need nothing from each other, in an order that makes what later ones name."""
    runs = "/history/v1.0WS"
    compute = {
        "vmSize": "STANDARD_DS11_V2",
        "vmPriority": "dedicated",
        "scaleSettings": {"minNodeCount": 0, "maxNodeCount": 2, "nodeIdleTimeBeforeScaleDown": "PT1800S"},
        "userAccountCredentials": {"adminUserName": "a"},
    }
    store = {
        "accountName": "local",
        "containerName": "c",
        "endpoint": "x",
        "credentialType": "AccountKey",
        "credential": "a",
    }
    run = {
        "runId": "r",
        "tags": {"a": "b"},
        "properties": {"c": "d"},
        "status": "Running",
        "startTimeUtc": _TIME,
        "name": "x",
    }
    resources = [
        {"type": "Microsoft.Storage/storageAccounts", "name": "a", "apiVersion": "x", "location": "l"},
        {
            "type": "Microsoft.MachineLearningServices/workspaces",
            "name": "w2",
            "location": "l",
            "properties": {"friendlyName": "x"},
        },
    ]
    deployment = {"template": {"resources": resources, "parameters": {}}, "parameters": {}}
    operation = [{"value": {"z": "1"}, "path": "/kvTags", "op": "replace"}]
    source = {"Name": "s", "DataStoreName": "workspaceblobstore", "PathOnDataStore": "dir", "IdentifierHash": "h"}
    return [
        (
            "PUT",
            "WS/computes/cpu",
            "api-version=x",
            {"location": "l", "properties": {"computeType": "AmlCompute", "properties": compute}},
        ),
        ("PUT", "/environment/v1.0WS/environments/env", "", _ENVIRONMENT),
        (
            "POST",
            "/datastore/v1.0WS/datastores",
            "createIfNotExists=true",
            {"name": "st", "dataStoreType": "AzureBlob", "azureStorageSection": store, "tags": {"a": "b"}},
        ),
        (
            "POST",
            "/dataset/v1.0WS/saveddatasets",
            "",
            {"datasetType": "tabular", "properties": {}, "dataflowJson": _DATAFLOW},
        ),
        (
            "POST",
            "/dataset/v1.0WS/datasets",
            "ifExistsOk=true&updateDefinitionIfExists=true",
            {
                "latest": {"dataflow": _DATAFLOW, "properties": {}, "telemetryInfo": {"a": "b"}},
                "name": "ds",
                "description": "x",
                "tags": {"k": "v"},
                "datasetType": "tabular",
            },
        ),
        (
            "POST",
            "/dataset/v1.0WS/saveddatasets/from-data-path",
            "",
            {"datasetType": "file", "datastoreName": "workspaceblobstore", "relativePath": "a"},
        ),
        ("PATCH", f"{runs}/experiments/e/runs/r", "", run),
        ("PATCH", f"{runs}/experiments/e/batch/runs", "", {"runs": [run]}),
        ("PATCH", f"{runs}/experiments/e/runs/r/tags", "", {"tags": {"a": "b"}, "deleteTags": ["c"]}),
        (
            "POST",
            f"{runs}/experiments/e/runs/r/events",
            "",
            {
                "timestamp": _TIME,
                "name": "Microsoft.MachineLearning.Run.Error",
                "data": {
                    "RunId": "r",
                    "EndTime": _TIME,
                    "ErrorResponse": {"error": {"code": "UserError", "message": "m"}},
                },
            },
        ),
        (
            "POST",
            f"{runs}/experiments/e/batch/events",
            "",
            {
                "events": [
                    {
                        "timestamp": _TIME,
                        "name": "Microsoft.MachineLearning.Run.Warning",
                        "data": {"RunId": "r", "Source": "s", "Message": "m"},
                    }
                ]
            },
        ),
        (
            "POST",
            f"{runs}/experiments/e/runs:query",
            "",
            {
                "filter": '((Tags/a eq "b") and (ParentRunId eq null))',
                "orderby": "createdUtc desc",
                "top": 5,
                "viewType": "ActiveOnly",
            },
        ),
        (
            "POST",
            f"{runs}/experiments:query",
            "",
            {"viewType": "ActiveOnly", "filter": "name eq e", "order": "name", "top": 3},
        ),
        (
            "POST",
            f"{runs}/rundata",
            "",
            {"runId": "r", "selectRunMetadata": True, "selectJobSpecification": True, "experimentName": "e"},
        ),
        (
            "POST",
            f"{runs}/experiments/e/runs/r/batch/metrics",
            "",
            {
                "values": [
                    {
                        "name": "a",
                        "metricType": "azureml.v1.scalar",
                        "createdUtc": _TIME,
                        "cells": [{"a": 1.0}],
                        "schema": {
                            "numProperties": 1,
                            "properties": [{"propertyId": "a", "name": "a", "type": "double"}],
                        },
                    }
                ]
            },
        ),
        (
            "POST",
            "/metric/v2.0WS/runs/r/batch",
            "",
            {"values": [_metric("scalar", a=1.5), _metric("table", x=1, y=2.0), _metric("accuracy_table", data="{}")]},
        ),
        (
            "POST",
            "/metric/v2.0WS/runs/r/full",
            "",
            {"metricName": "scalar", "continuationToken": None, "startTime": _TIME},
        ),
        ("POST", "/metric/v2.0WS/runs/r/list", "", {"metricNamespace": "", "continuationToken": None}),
        (
            "POST",
            "/artifact/v2.0WS/artifacts/batch/metadata/ExperimentRun/dcid.r",
            "",
            {"paths": [{"path": "outputs/m.pkl"}]},
        ),
        ("POST", "/artifact/v2.0WS/artifacts/content/ExperimentRun/dcid.r/a/b", "", {"x": 1}),
        (
            "POST",
            "/artifact/v2.0WS/artifacts/metadata",
            "",
            {
                "origin": "ExperimentRun",
                "container": "dcid.r",
                "path": "a/b",
                "dataPath": {"dataStoreName": "workspaceblobstore", "relativePath": "x"},
                "tags": {"a": "b"},
            },
        ),
        (
            "POST",
            "/modelmanagement/v1.0WS/assets",
            "",
            {
                "name": "m",
                "artifacts": [{"prefix": "ExperimentRun/dcid.r/outputs/m.pkl"}],
                "runid": "r",
                "kvTags": {"a": "b"},
                "properties": {},
            },
        ),
        (
            "POST",
            "/modelmanagement/v1.0WS/models",
            "",
            {
                "name": "m",
                "datasets": [{"name": "a", "id": "b"}],
                "url": "azureml://x",
                "mimeType": "application/json",
                "unpack": False,
                "runId": "r",
                "experimentName": "e",
                "kvTags": {"x": "1"},
                "properties": {"y": "2"},
                "sampleInputData": "x",
                "resourceRequirements": {"cpu": 1, "memoryInGB": 2},
            },
        ),
        ("PATCH", "/modelmanagement/v1.0WS/models/m:1", "", operation),
        ("PUT", "/credential/v2.0WS/secrets", "", {"name": "a", "value": "b", "contentType": "c"}),
        ("PUT", "/credential/v2.0WS/secrets:putbatch", "", {"secrets": [{"name": "a", "value": "b"}]}),
        ("POST", "/pipelines/v1.0WS/DataSources", "", source),
        ("POST", "/content/v2.0WS/snapshots/getblob", "", {"FileNames": ["run.py", "a/b.py"]}),
        (
            "PUT",
            "WS",
            "",
            {"location": "x", "tags": {"a": "b"}, "properties": {"friendlyName": "f", "description": "d"}},
        ),
        ("PATCH", "WS", "", {"tags": {"a": "b"}, "properties": {"friendlyName": "f"}}),
        (
            "PUT",
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Resources/deployments/d",
            "",
            {"properties": {"mode": "Incremental", **deployment}},
        ),
    ]


def script_run() -> dict[str, Any]:
    """A RunConfiguration as the client posts it."""
    dataset = {"dataset": {"id": None, "name": "ds", "version": "1"}, "dataPath": None, "uri": None}
    return {
        "script": "run.py",
        "arguments": ["--x", "1", "DatasetConsumptionConfig:d"],
        "target": "cpu",
        "framework": "Python",
        "communicator": "None",
        "maxRunDurationSeconds": 60,
        "nodeCount": 1,
        "environment": _ENVIRONMENT,
        "history": {"outputCollection": True, "directoriesToWatch": ["logs"]},
        "docker": {"useDocker": False, "arguments": []},
        "mpi": {"processCountPerNode": 1, "nodeCount": 1},
        "tensorflow": {"workerCount": 1, "parameterServerCount": 1},
        "dataReferences": {"a": {"dataStoreName": "workspaceblobstore", "mode": "Mount", "pathOnDataStore": "x"}},
        "data": {"d": {"dataLocation": dataset, "mechanism": "direct", "environmentVariableName": "d"}},
        "outputData": {
            "o": {"outputLocation": {"dataPath": {"datastoreName": "workspaceblobstore", "relativePath": "p"}}}
        },
        "environmentVariables": {"A": "B"},
    }


def module_body(snapshot: str) -> dict[str, Any]:
    """A module with everything that one can have."""
    body = module("step", ["data"], StorageId=snapshot, IdentifierHash="h", KvTags={"a": "b"})
    interface = body["StructuredInterface"]
    interface["Parameters"] = [
        {"Name": "Script", "IsOptional": True},
        {
            "Name": "rate",
            "DefaultValue": "1",
            "SetEnvironmentVariable": True,
            "EnvironmentVariableOverride": "AML_PARAMETER_rate",
        },
    ]
    interface["Arguments"] += [{"ValueType": "Parameter", "Value": "rate"}, {"ValueType": "Output", "Value": "out"}]
    return body


def graph_body(module_id: str, source_id: str, saved_id: str) -> dict[str, Any]:
    """A pipeline of two steps with every kind of input, parameter and setting."""
    settings = [
        {
            "Name": "out",
            "DataStoreName": "workspaceblobstore",
            "DataStoreMode": "mount",
            "DatasetOutputOptions": {"PathOnDatastore": "o/{run-id}/{output-name}", "SourceGlobs": {}},
            "DatasetRegistration": {"Name": "made", "Tags": {"k": "v"}, "AdditionalTransformations": _BLOCKS},
        }
    ]
    more = [{"Name": "rate", "Value": "rate", "ValueType": "1"}, literal("Runconfig", json.dumps(script_run()))]
    nodes = [
        node("a", module_id, ModuleParameters=more, ModuleOutputSettings=copy.deepcopy(settings)),
        node(
            "b",
            module_id,
            ModuleOutputSettings=settings,
            ModuleInputSettings=[{"Name": "data", "DataStoreMode": "mount", "AdditionalTransformations": _BLOCKS}],
        ),
    ]
    value = {"SavedDataSetReference": {"Id": saved_id}}
    return {
        "CreationInfo": {
            "Description": "e",
            "ContinueExperimentOnNodeFailure": False,
            "ParameterAssignments": {"rate": "2"},
            "DataPathAssignments": {"path": {"DataStoreName": "workspaceblobstore", "RelativePath": "in"}},
            "DataSetDefinitionValueAssignments": {"set": value},
            "tags": {"a": "b"},
            "Properties": {"c": "d"},
        },
        "Graph": {
            "ModuleNodes": nodes,
            "DatasetNodes": [
                {"Id": "s", "DatasetId": source_id},
                {"Id": "p", "DataPathParameterName": "path"},
                {"Id": "d", "DataSetDefinition": {"DataTypeShortName": "AzureMLDataset", "Value": value}},
            ],
            "Edges": [
                edge("s", "data", "a", "data"),
                edge("a", "out", "b", "data"),
                {
                    "SourceOutputPort": {"NodeId": "b", "PortName": "out"},
                    "DestinationInputPort": {"GraphPortName": "end"},
                },
            ],
        },
        "GraphInterface": {
            "Parameters": [{"Name": "rate", "DefaultValue": "1", "Type": "3"}],
            "DataPathParameters": [
                {"Name": "path", "DefaultValue": {"DataStoreName": "workspaceblobstore", "RelativePath": "in"}}
            ],
            "DataPathParameterList": [{"Name": "set", "DefaultValue": value}],
        },
    }


def mutate(content: Any, source: random.Random, value: Callable[[], Any]) -> Any:
    """A copy that is wrong in one place: a value replaced, left out or added. Looks inside JSON in strings, too."""
    if isinstance(content, str) and content.startswith("{") and source.random() < 0.7:
        return json.dumps(mutate(json.loads(content), source, value))
    if not content or not isinstance(content, (dict, list)) or source.random() < 0.12:
        return value()
    changed = copy.copy(content)
    keys = list(changed) if isinstance(changed, dict) else list(range(len(changed)))
    key = source.choice(keys)
    choice = source.random()
    if choice < 0.06:
        del changed[key]
    elif choice < 0.1 and isinstance(changed, dict):
        changed[str(value())[:50]] = changed[key]
    elif choice < 0.13 and isinstance(changed, list):
        changed.append(changed[key])
    else:
        changed[key] = mutate(changed[key], source, value)
    return changed
