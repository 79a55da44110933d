"""What the engine asks of the service when it looks for an earlier run of a step, and when it takes one."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from amlbridge.engine.content_digest import files_below
from amlbridge.engine.errors import EngineError
from amlbridge.engine.host import StepContext
from amlbridge.engine.plan import DataReference
from amlbridge.engine.records.reuse import Candidate
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.server import job_steps, reused_sweeps
from amlbridge.server.linked_files import link
from amlbridge.v1 import dataflow, dataset_paths, dataset_records
from amlbridge.v2.jobs.assets import WEB
from amlbridge.wire import storage
from amlbridge.wire.context import Service

_STORE = "azureml://datastores/"
_DATASET = "azureml://saved_datasets/"
#: What an installed package leaves beside its code, under its name and version.
_MARKS = (".dist-info", ".egg-info", ".egg-link")
#: (Folder, its modification time)… -> the interpreter: a folder changes when something is installed into it.
_known: dict[tuple[tuple[Path, int], ...], str] = {}


def interpreter() -> str:
    """The version of Python and a digest of the names and versions of the installed packages.

    A package that is installed in place (``pip install -e``) is known by its name only: a change of its code is no
    change here. In Azure such code is part of the image.
    """
    folders = [Path(folder) for folder in sys.path if folder.endswith(("site-packages", "dist-packages"))]
    state = tuple((folder, folder.stat().st_mtime_ns) for folder in folders if folder.is_dir())
    if state not in _known:
        names = [path.name for folder, _ in state for path in folder.iterdir() if path.suffix in _MARKS]
        digest = hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:16]
        _known.clear()
        _known[state] = f"Python {'.'.join(map(str, sys.version_info[:3]))}, packages {digest}"
    return _known[state]


def input_files(service: Service, workspace: Workspace, reference: DataReference) -> Iterable[tuple[str, Path]]:
    """The files of an input by name; of a URL, those of this machine that stand for it. Raises :class:`EngineError` and
    4xx :class:`~amlbridge.wire.errors.ServiceError` when they cannot be known, as those in a database."""
    if reference.uri.startswith(_DATASET):
        made = dataset_records.saved(service, workspace, reference.uri.removeprefix(_DATASET))
        items = dataset_paths.files(service, workspace, dataflow.load(made.yaml))
        return [(item.relative, item.path) for item in items]
    if reference.uri.startswith(WEB):
        return files_below(job_steps.web_path(service, "data", reference.uri))
    if not reference.uri.startswith(_STORE):
        raise EngineError(f"what {reference.uri} holds cannot be known here")
    store, _, path = reference.uri.removeprefix(_STORE).partition("/paths/")
    return files_below(storage.resolve(service, workspace, store, path))


def take(service: Service, context: StepContext, original: Candidate) -> dict[str, str]:
    """Gives a step the artifacts of its original, the log with a line that says so. Returns the properties by which the
    v1 client knows a reused step (``StepRun._from_dto`` and its table of steps read them)."""
    account = context.workspace.storage_account
    source = service.blobs.path(account, "azureml", f"ExperimentRun/dcid.{original.run_id}")
    target = service.blobs.path(account, "azureml", f"ExperimentRun/dcid.{context.run_id}")
    for name, path in files_below(source):
        if name == context.log:
            continue
        link(path, target / name)
    _log(source / context.log, target / context.log, service.blobs.staging(), original)
    _register(service, context, original)
    _copy_lineage(service, context, original)
    reused_sweeps.take(service, context, original)
    pipeline = _pipeline_of(original) or original.run_id
    return {
        "azureml.isreused": "true",
        "azureml.reusedrunid": original.run_id,
        "azureml.reusednodeid": original.node_id or "",
        "azureml.reusedpipeline": pipeline,
        "azureml.reusedpipelinerunid": pipeline,
    }


def _log(source: Path, target: Path, aside: Path, original: Candidate) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with aside.open("wb") as file:
        found = _pipeline_of(original)
        pipeline = f" of the pipeline run {found}" if found else ""
        file.write(
            f"amlbridge: not run again: reused from run {original.run_id}{pipeline}, whose log this is:\n".encode()
        )
        if source.is_file():
            with source.open("rb") as log:
                shutil.copyfileobj(log, file)
    aside.replace(target)


def _pipeline_of(original: Candidate) -> str | None:
    """The pipeline run that a step belongs to, also one that stands in a sub-pipeline."""
    return original.properties.get("azureml.pipelinerunid") or original.pipeline_run_id


def _copy_lineage(service: Service, context: StepContext, original: Candidate) -> None:
    """The datasets that the original has written (:mod:`amlbridge.wire.run_lineage`) are the step's."""
    workspace = context.workspace.id
    written = service.records.runs.get(workspace, original.run_id).extra.get("outputDatasets")
    if written:
        service.records.runs.change(
            workspace, context.run_id, lambda run: {"extra": {**run.extra, "outputDatasets": written}}
        )


def _register(service: Service, context: StepContext, original: Candidate) -> None:
    """The original's datasets stay as they are; one that somebody has unregistered since is registered again."""
    for name, output in context.node.outputs.items():
        wanted = output.registration
        if wanted is not None and job_steps.register_again(service, context, original, name, output):
            continue
        if wanted is not None and dataset_records.find(service, context.workspace, wanted.name) is None:
            place = original.execution["outputs"][name]
            dataset_paths.register_output(service, context.workspace, wanted, place["datastore"], place["path"])
