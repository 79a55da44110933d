"""Deployments of models: an invocation is a job of one step that scores the files of its input in mini batches.

The step is a parallel node (:mod:`amlbridge.engine.parallel`) with the user's scoring script, or with an MLflow model.
Its output is called ``score``, as in Azure: of the job and of its step, so that both downloads of Azure's documentation
(``jobs.download(name, output_name="score")``) find ``named-outputs/score/predictions.csv``.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from amlbridge.engine.blobs import check_name
from amlbridge.engine.distribution import MOST_PROCESSES
from amlbridge.engine.errors import InvalidNameError
from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v2.assets import lookup, places, versions
from amlbridge.v2.assets.codes import snapshots
from amlbridge.v2.assets.components import ANONYMOUS, COMPONENTS
from amlbridge.v2.batch.pipelines import check_compute
from amlbridge.v2.jobs.reading import Section, invalid, seconds
from amlbridge.wire.context import Service

#: What stands for the interpreter behind the client: an MLflow model without an environment runs in it.
_ANY_ENVIRONMENT = "azureml://registries/azureml/environments/mlflow/labels/latest"
_ACTIONS = {"appendrow": "AppendRow", "summaryonly": "SummaryOnly"}
#: The same as a parallel node says it.
_NODE_ACTIONS = {"AppendRow": "append_row", "SummaryOnly": "summary_only"}
_LEVELS = {"info": "Info", "warning": "Warning", "debug": "Debug"}
_SCORE, _DATA = "score", "job_data_path"


def check(service: Service, workspace: Workspace, properties: Section) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is kept of a deployment of a model, and what its invocations need. Raises a 400 ServiceError."""
    settings = _settings(properties, {})
    check_compute(service, workspace, properties.text("compute"), properties.at("compute"))
    model = _model(service, workspace, properties)
    script, code = _code(service, workspace, properties)
    environment = properties.text("environmentId")
    if script is None and (model is None or model["type"] != "mlflow_model"):
        raise invalid(
            properties.at("codeConfiguration"),
            "is missing: only an MLflow model can be deployed without a scoring script",
            "ScoringScriptMissing",
        )
    if script is not None and environment is None:
        raise invalid(properties.at("environmentId"), "is missing: a scoring script needs an environment")
    if environment is not None:
        lookup.environment(service, workspace, environment)
    component = _component(service, workspace, script, code, environment or _ANY_ENVIRONMENT, model)
    kept = {
        **properties.content,
        "model": {"referenceType": "Id", "assetId": model["id"]} if model is not None else None,
        "codeConfiguration": {"codeId": code, "scoringScript": script} if script is not None else None,
        "environmentVariables": properties.texts("environmentVariables"),
        "miniBatchSize": settings["miniBatchSize"],
        "errorThreshold": settings["errorThreshold"],
        "outputAction": settings["outputAction"],
        "outputFileName": settings["outputFileName"],
        "maxConcurrencyPerInstance": properties.count("maxConcurrencyPerInstance") or 1,
        "retrySettings": {"maxRetries": settings["maxRetries"], "timeout": f"PT{settings['timeout']:g}S"},
        "loggingLevel": _choice(properties, "loggingLevel", _LEVELS, "Info"),
    }
    return kept, {"component": component, "model": model}


