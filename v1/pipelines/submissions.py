"""From the client's graph to a running pipeline: recorded unsubmitted first, then submitted."""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import Mapping
from typing import Any

from amlbridge.engine.errors import ConflictError, NotFoundError
from amlbridge.engine.plan import DataReference, Node
from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1 import graph, graph_kinds, graph_parameters, run_environments, snapshots
from amlbridge.v1.graph import Lowered
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.pipelines import checks, data_sources, graphs, modules, run_records
from amlbridge.v1.pipelines.entities import body_of, make_routes
from amlbridge.wire import experiments
from amlbridge.wire.context import Call, Service
from amlbridge.wire.errors import bad_request
from amlbridge.wire.identity import Identity
from amlbridge.wire.routing import Reply

routes = make_routes()

#: The kinds of nodes that the engine runs.
RUNNABLE = frozenset({"command"})
_INFO_TEXTS = ("Description", "RunSource", "RunType", "RunHistoryExperimentName")
_LONGEST_NAME = 255


def lower(service: Service, workspace: Workspace, creation: Mapping[str, Any]) -> Lowered:
    """The Plan of a submission, checked: it can run in this workspace now. Raises a 400 :class:`ServiceError`."""

    def code_of(snapshot_id: str) -> str:
        try:
            return snapshots.digest(service, workspace, snapshot_id)
        except NotFoundError as error:
            raise bad_request(f"the code snapshot {snapshot_id} is not there: submit again to upload it") from error

    lowered = graph.lower(
        creation,
        lambda module_id: modules.find(service, workspace, module_id),
        lambda source_id: data_sources.find(service, workspace, source_id),
        lambda dataset_id, name, version: graphs.find_dataset(service, workspace, dataset_id, name, version),
        code_of,
    )
    lowered = dataclasses.replace(lowered, plan=run_environments.resolved(service, workspace, lowered.plan))
    graph_kinds.check_runnable(lowered.plan, RUNNABLE)
    checks.check(service, workspace, lowered.plan, lowered.data_parameters)
    return lowered


@routes.post("/PipelineRuns/Unsubmitted/CreationInfoWithGraph")
def create_unsubmitted_run(call: Call) -> Reply:
    """Records a pipeline run with its graph. A graph that cannot run is refused here, and nothing is recorded."""
    body = body_of(call)
    info = Fields(body.object("CreationInfo").content, "CreationInfo")
    experiment = experiment_name(call.query.get("experimentname") or info.text("RunHistoryExperimentName"))
    lowered = lower(call.service, call.workspace, body.content)
    return run_records.dto(call, record(call.service, call.workspace, body, info, experiment, lowered))


def experiment_name(name: str | None) -> str:
    """The name of the experiment that a run belongs to. Raises a 400 :class:`ServiceError` when there is none."""
    if not name or len(name) > _LONGEST_NAME:
        raise bad_request("a pipeline run needs the name of its experiment (query parameter experimentName)")
    return name


def record(
    service: Service, workspace: Workspace, body: Fields, info: Fields, experiment: str, lowered: Lowered
) -> Resource:
    """Records an unsubmitted run and its graph."""
    for name in _INFO_TEXTS:
        info.text(name)
    kept = {name: value for name, value in info.content.items() if value is not None}
    kept |= {"tags": info.scalars("tags"), "Properties": info.scalars("Properties")}
    with service.records.database.write():
        document = {
            "experiment": experiment,
            "creation_info": kept,
            "graph_id": graphs.store(service, workspace, body.content),
            "steps": len(lowered.plan.nodes),
            "pipeline_id": None,
            **assignments(lowered),
        }
        return service.records.resources.put(workspace.id, run_records.KIND, str(uuid.uuid4()), document)


def assignments(lowered: Lowered) -> dict[str, Any]:
    """The values of all parameters, as the client reads them back. A data path stands among the scalars, too, as
    ``datastore/path``: ``PipelineRun.get_graph`` looks for it there."""
    scalars = graph_parameters.with_values(lowered.plan.parameters, lowered.parameters)
    texts = {name: str(value) for name, value in scalars.items()}
    datasets, paths = {}, {}
    for item in lowered.plan.data_parameters:
        reference = lowered.data_parameters.get(item.name, item.default)
        assert reference is not None, "lower() refuses a data parameter without a value"
        if reference.uri.startswith("azureml://saved_datasets/"):
            datasets[item.name] = {"SavedDataSetReference": {"Id": reference.uri.rpartition("/")[2]}}
        else:
            store, path = _place(reference)
            paths[item.name] = {"DataStoreName": store, "RelativePath": path}
            texts[item.name] = f"{store}/{path}"
    return {"parameters": texts, "datasets": datasets, "paths": paths}


