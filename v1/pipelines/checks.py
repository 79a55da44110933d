"""What a pipeline needs from its workspace: what would fail later is refused when the pipeline is submitted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from amlbridge.engine.errors import InvalidNameError
from amlbridge.engine.plan import DataReference, Node, Plan
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.v1 import dataflow, dataset_records, dprep_blocks, snapshots
from amlbridge.wire import computes, storage
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError, bad_request

_STORE, _SAVED = "azureml://datastores/", "azureml://saved_datasets/"


def check(service: Service, workspace: Workspace, plan: Plan, data: Mapping[str, DataReference]) -> None:
    """Raises a 400 :class:`ServiceError` that names the step and what is missing: its compute, its script, a datastore
    or a dataset. ``data`` are the values of the data parameters."""
    for node in plan.nodes:
        _check_compute(service, workspace, plan, node)
        _check_script(service, workspace, node)
        check_node(service, workspace, node)
    for item in plan.data_parameters:
        reference = data.get(item.name, item.default)
        if reference is not None:
            _check_data(service, workspace, [reference], f"the data parameter {item.name!r}")


def check_node(service: Service, workspace: Workspace, node: Node) -> None:
    """What a step needs besides its compute and its script: :func:`check`."""
    _check_processes(node)
    spot = f"step {node.name!r}"
    _check_transformations(node)
    references = [item.source for item in node.inputs.values() if isinstance(item.source, DataReference)]
    _check_data(service, workspace, references, spot)
    for name, output in node.outputs.items():
        _check_path(service, workspace, output.datastore, output.path, f"{spot} output {name!r}")


def _check_compute(service: Service, workspace: Workspace, plan: Plan, node: Node) -> None:
    compute = node.resources.compute or plan.settings.default_compute
    if compute is None:
        raise bad_request(f"step {node.name!r} has no compute target: pass compute_target=", "ComputeTargetMissing")
    if not computes.exists(service, workspace, compute):
        raise bad_request(
            f"step {node.name!r}: there is no compute target {compute!r} in the workspace {workspace.name}: create it "
            "with ComputeTarget.create(), or name one that there is",
            "ComputeTargetNotFound",
        )


def _check_script(service: Service, workspace: Workspace, node: Node) -> None:
    script = node.command.script
    if script is None or node.kind != "command":
        return
    if node.code is None:
        raise bad_request(f"step {node.name!r} runs {script!r} but has no source directory", "ScriptNotFound")
    files = snapshots.store(service).files(workspace.id, node.code)
    if script not in {file.name for file in files}:
        raise bad_request(
            f"step {node.name!r}: the script {script!r} is not in its source directory (or .amlignore leaves it out)",
            "ScriptNotFound",
        )


def _check_processes(node: Node) -> None:
    """A step that wants several processes must not get one without being told."""
    distribution = node.distribution
    if distribution is None:
        return
    count = distribution.processes_per_node * node.resources.nodes
    # One worker needs no parameter server: the one that the client adds by default does not count.
    workers = distribution.options.get("workerCount", 1)
    servers = distribution.options.get("parameterServerCount", 0)
    count = max(count, workers, workers + servers if max(workers, servers) > 1 else 1)
    if count > 1:
        raise bad_request(
            f"step {node.name!r} wants {count} processes ({distribution.kind}): amlbridge starts one process for a "
            "step in this release; set the process and node counts to 1",
            "DistributionNotSupported",
        )


def _check_transformations(node: Node) -> None:
    read = [(f"input {name!r}", item.transformations) for name, item in node.inputs.items()]
    made = [(f"output {name!r}", item.registration) for name, item in node.outputs.items()]
    read += [(name, registration.transformations) for name, registration in made if registration is not None]
    for name, content in read:
        try:
            dprep_blocks.to_transformations(dataflow.blocks_of(content))
        except ServiceError as error:
            raise bad_request(f"step {node.name!r} {name}: {error.message}", error.code) from error


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
