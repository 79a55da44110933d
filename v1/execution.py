"""The execution service of SDK v1: runs of one script or command, each a run of its own (protocol notes, section 3).

``Experiment.submit`` of a ScriptRunConfig or an Estimator uploads a snapshot and posts the run configuration; the
answer is the run's id, and everything else about the run is read from run history.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amlbridge.engine.errors import NotFoundError
from amlbridge.engine.plan import Plan
from amlbridge.engine.records.runs import NOT_STARTED, Run
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.engine.scheduler import Scheduler
from amlbridge.v1 import environments, run_environments, script_run, snapshots
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.pipelines import checks, graphs
from amlbridge.wire import assumed_computes, run_changes, storage
from amlbridge.wire.context import Call, Service
from amlbridge.wire.errors import ServiceError, bad_request, conflict
from amlbridge.wire.experiments import experiment_for_writing
from amlbridge.wire.routing import Reply, Routes
from amlbridge.wire.run_types import INTERACTIVE

routes = Routes("execution", "/execution/v1.0/WS/experiments/{experiment}")

#: The kind of these runs in the engine.
KIND = "script"
_NO_DOCKER = (
    "the run asks for Docker: amlbridge runs it without a container, in the Python environment that the service has"
)
_NO_ZIP = "amlbridge takes the code as a snapshot: unset AML_FORCE_EXECUTE_WITH_ZIP"
_NO_PREPARATION = "there is nothing to prepare: amlbridge makes the environment of a run when the run starts; submit it"
_NO_KEY = "amlbridge has no remote machines to log in to: runs are processes of this one"
_NO_CLEAN = "a run leaves nothing on its compute target here: amlbridge removes its working folder when it has ended"


def definition_of(content: Any) -> Fields:
    """A run definition; clients write its fields in PascalCase or camelCase. Raises a 400 :class:`ServiceError`."""
    found = Fields(content, "the run definition").content
    return Fields({name[:1].upper() + name[1:]: value for name, value in found.items()}, "the run definition")


def configuration(definition: Fields) -> Fields:
    """The run configuration of a definition. Raises a 400 :class:`ServiceError`."""
    if not definition.object("Configuration").content:
        raise bad_request("the run definition has no Configuration", "InvalidRunConfiguration")
    return definition.object("Configuration")


def lower(service: Service, workspace: Workspace, config: Fields, snapshot_id: str) -> Plan:
    """The Plan of a run, checked: it can run in this workspace now. Raises a 400 :class:`ServiceError`."""
    try:
        code = snapshots.digest(service, workspace, snapshot_id)
    except NotFoundError as error:
        raise bad_request(f"the code snapshot {snapshot_id} is not there: submit again to upload it") from error
    plan = plan_of(service, workspace, config, code)
    checks.check(service, workspace, plan, {})
    return plan


def plan_of(service: Service, workspace: Workspace, config: Fields, code: str | None) -> Plan:
    """The Plan of a run whose code has this digest. Raises a 400 :class:`ServiceError`."""
    plan = script_run.lower(
        config,
        code,
        lambda dataset_id, name, version: graphs.find_dataset(service, workspace, dataset_id, name, version),
        storage.default_datastore(service, workspace).name,
    )
    return run_environments.resolved(service, workspace, plan)


@routes.post("/snapshotrun")
def submit_snapshot_run(call: Call) -> Reply:
    """Runs a script or a command of a snapshot as a run of its own (ScriptRunConfig, Estimator)."""
    run_id = run_changes.check_run_id(call.query.get("runid", ""))
    made = _made_before(call, run_id)
    definition = definition_of(call.object)
    config = configuration(definition)
    snapshot_id = definition.text("SnapshotId")
    if not snapshot_id:
        raise bad_request(
            "the run has no code snapshot: leave run_config.history.snapshot_project at True", "SnapshotMissing"
        )
    if config.text("target") == script_run.LOCAL:
        raise bad_request("a run on the target 'local' is submitted as a localrun", "InvalidRunConfiguration")
    assumed_computes.ensure(call, config.text("target") or "")
    plan = lower(call.service, call.workspace, config, snapshot_id)
    scheduler: Scheduler = call.service.parts["scheduler"]
    with call.records.database.write():
        found = columns(call, plan, config, definition.text("ParentRunId"))
        found["properties"] |= {"ContentSnapshotId": snapshot_id, "_azureml.ComputeTargetType": "amlctrain"}
        experiment = experiment_for_writing(call.service, call.workspace, call.params["experiment"])
        joined = _joined(made, experiment.id, found) if made is not None else {}
    if made is None:
        scheduler.submit_single(call.workspace.id, experiment.id, run_id, plan, kind=KIND, columns=found)
    else:
        changed = {"script": plan.nodes[0].command.script, **joined}
        scheduler.start_recorded(call.workspace.id, run_id, plan, columns=changed)
    return {"runId": run_id}


def run_id_of(call: Call) -> str:
    """The id that the client chose (query parameter runId). Raises a 400 :class:`ServiceError`."""
    run_id = run_changes.check_run_id(call.query.get("runid", ""))
    if call.records.runs.find(call.workspace.id, run_id) is not None:
        raise _taken(run_id)
    return run_id


def _taken(run_id: str) -> ServiceError:
    return conflict(f"run {run_id} exists already: choose another run_id", "RunAlreadyExists")


def _made_before(call: Call, run_id: str) -> Run | None:
    """The record that a client made of the run before it submits it (``RunClient.create_run``), so that the run has a
    parent or tags from the start. Raises a 409 when a run of this id has begun."""
    found = call.records.runs.find(call.workspace.id, run_id)
    if found is not None and (found.kind != INTERACTIVE or found.status != NOT_STARTED):
        raise _taken(run_id)
    return found


def _joined(made: Run, experiment_id: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that a submission changes in the record that its client made. Raises a 409 when they contradict."""
    if made.experiment_id != experiment_id:
        raise conflict(
            f"run {made.id} was made in another experiment: submit it there", "RunBelongsToAnotherExperiment"
        )
    if found["parent_id"] not in (None, made.parent_id):
        raise conflict(f"run {made.id} has the parent {made.parent_id}: it cannot be moved to {found['parent_id']}")
    run_changes.check_properties(made, found["properties"])
    # What the client said of the run's type would hide what the run is now.
    extra = {name: value for name, value in made.extra.items() if name != "runType"}
    return {
        "kind": KIND,
        "properties": {**made.properties, **found["properties"]},
        "extra": {**extra, **found["extra"]},
    }