def _place(reference: DataReference) -> tuple[str, str]:
    store, _, path = reference.uri.removeprefix("azureml://datastores/").partition("/paths/")
    return store, path


@routes.post("/PipelineRuns/Submit/{run_id}")
def submit_run(call: Call) -> Reply:
    """Starts a recorded run (query parameter ``parentRunId``: below another run). Doing so twice starts it once."""
    found = run_records.get(call)
    if call.records.runs.find(call.workspace.id, found.name) is None:
        parent = call.query.get("parentrunid")
        if parent and call.records.runs.find(call.workspace.id, parent) is None:
            raise bad_request(f"the parent run {parent} is not there")
        start(call.service, call.workspace, found, parent or None, call.identity)
    return None


def start(
    service: Service, workspace: Workspace, found: Resource, parent: str | None, identity: Identity | None = None
) -> None:
    """Hands a recorded run to the engine; ``identity`` is who submits it. Raises a 400 :class:`ServiceError` when it
    can no longer run."""
    body = found.body
    stored = service.records.resources.get(workspace.id, graphs.KIND, body["graph_id"]).body
    lowered = lower(service, workspace, {**stored, "CreationInfo": body["creation_info"]})
    nodes = {node["Id"]: node for node in stored["Graph"]["ModuleNodes"]}
    steps = {node.id: step_columns(service, workspace, found.name, node, nodes[node.id]) for node in lowered.plan.nodes}
    for item in lowered.plan.nodes:
        ours = run_environments.columns(service, workspace, identity, item)
        steps[item.id] = run_environments.join(steps[item.id], ours)
    pipeline = pipeline_columns(body, parent)
    pipeline["properties"] |= run_environments.properties(run_environments.mode(service, workspace, identity))
    experiment = experiments.experiment_for_writing(service, workspace, body["experiment"])
    try:
        service.parts["scheduler"].submit(
            workspace.id,
            experiment.id,
            found.name,
            lowered.plan,
            parameters=lowered.parameters,
            data_parameters=lowered.data_parameters,
            pipeline=pipeline,
            steps=steps,
        )
    except ConflictError:
        # Two submissions of one run at once: the other one has started it.
        if service.records.runs.find(workspace.id, found.name) is None:
            raise


def pipeline_columns(body: Mapping[str, Any], parent: str | None) -> dict[str, Any]:
    """The columns of the pipeline's run, with the properties that Azure gives it."""
    info = body["creation_info"]
    proceed = bool(info.get("ContinueExperimentOnNodeFailure") or info.get("ContinueRunOnStepFailure"))
    columns: dict[str, Any] = {
        "description": info.get("Description"),
        "tags": info["tags"],
        "properties": {
            **info["Properties"],
            "azureml.runsource": "azureml.PipelineRun",
            "runSource": info.get("RunSource") or "SDK",
            "runType": info.get("RunType") or "SDK",
            "azureml.parameters": json.dumps(body["parameters"]),
            "azureml.continue_on_step_failure": str(proceed),
            "azureml.pipelineComponent": "pipelinerun",
        },
    }
    return {**columns, "parent_id": parent} if parent else columns


def step_columns(
    service: Service, workspace: Workspace, run_id: str, node: Node, graph_node: Mapping[str, Any]
) -> dict[str, Any]:
    """The columns of a step's run. ``StepRun`` finds its pipeline and its node by the tags."""
    module = modules.find(service, workspace, graph_node["ModuleId"]) or {}
    kinds = {item.get("Name"): item.get("Value") for item in graph_node.get("ModuleParameters") or []}
    properties = {
        "azureml.runsource": "azureml.StepRun",
        "azureml.nodeid": node.id,
        "azureml.pipelinerunid": run_id,
        "azureml.pipeline": run_id,
        "azureml.pipelineComponent": "masterescloud",
        "azureml.moduleid": graph_node["ModuleId"],
        "azureml.moduleName": node.name,
        "StepType": module.get("StepType") or "PythonScriptStep",
        "ContentSnapshotId": module.get("StorageId"),
        "ComputeTargetType": kinds.get("MLCComputeType") or "AmlCompute",
    }
    return {
        "tags": {"azureml.nodeid": node.id, "azureml.pipeline": run_id},
        "properties": {name: value for name, value in properties.items() if value is not None},
    }
