"""The service as the engine sees it: implements :class:`amlbridge.engine.host.Host` with wire, v1 and v2."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from amlbridge.engine.blobs import check_name
from amlbridge.engine.environments.overlay_shims import Shims
from amlbridge.engine.environments.provider import BUILD_LOG
from amlbridge.engine.errors import EngineError, InvalidNameError, NotFoundError
from amlbridge.engine.host import OutputPlace, StepContext
from amlbridge.engine.plan import DataReference, Input, Json, Output
from amlbridge.engine.records.reuse import Candidate
from amlbridge.engine.snapshots import SnapshotStore
from amlbridge.engine.sweep.settings import SweepSettings
from amlbridge.server import (
    databricks_steps,
    engine_reuse,
    input_places,
    job_steps,
    step_environments,
    step_tables,
    table_inputs,
)
from amlbridge.v1 import dataset_paths, step_inputs, step_prelude
from amlbridge.wire import computes, run_lineage, step_environment, storage, sweeps
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError

_STORE = "azureml://datastores/"
_DATASET = "azureml://saved_datasets/"
_MOST_KNOWN = 1000


class EngineHost:
    """Gives steps their code, data and environment.

    ``client_variables`` lead their SDKs to the service; ``guard_variables(run_id)`` lead their other connections
    through the network guard.
    """

    def __init__(
        self,
        service: Service,
        snapshots: SnapshotStore,
        client_variables: Mapping[str, str],
        guard_variables: Callable[[str], Mapping[str, str]],
    ) -> None:
        self._service = service
        self._snapshots = snapshots
        self._guard_variables = guard_variables
        self._site = step_inputs.site(service.home / "site")
        self._shims = Shims(service.home / "shims", service.home / "environments")
        self._base = {**step_environment.inherited(), **client_variables}
        self._base["MLFLOW_REQUIREMENTS_INFERENCE_TIMEOUT"] = "1"
        # A log that shows what a step prints when it prints it; standard output is a file and would be held back.
        self._base["PYTHONUNBUFFERED"] = "1"
        self._experiments: dict[str, str] = {}
        #: The artifact folders of runs that are under way.
        self._artifacts: dict[str, Path] = {}

    @property
    def base_environment(self) -> dict[str, str]:
        """What all steps have in common, for the warm interpreters."""
        return dict(self._base)

    @property
    def python(self) -> str:
        """The interpreter that runs the service: the one that all packages are installed for."""
        return sys.executable

    def python_for(self, context: StepContext) -> str:
        """The current interpreter, the user's own, or one that uv builds; says so in the run while it does."""
        return step_environments.interpreter(
            self._service, context, self.artifact(context, BUILD_LOG), self._guard_variables(context.run_id)
        )

    @property
    def prelude(self) -> Path | None:
        """Flushes what the v1 SDK still holds when a script ends."""
        return Path(step_prelude.__file__)

    def checkout(self, context: StepContext) -> None:
        """Copies the step's snapshot into its working folder."""
        if context.node.code is not None:
            self._snapshots.checkout(context.workspace.id, context.node.code, context.work)

    def artifact(self, context: StepContext, name: str) -> Path:
        """A path below ``ExperimentRun/dcid.<run>`` of the workspace's artifact container."""
        run = self._artifacts.get(context.run_id)
        if run is None:
            account = context.workspace.storage_account
            run = self._service.blobs.path(account, "azureml", f"ExperimentRun/dcid.{context.run_id}")
            (run / context.log).parent.mkdir(parents=True, exist_ok=True)
            if len(self._artifacts) >= _MOST_KNOWN:
                self._artifacts.clear()
            self._artifacts[context.run_id] = run
        return run.joinpath(*check_name(name))

    def child_artifact(self, context: StepContext, child_id: str, name: str) -> Path:
        """A path below ``ExperimentRun/dcid.<child>`` of the workspace's artifact container."""
        account = context.workspace.storage_account
        run = self._service.blobs.path(account, "azureml", f"ExperimentRun/dcid.{child_id}")
        return run.joinpath(*check_name(name))

    def wrote_table(self, context: StepContext, child_id: str, name: str) -> None:
        """Saves a dataset of it, which ``child.get_details()["outputDatasets"]`` names."""
        path = f"ExperimentRun/dcid.{child_id}/{name}"
        saved = dataset_paths.saved_table(self._service, context.workspace, storage.ARTIFACTS, path)
        run_lineage.add_output(self._service, context.workspace, child_id, Path(name).stem, saved, "upload")

    def input_value(self, context: StepContext, name: str, item: Input, reference: DataReference) -> str:
        """A local path, or the id of a saved dataset for an input that the script reads through its SDK."""
        if context.node.kind == databricks_steps.KIND:
            return databricks_steps.input_address(self._service, context, name, reference)
        try:
            rows = table_inputs.rows(self._service, context, name, item, reference)
            return str(rows) if rows is not None else self._input_value(context, name, item, reference)
        except ServiceError as error:
            raise EngineError(f"input {name!r}: {error.message}") from error

    def _input_value(self, context: StepContext, name: str, item: Input, reference: DataReference) -> str:
        if reference.uri.startswith(_DATASET):
            saved = reference.uri.removeprefix(_DATASET)
            if item.mode == "direct":
                return saved
            path = dataset_paths.materialise(self._service, context.workspace, saved, context.scratch / name)
            return str(self._delivered(context, name, item, path))
        if reference.uri.lower().startswith(job_steps.WEB):
            if job_steps.is_direct(item):
                return reference.uri
            return str(self._delivered(context, name, item, job_steps.web_path(self._service, name, reference.uri)))
        if not reference.uri.startswith(_STORE):
            raise EngineError(f"input {name!r}: {reference.uri} cannot be read here")
        store, _, path_on_store = reference.uri.removeprefix(_STORE).partition("/paths/")
        if item.mode == "direct" and item.transformations is not None:
            return dataset_paths.saved_dataset_for_path(
                self._service, context.workspace, store, path_on_store, item.transformations
            )
        if job_steps.is_direct(item):
            return job_steps.direct_uri(context, reference, store, path_on_store)
        path = storage.resolve(self._service, context.workspace, store, path_on_store)
        if item.evaluated:
            uri = f"{_STORE}{store}/paths/{storage.normal(path_on_store)}"
            path = step_tables.listed_files(self._service, context, name, uri, path)
        return str(self._delivered(context, name, item, path))

    def _delivered(self, context: StepContext, name: str, item: Input, path: Path) -> Path:
        """The path that the script is given: a copy of its own, or a link to the data themselves.

        A link, because ``Model.register`` of azureml-core 1.61 refuses a path that does not begin with the path of the
        current folder (``Model._validate_model_path``), and the path of the scratch folder does.
        """
        if item.path_on_compute and item.mode in ("mount", "download") and path.exists():
            source = self._copied(context, name, path) if item.mode == "download" else path
            return input_places.put(context, name, item, source)
        if item.mode == "download":
            return self._copied(context, name, path)
        if item.mode != "mount" or not path.exists() or path.is_relative_to(context.scratch):
            return path
        link = context.scratch / f"{name}.mount" / path.name
        link.parent.mkdir(parents=True)
        link.symlink_to(path, target_is_directory=path.is_dir())
        return link

    def _copied(self, context: StepContext, name: str, path: Path) -> Path:
        """A copy for a downloaded input: the script may change it."""
        target = context.scratch / f"{name}.copy" / path.name
        if not path.exists():
            raise NotFoundError(f"input {name!r}: there is nothing at {path.name} to download")
        if target.parent.exists():
            shutil.rmtree(target.parent)
        target.parent.mkdir(parents=True)
        if path.is_dir():
            shutil.copytree(path, target)
        else:
            shutil.copy2(path, target)
        return target

    def table(self, context: StepContext, name: str, item: Input, reference: DataReference) -> Json:
        """A dataset of SDK v1 or an MLTable of SDK v2 as a table over files of this machine."""
        try:
            return step_tables.table(self._service, context, name, item, reference)
        except (ServiceError, InvalidNameError) as error:
            raise EngineError(f"input {name!r}: {error}") from error

    def output_place(self, context: StepContext, name: str, output: Output, path: str) -> OutputPlace:
        """A place on a datastore. What no other run can have written is staged: it appears whole or not at all."""
        try:
            final = storage.resolve(self._service, context.workspace, output.datastore, path)
        except ServiceError as error:
            raise EngineError(f"output {name!r}: {error.message}") from error
        if context.node.kind == databricks_steps.KIND:
            address = databricks_steps.address(self._service, context, f"output {name!r}", output.datastore, path)
            return OutputPlace(output.datastore, path, final, address=address)
        staged = None
        if "{run-id}" in output.path or output.mode == "upload":
            staged = self._service.blobs.root / ".staging" / f"{context.run_id}.{name}"
            if staged.is_dir():
                shutil.rmtree(staged)
        written = staged or final
        written.parent.mkdir(parents=True, exist_ok=True)
        if output.type in job_steps.FOLDERS:
            written.mkdir(exist_ok=True)
        return OutputPlace(output.datastore, path, final, staged)

    def environment(self, context: StepContext) -> dict[str, str]:
        """The inputs' variables give way to the rest: an input may be called PATH. The step's own come last."""
        env = {
            **step_inputs.variables(context),
            **job_steps.variables(context),
            **self._base,
            **self._guard_variables(context.run_id),
            **databricks_steps.variables(self._service, context),
            **step_environment.run_variables(self._service, context, self._experiment_name(context)),
            **step_environments.variables(self._service, context, self._base.get("PATH", "")),
            **context.node.variables,
        }
        env = step_inputs.with_paths(context, env, self._site)
        command = context.node.command.script is None and not context.as_program
        return self._shims.with_overlay(env, context.scratch, command=command)

    def _experiment_name(self, context: StepContext) -> str:
        key = context.experiment_id
        if key not in self._experiments:
            self._experiments[key] = self._service.records.experiments.get(context.workspace.id, key).name
        return self._experiments[key]

    def completed(self, context: StepContext) -> None:
        """Registers the outputs that ask for it: as assets for SDK v2, as datasets for v1."""
        for name, output in context.node.outputs.items():
            if output.registration is not None:
                try:
                    if job_steps.register(self._service, context, name, output):
                        continue
                except ServiceError as error:
                    raise EngineError(f"output {name!r} cannot be registered: {error.message}") from error
                place = context.outputs[name]
                saved = dataset_paths.register_output(
                    self._service, context.workspace, output.registration, place.datastore, place.path
                )
                run_lineage.add_output(self._service, context.workspace, context.run_id, name, saved, output.mode)

    def interpreter(self, context: StepContext) -> str:
        """The version of Python and what is installed for it; an environment that uv builds follows from its
        specification alone, which is told apart."""
        mode = step_environments.mode(self._service, context)
        return engine_reuse.interpreter() if mode == "current" else mode

    def code_files(self, context: StepContext, code: str) -> dict[str, str]:
        """The files of a snapshot and their digests."""
        return {file.name: file.sha256 for file in self._snapshots.files(context.workspace.id, code)}

    def data_path(self, context: StepContext, datastore: str, path: str) -> Path:
        """Where a path of a datastore lies."""
        try:
            return storage.resolve(self._service, context.workspace, datastore, path)
        except ServiceError as error:
            raise EngineError(error.message) from error

    def input_files(self, context: StepContext, name: str, reference: DataReference) -> Iterable[tuple[str, Path]]:
        """The files at a path of a datastore, or those that a dataset reads."""
        try:
            return engine_reuse.input_files(self._service, context.workspace, reference)
        except ServiceError as error:
            raise EngineError(f"input {name!r}: {error.message}") from error

    def reused(self, context: StepContext, original: Candidate) -> dict[str, str]:
        """Links the artifacts of the original; registers outputs whose datasets are no longer there."""
        try:
            return engine_reuse.take(self._service, context, original)
        except ServiceError as error:
            raise EngineError(error.message) from error

    def sweep_columns(self, context: StepContext, settings: SweepSettings) -> dict[str, Any]:
        """As run history keeps sweeps, for one that is a run of its own below the step."""
        run = self._service.records.runs.get(context.workspace.id, context.run_id)
        experiment = self._experiment_name(context)
        return sweeps.below_step(self._service, context.workspace, experiment, run, settings, context.node)

    def trial_columns(
        self, context: StepContext, settings: SweepSettings, parameters: Mapping[str, Json]
    ) -> dict[str, Any]:
        """As run history keeps the trials of a sweep."""
        run = self._service.records.runs.get(context.workspace.id, context.run_id)
        return sweeps.of_trial(run, settings, parameters)

    def max_nodes(self, workspace_id: str, compute: str) -> int | None:
        """The maximum of a compute's scale settings."""
        return computes.max_nodes(self._service, self._service.records.workspaces.get(workspace_id), compute)
