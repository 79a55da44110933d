"""Pipeline drafts: a graph and values that change until a run is submitted or a pipeline is published from them."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping
from typing import Any

from amlbridge.engine.records.resources import Resource
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.pipelines import (
    draft_graphs,
    draft_values,
    published,
    revisions,
    run_records,
    submissions,
)
from amlbridge.v1.pipelines.entities import body_of, make_routes, stamped
from amlbridge.wire.context import Call
from amlbridge.wire.errors import bad_request, conflict, not_found
from amlbridge.wire.identity import USER_NAME
from amlbridge.wire.routing import Reply

routes = make_routes()
KIND = "pipeline_draft"
_INFO = "PipelineSubmissionInfo"
_PARENTS = ("ParentPipelineId", "ParentPipelineRunId", "ParentPipelineDraftId")


@routes.post("/PipelineDrafts/Create")
def create_draft(call: Call) -> Reply:
    """Makes a pipeline draft of a graph that was posted to GraphDrafts."""
    body = body_of(call)
    graph = draft_graphs.find(call.service, call.workspace, body.required("GraphDraftId"))
    if graph is None:
        raise bad_request(f"there is no graph {body.text('GraphDraftId')} of a draft: post it to GraphDrafts first")
    document: dict[str, Any] = {name: body.text(name) for name in _PARENTS}
    document |= {
        "Name": body.required("Name"),
        "Description": body.text("Description"),
        "tags": body.scalars("tags"),
        "Properties": body.scalars("Properties"),
        "GraphDraftId": graph.name,
        "ParentStepRunIds": body.texts("ParentStepRunIds"),
        _INFO: draft_values.read(call, body.object(_INFO), draft_values.NOTHING, graph),
    }
    return _dto(call, _store(call, document))


@routes.post("/PipelineDrafts")
def list_drafts(call: Call) -> Reply:
    """The pipeline drafts, newest first; the body, an object, names tags that they must have."""
    wanted = Fields({"tags": call.object}, "the body").scalars("tags")
    found = reversed(call.records.resources.list(call.workspace.id, KIND))
    return [_dto(call, item) for item in found if wanted.items() <= item.body["tags"].items()]


@routes.get("/PipelineDrafts/{id}")
def get_draft(call: Call) -> Reply:
    """A pipeline draft."""
    return _dto(call, _get(call, call.params["id"]))


@routes.put("/PipelineDrafts/{id}")
def update_draft(call: Call) -> Reply:
    """Changes a pipeline draft: name, description, tags, properties and what a run of it would be submitted with."""
    body = body_of(call)
    with call.records.database.write():
        draft = _read(call, body, call.params["id"])
        changed = {**draft.body, "revision": draft.body["revision"] + 1, "by": _user(call)}
        return _dto(call, call.records.resources.put(call.workspace.id, KIND, draft.name, changed))


@routes.delete("/PipelineDrafts/{id}")
def delete_draft(call: Call) -> Reply:
    """Deletes a pipeline draft, with its graph if that is still there; the runs and pipelines made of it stay."""
    with call.records.database.write():
        draft = _get(call, call.params["id"])
        draft_graphs.delete(call.service, call.workspace, draft.body["GraphDraftId"])
        call.records.resources.delete(call.workspace.id, KIND, draft.name)
    return None


@routes.get("/PipelineDrafts/Clone/{id}")
def clone_draft(call: Call) -> Reply:
    """Copies a draft with its graph."""
    draft = _get(call, call.params["id"])
    content = {name: value for name, value in _graph(call, draft).body.items() if name not in ("revision", "Before")}
    document = {name: draft.body[name] for name in ("Name", "Description", "tags", "Properties", _INFO)}
    return _clone(call, content, {**document, "ParentPipelineDraftId": draft.name})


@routes.get("/PipelineDrafts/ClonePipelineRun/{run_id}")
def clone_run(call: Call) -> Reply:
    """Makes a draft of the graph and the values of a pipeline run."""
    run = run_records.get(call)
    info = run.body["creation_info"]
    content = draft_graphs.of_submitted(call.service, call.workspace, run.body["graph_id"])
    document = {
        "Name": info.get("Description") or run.body["experiment"],
        "Description": info.get("Description"),
        "tags": info.get("tags") or {},
        "Properties": {},
        _INFO: draft_values.of_run(run.body),
        "ParentPipelineRunId": run.name,
        "ParentStepRunIds": [item.id for item in call.records.runs.children(call.workspace.id, run.name)],
    }
    return _clone(call, content, document)


@routes.get("/PipelineDrafts/ClonePublished/{id}")
def clone_published(call: Call) -> Reply:
    """Makes a draft of the graph and the values of a published pipeline."""
    pipeline = published.find(call.service, call.workspace, call.params["id"])
    if pipeline is None:
        raise not_found(f"there is no published pipeline {call.params['id']} in this workspace")
    content = draft_graphs.of_submitted(call.service, call.workspace, pipeline.body["GraphId"])
    document = {
        **{name: pipeline.body[name] for name in ("Name", "Description", "tags")},
        "Properties": {},
        _INFO: draft_values.of_published(pipeline.body),
        "ParentPipelineId": pipeline.name,
    }
    return _clone(call, content, document)


@routes.post("/PipelineRuns/PipelineDraftSubmit")
def submit_draft(call: Call) -> Reply:
    """Submits a run of a draft (``parentRunId``: below another run). A draft that cannot run starts nothing."""
    body = body_of(call)
    draft = _read(call, body, body.required("Id"))
    info = draft.body[_INFO]
    if not info["ExperimentName"]:
        raise bad_request("the draft names no experiment to submit to: PipelineDraft.update(experiment_name=…)")
    experiment = submissions.experiment_name(info["ExperimentName"])
    creation = {
        **draft_graphs.to_submit(_graph(call, draft)),
        "CreationInfo": draft_values.creation_info(info),
    }
    parent = call.query.get("parentrunid") or None
    submissions.check_parent(call.service, call.workspace, parent)
    lowered = submissions.lower(call.service, call.workspace, creation)
    given = Fields(creation["CreationInfo"], _INFO)
    run = submissions.record(call.service, call.workspace, Fields(creation, "the draft"), given, experiment, lowered)
    submissions.start(call.service, call.workspace, run, parent, call.identity)

    def note(document: dict[str, Any]) -> None:
        document["LastSubmittedPipelineRunId"] = run.name

    if call.records.resources.find(call.workspace.id, KIND, draft.name) is not None:
        call.records.resources.change(call.workspace.id, KIND, draft.name, note)
    return run_records.dto(call, run)


@routes.post("/Pipelines/PipelineDraftCreate")
def publish_draft(call: Call) -> Reply:
    """Publishes a draft; it stays."""
    body = body_of(call)
    draft = _read(call, body, body.required("Id"))
    info = draft.body[_INFO]
    flags = {name: info[name] for name in ("ContinueRunOnStepFailure", "EnableNotification")}
    content = {
        **draft_graphs.to_submit(_graph(call, draft)),
        **draft_values.tables(info),
        **{name: draft.body[name] for name in ("Name", "Description", "tags", "Properties")},
        **{name: value for name, value in flags.items() if value is not None},
    }
    return published.dto(call, published.create(call.service, call.workspace, Fields(content, "the draft")))


def _read(call: Call, body: Fields, draft_id: str) -> Resource:
    """The recorded draft with the changes of the body; nothing is recorded. Raises a 400 :class:`ServiceError`, 409
    when it was changed meanwhile."""
    draft = _get(call, draft_id)
    given = body.text("Id")
    if given is not None and given.lower() != draft.name:
        raise bad_request(f"the body is the draft {given}, the path names {draft.name}")
    revisions.check(draft, body, f"the pipeline draft {draft.body['Name']!r}")
    if (graph_id := body.text("GraphDraftId")) is not None and graph_id.lower() != draft.body["GraphDraftId"]:
        raise bad_request(f"the graph of this draft is {draft.body['GraphDraftId']}: change it there (PUT GraphDrafts)")
    changed = dict(draft.body)
    if body.content.get("Name") is not None:
        changed["Name"] = body.required("Name")
    if (description := body.text("Description")) is not None:
        changed["Description"] = description
    for name in ("tags", "Properties"):
        if body.content.get(name) is not None:
            changed[name] = body.scalars(name)
    if body.content.get(_INFO) is not None:
        graph = draft_graphs.find(call.service, call.workspace, draft.body["GraphDraftId"])
        changed[_INFO] = draft_values.read(call, body.object(_INFO), draft.body[_INFO], graph)
    return dataclasses.replace(draft, body=changed)


def _store(call: Call, document: Mapping[str, Any]) -> Resource:
    user = _user(call)
    whole = {**document, "LastSubmittedPipelineRunId": None, "creator": user, "by": user, "revision": 1}
    return call.records.resources.add(call.workspace.id, KIND, str(uuid.uuid4()), whole)


def _clone(call: Call, content: Mapping[str, Any], document: Mapping[str, Any]) -> Reply:
    parents: dict[str, Any] = {**dict.fromkeys(_PARENTS), "ParentStepRunIds": []}
    with call.records.database.write():
        graph = draft_graphs.store(call.service, call.workspace, content)
        info = draft_values.read(call, Fields(document[_INFO], _INFO), draft_values.NOTHING, graph)
        return _dto(call, _store(call, {**parents, **document, _INFO: info, "GraphDraftId": graph.name}))


def _user(call: Call) -> dict[str, str]:
    assert call.identity is not None, "the operation needs a token"
    return {
        "UserObjectId": call.identity.subject,
        "UserTenantId": call.identity.tenant,
        "UserName": USER_NAME,
    }


def _get(call: Call, draft_id: str) -> Resource:
    draft = call.records.resources.find(call.workspace.id, KIND, draft_id.lower())
    if draft is None:
        raise not_found(f"there is no pipeline draft {draft_id} in this workspace")
    return draft


def _graph(call: Call, draft: Resource) -> Resource:
    graph = draft_graphs.find(call.service, call.workspace, draft.body["GraphDraftId"])
    if graph is None:
        raise conflict(f"the graph of the pipeline draft {draft.body['Name']!r} was deleted: make a new draft")
    return graph


def _dto(call: Call, draft: Resource) -> dict[str, Any]:
    """A PipelineDraftEntity."""
    graph = draft_graphs.find(call.service, call.workspace, draft.body["GraphDraftId"])
    content = {name: value for name, value in draft.body.items() if name not in ("revision", "creator", "by")}
    entity = stamped(dataclasses.replace(draft, body=content))
    del entity["EntityStatus"]
    return {
        **entity,
        "Etag": revisions.etag(draft),
        _INFO: draft_values.shown(call, draft.body[_INFO], graph),
        "CreatedBy": draft.body["creator"],
        "LastUpdatedBy": draft.body["by"],
    }