def job(deployment: Resource, body: Section, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The job that an invocation starts. Raises a 400 ServiceError."""
    internal, properties = deployment.body["internal"], Section(deployment.body["properties"], "")
    if len(inputs) != 1 or next(iter(inputs.values()))["jobInputType"] not in ("uri_file", "uri_folder"):
        raise invalid(
            body.at("inputData"),
            "must be one input of the type uri_folder or uri_file: a model scores files",
            "InvalidInput",
        )
    settings = _settings(properties, _overrides(body))
    node_inputs: dict[str, Any] = {"data": {"job_input_type": "literal", "value": f"${{{{parent.inputs.{_DATA}}}}}"}}
    model = internal["model"]
    if model is not None:
        node_inputs["model"] = {"job_input_type": model["type"], "uri": model["id"]}
    place, name = _output(body, outputs)
    settings["outputFileName"] = name or settings["outputFileName"]
    node = {
        "name": "batchscoring",
        "type": "parallel",
        "componentId": internal["component"],
        "inputs": node_inputs,
        "outputs": {_SCORE: {"type": "literal", "value": f"${{{{parent.outputs.{_SCORE}}}}}"}},
        "environment_variables": properties.texts("environmentVariables"),
        "mini_batch_size": settings["miniBatchSize"],
        "error_threshold": settings["errorThreshold"],
        "max_concurrency_per_instance": settings["concurrency"],
        "resources": {"instance_count": settings["instances"]},
        "retry_settings": {"max_retries": settings["maxRetries"], "timeout": settings["timeout"]},
        "logging_level": _choice(properties, "loggingLevel", _LEVELS, "Info"),
        "output_action": _NODE_ACTIONS[settings["outputAction"]],
        "append_row_file_name": settings["outputFileName"],
    }
    return {
        "jobType": "Pipeline",
        "computeId": properties.text("compute"),
        "inputs": {_DATA: next(iter(inputs.values()))},
        "outputs": {_SCORE: place},
        "jobs": {"batchscoring": node},
    }


# -- settings ----------------------------------------------------------------------------------------------------------


def _overrides(body: Section) -> dict[str, Any]:
    """What an invocation says otherwise than its deployment."""
    names = ("miniBatchSize", "errorThreshold", "outputFileName", "retrySettings")
    found = {name: body.get(name) for name in names if body.get(name) is not None}
    count = body.section("compute").count("instanceCount")
    return found | ({"resources": {"instanceCount": count}} if count is not None else {})


def _settings(properties: Section, overrides: Mapping[str, Any]) -> dict[str, Any]:
    said = Section({**properties.content, **overrides}, properties.spot)
    size = _count(said, "miniBatchSize", 10, 1)
    instances = _count(said.section("resources"), "instanceCount", 1, 1)
    concurrency = _count(said, "maxConcurrencyPerInstance", 1, 1)
    if concurrency > MOST_PROCESSES:
        raise invalid(
            said.at("maxConcurrencyPerInstance"),
            f"makes {concurrency} processes; amlbridge starts at most {MOST_PROCESSES} for a step",
        )
    retries = said.section("retrySettings")
    name = said.text("outputFileName") or "predictions.csv"
    try:
        if len(check_name(name)) != 1:
            raise invalid(said.at("outputFileName"), f"must be the name of a file, not {name!r}")
    except InvalidNameError as error:
        raise invalid(said.at("outputFileName"), str(error)) from error
    return {
        "miniBatchSize": size,
        "instances": instances,
        "concurrency": concurrency,
        "errorThreshold": _count(said, "errorThreshold", -1, -1),
        "maxRetries": _count(retries, "maxRetries", 3, 0),
        "timeout": seconds(retries.get("timeout"), retries.at("timeout")) or 30.0,
        "outputAction": _choice(said, "outputAction", _ACTIONS, "AppendRow"),
        "outputFileName": name,
    }


def _count(holder: Section, name: str, default: int, least: int) -> int:
    found = holder.count(name)
    if found is None:
        return default
    if not least <= found < 10**9:
        raise invalid(holder.at(name), f"must be at least {least}, not {found}")
    return found


def _choice(holder: Section, name: str, known: Mapping[str, str], default: str) -> str:
    text = holder.text(name)
    if text is None:
        return default
    found = known.get(text.lower().replace("_", ""))
    if found is None:
        raise invalid(holder.at(name), f"must be one of {', '.join(known.values())}, not {text[:40]!r}")
    return found


def _output(body: Section, outputs: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """Where the scores go, and the name of their file when the caller names a file."""
    dataset = body.section("outputDataset")
    if dataset.content:
        store = dataset.required("datastoreId").rstrip("/").rpartition("/")[2]
        path = (dataset.text("path") or "").strip("/")
        return {"jobOutputType": "uri_folder", "uri": f"azureml://datastores/{store}/paths/{path}/"}, None
    if len(outputs) > 1:
        raise invalid(body.at("outputData"), "names more than one output: a model has one, score")
    given = next(iter(outputs.values()), {"jobOutputType": "uri_folder"})
    uri = given.get("uri")
    if given["jobOutputType"] == "uri_file" and uri:
        folder, _, name = str(uri).rpartition("/")
        return {"jobOutputType": "uri_folder", "uri": f"{folder}/"}, name or None
    return {**given, "jobOutputType": "uri_folder"}, None


# -- assets ------------------------------------------------------------------------------------------------------------


def _model(service: Service, workspace: Workspace, properties: Section) -> dict[str, Any] | None:
    """Id, type and file or folder name of the model; None for a deployment without one."""
    holder = properties.section("model")
    if not holder.content:
        return None
    found = lookup.model(service, workspace, holder.required("assetId"))
    kind, uri = found["properties"]["modelType"], str(found["properties"]["modelUri"])
    if kind == "triton_model":
        raise invalid(holder.spot, "is a Triton model, and amlbridge has no Triton server", "ModelNotSupported")
    return {"id": found["id"], "type": kind, "file": uri.rstrip("/").rpartition("/")[2]}


def _code(service: Service, workspace: Workspace, properties: Section) -> tuple[str | None, str | None]:
    """The scoring script and the reference of its code; None for both without them."""
    configuration = properties.section("codeConfiguration")
    if not configuration.content:
        return None, None
    script, code = configuration.required("scoringScript"), configuration.required("codeId")
    own = snapshots(service).files(workspace.id, lookup.code(service, workspace, code))
    if script not in {file.name for file in own}:
        raise invalid(
            configuration.at("scoringScript"),
            f"{script} is not in the code folder; it has: {', '.join(file.name for file in own[:20])}",
            "ScoringScriptNotFound",
        )
    return script, code


def _component(
    service: Service,
    workspace: Workspace,
    script: str | None,
    code: str | None,
    environment: str,
    model: Mapping[str, Any] | None,
) -> str:
    """The id of the component that scores: registered without a name, once for the same code and environment."""
    inputs = {"data": {"type": "uri_folder"}}
    task = {"environment": environment, "append_row_to": f"${{{{outputs.{_SCORE}}}}}"}
    if model is not None:
        inputs["model"] = {"type": model["type"]}
        task["model"] = "${{inputs.model}}"
    if script is not None and code is not None:
        task |= {"type": "run_function", "code": code, "entry_script": script}
    else:
        task["type"] = "model"
    spec = {
        "name": ANONYMOUS,
        "type": "parallel",
        "display_name": "batchscoring",
        "task": task,
        "input_data": "${{inputs.data}}",
        "inputs": inputs,
        "outputs": {_SCORE: {"type": "uri_folder"}},
        "is_deterministic": False,
    }
    version = str(uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(spec, sort_keys=True)))
    with service.records.database.write():
        body = {"properties": {"componentSpec": spec, "isAnonymous": True}}
        asset, _ = versions.put(service, workspace, COMPONENTS, ANONYMOUS, version, body)
    return places.address(workspace, COMPONENTS, asset.name, asset.version)
