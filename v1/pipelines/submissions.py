"""From the client's graph to a running pipeline: recorded unsubmitted first, then submitted."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping
from typing import Any

from amlbridge.engine import kinds as engine_kinds
from amlbridge.engine.errors import ConflictError, NotFoundError
from amlbridge.engine.plan import DataReference
from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1 import graph, graph_kinds, graph_parameters, run_environments, snapshots
from amlbridge.v1.graph import Lowered
from amlbridge.v1.graph_parameters import FindDataset
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.pipelines import checks, data_sources, graphs, modules, run_columns, run_records
from amlbridge.v1.pipelines.entities import body_of, make_routes
from amlbridge.v1.pipelines.recent import Recent
from amlbridge.wire import experiments
from amlbridge.wire.context import Call, Service
from amlbridge.wire.errors import bad_request
from amlbridge.wire.identity import Identity
from amlbridge.wire.routing import Reply

routes = make_routes()

_INFO_TEXTS = ("Description", "DisplayName", "RunSource", "RunType", "RunHistoryExperimentName")
_LONGEST_NAME = 255
#: How many recorded runs are kept lowered until their client submits them, which is mostly its next request.
_MOST_RECORDED = 32


def lower(service: Service, workspace: Workspace, creation: Mapping[str, Any], *, complete: bool = True) -> Lowered:
    """The Plan of a submission, checked: it can run in this workspace now. ``complete`` as for :func:`graph.lower`.
    Raises a 400 :class:`ServiceError`."""
    lowered = resolve(service, workspace, parse(service, workspace, creation, complete=complete))
    checks.check(service, workspace, lowered.plan, lowered.data_parameters)
    return lowered


def parse(
    service: Service,
    workspace: Workspace,
    creation: Mapping[str, Any],
    *,
    find_dataset: FindDataset | None = None,
    complete: bool = True,
) -> Lowered:
    """The Plan of a submission as the graph says it. ``find_dataset`` stands for the workspace's own registered
    datasets. Raises a 400 :class:`ServiceError`."""

    def code_of(snapshot_id: str) -> str:
        try:
            return snapshots.digest(service, workspace, snapshot_id)
        except NotFoundError as error:
            raise bad_request(f"the code snapshot {snapshot_id} is not there: submit again to upload it") from error

    def registered(dataset_id: str | None, name: str | None, version: str | None) -> str:
        return graphs.find_dataset(service, workspace, dataset_id, name, version)

    return graph.lower(
        creation,
        lambda module_id: modules.find(service, workspace, module_id),
        lambda source_id: data_sources.find(service, workspace, source_id),
        find_dataset or registered,
        code_of,
        complete=complete,
    )


def resolve(service: Service, workspace: Workspace, lowered: Lowered) -> Lowered:
    """With the definitions of the environments that it only names. Raises a 400 :class:`ServiceError` when one is not
    registered, or when a step is of a kind that does not run here."""
    found = dataclasses.replace(lowered, plan=run_environments.resolved(service, workspace, lowered.plan))
    graph_kinds.check_runnable(found.plan, engine_kinds.RUNNABLE)
    return found


@routes.post("/PipelineRuns/Unsubmitted/CreationInfoWithGraph")
def create_unsubmitted_run(call: Call) -> Reply:
    """Records a pipeline run with its graph. A graph that cannot run is refused here, and nothing is recorded."""
    body = body_of(call)
    info = Fields(body.object("CreationInfo").content, "CreationInfo")
    experiment = experiment_name(call.query.get("experimentname") or info.text("RunHistoryExperimentName"))
    lowered = lower(call.service, call.workspace, body.content)
    recorded = record(call.service, call.workspace, body, info, experiment, lowered)
    _recorded(call.service).put(recorded.name, lowered)
    return run_records.dto(call, recorded)


def _recorded(service: Service) -> Recent[Lowered]:
    return service.part("recorded_runs", lambda: Recent[Lowered](_MOST_RECORDED))


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
    """The values of all parameters that have one, as the client reads them back. A data path stands among the scalars,
    too, as ``datastore/path``: ``PipelineRun.get_graph`` looks for it there."""
    scalars = graph_parameters.with_values(lowered.plan.parameters, lowered.parameters)
    texts = {name: str(value) for name, value in scalars.items()}
    datasets, paths = {}, {}
    for item in lowered.plan.data_parameters:
        reference = lowered.data_parameters.get(item.name, item.default)
        if reference is None:
            continue
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
        parent = call.query.get("parentrunid") or None
        check_parent(call.service, call.workspace, parent)
        start(call.service, call.workspace, found, parent, call.identity)
    return None


def check_parent(service: Service, workspace: Workspace, parent: str | None) -> None:
    """Raises a 400 :class:`ServiceError` when a run shall start below one that is not there."""
    if parent and service.records.runs.find(workspace.id, parent) is None:
        raise bad_request(f"the parent run {parent} is not there")


def start(
    service: Service, workspace: Workspace, found: Resource, parent: str | None, identity: Identity | None = None
) -> None:
    """Hands a recorded run to the engine; ``identity`` is who submits it. Raises a 400 :class:`ServiceError` when it
    can no longer run."""
    body = found.body
    stored = service.records.resources.get(workspace.id, graphs.KIND, body["graph_id"]).body
    lowered = _recorded(service).take(found.name)
    if lowered is None:
        lowered = lower(service, workspace, {**stored, "CreationInfo": body["creation_info"]})
    else:
        checks.check(service, workspace, lowered.plan, lowered.data_parameters)
    properties = run_columns.node_properties(service, workspace, lowered.plan, stored["Graph"])
    try:
        launch(service, workspace, found.name, body, lowered, properties, parent=parent, identity=identity)
    except ConflictError:
        # Two submissions of one run at once: the other one has started it.
        if service.records.runs.find(workspace.id, found.name) is None:
            raise


def launch(
    service: Service,
    workspace: Workspace,
    run_id: str,
    body: Mapping[str, Any],
    lowered: Lowered,
    properties: Mapping[str, Mapping[str, str]],
    *,
    parent: str | None,
    identity: Identity | None,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Records the runs of a pipeline and of its steps and starts them, in the experiment ``body["experiment"]``.

    ``body`` is that of the run's record, ``properties`` are those of the steps (:func:`run_columns.node_properties`),
    ``more`` further columns of the pipeline's run. Raises a 400 :class:`ServiceError`, :class:`ConflictError` when the
    run exists."""
    steps = run_columns.steps(service, workspace, run_id, lowered.plan, properties, identity)
    pipeline = {**run_columns.pipeline(body, parent), **(more or {})}
    pipeline["properties"] |= run_environments.properties(run_environments.mode(service, workspace, identity))
    experiment = service.records.experiments.find(workspace.id, body["experiment"])
    if experiment is None or experiment.archived is not None:
        experiment = experiments.experiment_for_writing(service, workspace, body["experiment"])
    service.parts["scheduler"].submit(
        workspace.id,
        experiment.id,
        run_id,
        lowered.plan,
        parameters=lowered.parameters,
        data_parameters=lowered.data_parameters,
        pipeline=pipeline,
        steps=steps,
    )