def columns(call: Call, plan: Plan, config: Fields, parent: str | None) -> dict[str, Any]:
    """The columns of a script run's record. ``runDefinition`` is what ``get_details`` shows and ``cancel`` reads."""
    service, workspace = call.service, call.workspace
    if parent is not None:
        call.records.runs.get(workspace.id, parent)
    definition = {**config.content, "environment": _environment(service, workspace, config.object("environment"))}
    extra: dict[str, Any] = {"runDefinition": definition}
    if config.object("docker").flag("useDocker"):
        extra["warnings"] = [{"source": "amlbridge", "message": _NO_DOCKER}]
    ours = run_environments.columns(service, workspace, call.identity, plan.nodes[0])
    return run_environments.join({"parent_id": parent, "properties": {}, "extra": extra}, ours)


def _environment(service: Service, workspace: Workspace, section: Fields) -> Mapping[str, Any]:
    """The environment under the name and version that ``run.get_environment`` can get: registered as Azure does."""
    name = section.text("name")
    if not name or section.label("version"):
        return section.content
    version = environments.ensure(service, workspace, name, section.content)
    return {**section.content, "version": version}


@routes.operation("POST", "/startrun", refused=_NO_ZIP)
def submit_zip_run(call: Call) -> Reply:
    """Runs a script of a zip archive, for clients that are told to send no snapshot."""


@routes.operation("POST", "/prepare", refused=_NO_PREPARATION)
@routes.operation("POST", "/snapshotprepare", refused=_NO_PREPARATION)
@routes.operation("POST", "/localprepare", refused=_NO_PREPARATION)
def prepare_run(call: Call) -> Reply:
    """Prepares the environment of a run without running anything."""


@routes.operation("POST", "/checkprepare", refused=_NO_PREPARATION)
@routes.operation("POST", "/snapshotcheckprepare", refused=_NO_PREPARATION)
def check_preparation(call: Call) -> Reply:
    """Whether the environment of a run is prepared."""


@routes.operation("POST", "/clean", refused=_NO_CLEAN)
def clean_target(call: Call) -> Reply:
    """Removes what a run has left on a compute target."""


@routes.operation("POST", "/getorcreateworkspacesshkey", refused=_NO_KEY)
def get_ssh_key(call: Call) -> Reply:
    """The key for logging in to remote machines."""
