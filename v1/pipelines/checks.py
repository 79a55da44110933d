"""What a pipeline needs from its workspace: what would fail later is refused when the pipeline is submitted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from amlbridge.engine import distribution
from amlbridge.engine.distribution import MOST_PROCESSES
from amlbridge.engine.errors import InvalidNameError, PlanError
from amlbridge.engine.plan import DataReference, Node, Plan
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.engine.sweep import checks as sweep_checks
from amlbridge.v1 import dataflow, dataset_records, dprep_blocks, snapshots
from amlbridge.v1.script_run import spot_of
from amlbridge.wire import computes, storage, unfound_computes
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError, bad_request

#: The kinds whose nodes run a script of the user's.
_SCRIPTS = ("command", "sweep", "parallel")
_STORE, _SAVED = "azureml://datastores/", "azureml://saved_datasets/"


def check(service: Service, workspace: Workspace, plan: Plan, data: Mapping[str, DataReference]) -> None:
    """Raises a 400 :class:`ServiceError` that names the step and what is missing: its compute, its script, a datastore
    or a dataset. ``data`` are the values of the data parameters."""
    for node in plan.nodes:
        _check_compute(service, workspace, plan, node)
        _check_script(service, workspace, node)
        _check_sweep(node)
        check_node(service, workspace, node)
    for item in plan.data_parameters:
        reference = data.get(item.name, item.default)
        if reference is not None:
            _check_data(service, workspace, [reference], f"the data parameter {item.name!r}")


def check_node(service: Service, workspace: Workspace, node: Node) -> None:
    """What a step needs besides its compute and its script: :func:`check`."""
    _check_processes(node)
    _check_places(node)
    spot = spot_of(node)
    _check_transformations(node)
    references = [item.source for item in node.inputs.values() if isinstance(item.source, DataReference)]
    _check_data(service, workspace, references, spot)
    for name, output in node.outputs.items():
        _check_path(service, workspace, output.datastore, output.path, f"{spot} output {name!r}")


def _check_compute(service: Service, workspace: Workspace, plan: Plan, node: Node) -> None:
    compute = node.resources.compute or plan.settings.default_compute
    if compute is None:
        raise bad_request(f"{spot_of(node)} has no compute target: pass compute_target=", "ComputeTargetMissing")
    if not computes.exists(service, workspace, compute):
        unfound_computes.note(service, workspace, compute)
        raise bad_request(
            f"{spot_of(node)}: there is no compute target {compute!r} in the workspace {workspace.name}: create it "
            f"with ComputeTarget.create() or `amlbridge compute add {compute}`, or name one that there is",
            "ComputeTargetNotFound",
        )
    if node.kind == "databricks":
        try:
            computes.databricks_access(service, workspace, compute)
        except ServiceError as error:
            raise bad_request(f"{spot_of(node)}: {error.message}", error.code) from error
    elif (refused := computes.work_refused(service, workspace, compute)) is not None:
        raise bad_request(f"{spot_of(node)}: {refused}", "NotSupportedHere")


def _check_script(service: Service, workspace: Workspace, node: Node) -> None:
    script = node.command.script
    if script is None or node.kind not in _SCRIPTS:
        return
    if node.code is None:
        raise bad_request(f"{spot_of(node)} runs {script!r} but has no source directory", "ScriptNotFound")
    files = snapshots.store(service).files(workspace.id, node.code)
    if script not in {file.name for file in files}:
        raise bad_request(
            f"{spot_of(node)}: the script {script!r} is not in its source directory (or .amlignore leaves it out)",
            "ScriptNotFound",
        )


def _check_sweep(node: Node) -> None:
    if node.kind == "sweep":
        try:
            sweep_checks.check(node)
        except PlanError as error:
            raise bad_request(f"{spot_of(node)}: {error}", "InvalidSweep") from error


def _check_processes(node: Node) -> None:
    if distribution.process_count(node) > MOST_PROCESSES:
        raise bad_request(
            f"{spot_of(node)} wants {distribution.process_count(node)} processes; amlbridge starts at most "
            f"{MOST_PROCESSES} for a step",
            "DistributionNotSupported",
        )


def _check_places(node: Node) -> None:
    """What ``path_on_compute`` may name: a folder of the step's own, for an input also one below ``/tmp``. On Azure the
    machine is the step's, here it is the user's."""
    for name, item in node.inputs.items():
        path = item.path_on_compute
        if path and item.mode in ("mount", "download") and not _is_own(path):
            below = PurePosixPath(path)
            if not below.is_absolute() or ".." in below.parts or not below.parent.is_relative_to("/tmp"):
                raise bad_request(
                    f"{spot_of(node)} input {name!r}: path_on_compute {path!r} is neither a relative path nor one "
                    "below /tmp; other folders of this machine are left alone: use one of these, or leave it out",
                    "PathNotAllowed",
                )
    for name, output in node.options.get("outputs", {}).items():
        path = output.get("path_on_compute")
        if path and not _is_own(path):
            raise bad_request(
                f"{spot_of(node)} output {name!r}: the path on the compute, {path!r}, must be a relative path here: "
                "it lies in the step's working folder",
                "PathNotAllowed",
            )


def _is_own(path: str) -> bool:
    parts = PurePosixPath(path)
    return not parts.is_absolute() and ".." not in parts.parts and bool(parts.parts)


def _check_transformations(node: Node) -> None:
    read = [(f"input {name!r}", item.transformations) for name, item in node.inputs.items()]
    made = [(f"output {name!r}", item.registration) for name, item in node.outputs.items()]
    read += [(name, registration.transformations) for name, registration in made if registration is not None]
    for name, content in read:
        try:
            dprep_blocks.to_transformations(dataflow.blocks_of(content))
        except ServiceError as error:
            raise bad_request(f"{spot_of(node)} {name}: {error.message}", error.code) from error


def _check_data(service: Service, workspace: Workspace, references: Iterable[DataReference], spot: str) -> None:
    for reference in references:
        if reference.uri.startswith(_SAVED):
            try:
                dataset_records.saved(service, workspace, reference.uri.removeprefix(_SAVED))
            except ServiceError as error:
                raise bad_request(f"{spot}: {error.message}", "DatasetNotFound") from error
        elif reference.uri.startswith(_STORE):
            store, _, path = reference.uri.removeprefix(_STORE).partition("/paths/")
            _check_path(service, workspace, store, path, spot)


def _check_path(service: Service, workspace: Workspace, store: str, path: str, spot: str) -> None:
    try:
        storage.resolve(service, workspace, store, path)
    except ServiceError as error:
        raise bad_request(f"{spot}: {error.message}", "DatastoreNotFound") from error
    except InvalidNameError as error:
        raise bad_request(f"{spot}: {error}", "InvalidPath") from error
