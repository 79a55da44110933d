"""What a traced script has submitted and published, read from the state folder that its service has left."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amlbridge.engine import plan_json
from amlbridge.engine.errors import EngineError
from amlbridge.engine.plan import DataReference, Json, Plan
from amlbridge.engine.records.resources import Resource
from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.engine.snapshots import SnapshotStore
from amlbridge.trace.captured import DELIMITED, Captured, Data, Sources

if TYPE_CHECKING:
    from amlbridge.compare.published import Published
    from amlbridge.wire.context import Service

_SAVED = "azureml://saved_datasets/"
_STORE = "azureml://datastores/"
_KINDS = {"pipeline": "pipeline", "sweep": "sweep", "hyperdrive": "sweep", "automl": "AutoML run"}


class Capture:
    """The graphs of one state folder that are submitted or published at ``since`` or later. ``service`` is one that
    answers nobody."""

    def __init__(self, service: Service, snapshots: Path, since: float = 0.0) -> None:
        self._service = service
        self._since = since
        self._snapshots = SnapshotStore(snapshots)
        self._found: dict[str, Captured] = {}
        #: Where each Plan came from: digest of the Plan -> workspace.
        self._workspaces: dict[str, Workspace] = {}

    def all(self) -> list[Captured]:
        """Every different graph, in the order of submission, published ones that were not submitted last."""
        for workspace in self._service.records.workspaces.list():
            for run, plan in self._runs(workspace):
                self._add(workspace, plan, self._of_run(run, plan))
            for pipeline, plan in self._published(workspace):
                self._add(workspace, plan, self._of_published(workspace, pipeline, plan))
            for name, plan in self._deployed(workspace):
                use = f"It is deployed to the batch endpoint `{name}`."
                self._add(workspace, plan, Captured(name, "pipeline", plan, None, (use,)))
        return list(self._found.values())

    def published(self) -> list[Published]:
        """What was published, each with its graph: pipelines of SDK v1, then deployments of batch endpoints."""
        from amlbridge.cli.compare_sides import place_of
        from amlbridge.compare.published import Published
        from amlbridge.wire.errors import ServiceError

        found = []
        for workspace in self._service.records.workspaces.list():
            place = place_of(self._service, workspace)
            try:
                for pipeline, plan in self._published(workspace):
                    found.append(Published(str(pipeline.body["Name"] or "pipeline"), plan, place=place))
                for name, plan in self._deployed(workspace):
                    found.append(Published(name, plan, place=place))
            except ServiceError as error:
                found.append(Published("pipeline", None, f"its graph cannot be read: {error.message}"))
        return found

    def sources(self, captured: Captured) -> Sources:
        """Where the writers find the data and the code of a graph."""
        workspace = self._workspaces[plan_json.fingerprint(captured.plan)]
        return Sources(
            lambda reference: self._data(workspace, reference),
            lambda digest, folder: self._snapshots.checkout(workspace.id, digest, folder),
            _table,
        )

    def _add(self, workspace: Workspace, plan: Plan, made: Captured) -> None:
        """One graph that is submitted and published is one; a published one gives its name."""
        key = plan_json.fingerprint(plan)
        known = self._found.get(key)
        if known is None:
            self._found[key], self._workspaces[key] = made, workspace
            return
        named = made if known.experiment == known.name and made.experiment is None else known
        uses = tuple(dict.fromkeys((*known.uses, *made.uses)))
        experiment = known.experiment or made.experiment
        self._found[key] = dataclasses.replace(known, name=named.name, uses=uses, experiment=experiment)

    # -- runs ---------------------------------------------------------------------------------------------------------

    def _runs(self, workspace: Workspace) -> Iterator[tuple[Run, Plan]]:
        from amlbridge.engine.records import schema

        records = self._service.records
        runs = records.runs.query(workspace.id, schema.run.c.created >= self._since)
        for run in sorted(runs, key=lambda item: item.created):
            # A run that its client starts has no Plan of the engine's: it keeps it for itself.
            plan_id = run.plan_id or run.execution.get("plan")
            if plan_id is not None and run.root_id == run.id:
                yield run, records.plans.get(plan_id)

    def _of_run(self, run: Run, plan: Plan) -> Captured:
        experiment = self._service.records.experiments.get(run.workspace_id, run.experiment_id).name
        kind = _KINDS.get(run.kind, "script run")
        name = experiment if kind == "pipeline" else f"{experiment}_{Path(plan.nodes[0].name).stem}"
        values: Mapping[str, Any] = run.execution.get("parameters") or {}
        use = f"It runs in the experiment `{experiment}` ({kind})."
        return Captured(name, kind, plan, experiment, (use,), values)

    # -- published pipelines -----------------------------------------------------------------------------------------

    def _published(self, workspace: Workspace) -> Iterator[tuple[Resource, Plan]]:
        from amlbridge.v1.pipelines import graphs, published, submissions

        resources = self._service.records.resources
        for pipeline in resources.list(workspace.id, published.KIND):
            if pipeline.created < self._since:
                continue
            stored = resources.get(workspace.id, graphs.KIND, pipeline.body["GraphId"]).body
            info = {**pipeline.body["Assigned"], "Description": pipeline.body["Description"]}
            creation = {**stored, "CreationInfo": info}
            lowered = submissions.parse(self._service, workspace, creation, complete=False)
            yield pipeline, submissions.resolve(self._service, workspace, lowered).plan

    def _of_published(self, workspace: Workspace, pipeline: Resource, plan: Plan) -> Captured:
        name = str(pipeline.body["Name"] or "pipeline")
        version = f", version {pipeline.body['Version']}" if pipeline.body["Version"] else ""
        uses = [f"The script publishes it as `{name}`{version}: in SDK v2, deploy it to a batch endpoint."]
        uses += self._schedules(workspace, pipeline)
        return Captured(name, "pipeline", plan, None, tuple(uses))

    def _schedules(self, workspace: Workspace, pipeline: Resource) -> Iterator[str]:
        from amlbridge.v1.pipelines import endpoint_records, schedule_records

        for schedule in schedule_records.all_of(self._service, workspace):
            body = schedule.body
            target = str(body.get("PipelineId") or "")
            endpoint = body.get("PipelineEndpointId")
            if endpoint:
                found = endpoint_records.find(self._service, workspace, str(endpoint))
                versions = endpoint_records.versions(found) if found is not None else {}
                target = versions.get(str(found.body["DefaultVersion"]), "") if found is not None else ""
            if target.lower() == pipeline.name:
                yield f"The schedule `{body['Name']}` runs it ({_rhythm(body)}): in SDK v2, make a JobSchedule of it."

    def _deployed(self, workspace: Workspace) -> Iterator[tuple[str, Plan]]:
        """What converted code publishes: pipeline components behind batch endpoints, with the endpoint's name."""
        from amlbridge.v2 import job
        from amlbridge.v2.batch import pipelines, records
        from amlbridge.v2.jobs.assets import WorkspaceAssets

        self._service.parts.setdefault("snapshots", self._snapshots)
        assets = WorkspaceAssets(self._service, workspace)
        for endpoint in self._service.records.resources.list(workspace.id, records.ENDPOINT):
            for deployment in records.deployments(self._service, workspace, endpoint):
                if deployment.created < self._since or "component" not in deployment.body["internal"]:
                    continue
                properties = pipelines.job(deployment)
                _, spec = assets.component(properties["componentId"], "componentId")
                given = {name: _stand_in(name, item) for name, item in (spec.get("inputs") or {}).items()}
                needed = {name: item for name, item in given.items() if item is not None}
                yield str(endpoint.body["name"]), job.lower({**properties, "inputs": needed}, assets).plan

    # -- data --------------------------------------------------------------------------------------------------------

    def _data(self, workspace: Workspace, reference: DataReference) -> Data:
        from amlbridge.wire.errors import ServiceError

        uri = reference.uri
        if not uri.startswith(_SAVED):
            kind = reference.type if reference.type != "any" else _kind_of_path(uri)
            return Data(kind, uri)
        try:
            return self._dataset(workspace, uri.removeprefix(_SAVED))
        except ServiceError as error:
            raise EngineError(error.message) from error

    def _dataset(self, workspace: Workspace, saved_id: str) -> Data:
        from amlbridge.v1 import dataset_assets, dataset_records

        named = dataset_records.of_saved(self._service, workspace, saved_id)
        if named is not None:
            name, version = named.version.name, named.version.version
            known = dataset_assets.datasets(self._service, workspace, name)
            kind = next(item["dataType"] for item in known if item["version"] == version)
            label = "@latest" if version == known[-1]["version"] else f":{version}"
            return Data(kind, f"azureml:{name}{label}")
        made = dataset_records.saved(self._service, workspace, saved_id)
        text = "an MLTable file stands for the dataset, which the script does not register"
        return Data("mltable", mltable=made.yaml, note=f"{text}: look whether its paths are those of your workspace.")


def _table(transformations: Json) -> Sequence[Any]:
    """How rows are read, as an MLTable says it."""
    from amlbridge.v1 import dataflow, dprep_blocks
    from amlbridge.wire.errors import ServiceError

    try:
        return dprep_blocks.to_transformations(dataflow.blocks_of(transformations)) or [DELIMITED]
    except ServiceError as error:
        raise EngineError(error.message) from error


def _stand_in(name: str, declared: Mapping[str, Any]) -> dict[str, Any] | None:
    """A value for an input that whoever invokes the endpoint has to give; None for one that need not be given."""
    if declared.get("optional") or declared.get("default") is not None:
        return None
    kind = str(declared.get("type", ""))
    if kind.startswith("uri_") or kind.endswith("_model") or kind == "mltable":
        return {"jobInputType": kind, "uri": f"{_STORE}workspaceblobstore/paths/{name}"}
    return {"jobInputType": "literal", "value": {"integer": "0", "number": "0", "boolean": "false"}.get(kind, name)}


def _kind_of_path(uri: str) -> str:
    """A path with a suffix is taken for a file."""
    last = uri.rstrip("/").rpartition("/")[2]
    return "uri_file" if "." in last and not uri.endswith("/") else "uri_folder"


def _rhythm(body: Mapping[str, Any]) -> str:
    found = body.get("Recurrence")
    if isinstance(found, dict):
        return f"every {found.get('Interval')} x {found.get('Frequency')}"
    return "when files of a datastore change"
