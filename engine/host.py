"""What the engine asks of the service around it, so that it need know neither HTTP nor Azure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from amlbridge.engine import distribution
from amlbridge.engine.plan import DataReference, Input, Json, Node, Output, Scalar
from amlbridge.engine.records.reuse import Candidate
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.engine.sweep.settings import SweepSettings

#: The log of a step, as the services name it: standard output and standard error, as they come.
DRIVER_LOG = "azureml-logs/70_driver_log.txt"
#: The same of a run that is its own single step. The v1 client prints both names, so that a run must have only one.
SCRIPT_LOG = "user_logs/std_log.txt"
#: The logs of the processes of a distributed step, and of a distributed run. While they run, the v1 client prints the
#: one of number 0 (``ScriptRun._output_logs_pattern``, ``_get_last_log_primary_instance``).
RANK_DRIVER_LOG = "azureml-logs/70_driver_log_{}.txt"
RANK_SCRIPT_LOG = "user_logs/std_log_process_{:02}.txt"
#: What a sweep tells while it runs; both clients print it (``HyperDriveRun``, ``SWEEP_JOB_LOG_PATTERN``).
SWEEP_LOG = "azureml-logs/hyperdrive.txt"


@dataclass(frozen=True)
class OutputPlace:
    """Where an output lies: ``path`` on ``datastore``, in the file system at ``final``.

    ``staged`` is where the step writes when the output is moved to its place only at the end; None: directly.
    ``address``: where it is for work that happens elsewhere (the kind databricks).
    """

    datastore: str
    path: str
    final: Path
    staged: Path | None = None
    address: str = ""

    @property
    def written(self) -> Path:
        """The path that the step is given."""
        return self.staged or self.final

    @property
    def uri(self) -> str:
        """The place as the URI of a data reference."""
        return f"azureml://datastores/{self.datastore}/paths/{self.path}"


@dataclass
class StepContext:
    """One attempt of one step. ``inputs`` and ``outputs`` fill up while the step is prepared."""

    workspace: Workspace
    experiment_id: str
    pipeline_run_id: str
    run_id: str
    node: Node
    parameters: Mapping[str, Scalar]
    work: Path
    attempt: int = 1
    inputs: dict[str, str] = field(default_factory=dict)
    references: dict[str, DataReference] = field(default_factory=dict)
    outputs: dict[str, OutputPlace] = field(default_factory=dict)
    #: The inputs that the step's driver wants as tables: see :meth:`Host.table`.
    tables: dict[str, Json] = field(default_factory=dict)
    #: The log of a step of a pipeline is called as that of a run that is its own step: SDK v2 knows only that name.
    user_logs: bool = False
    #: The step is a shell line that runs as a Python program (:mod:`amlbridge.engine.console_scripts`).
    as_program: bool = False
    #: Links outside of the step's own folders that are removed when it has ended.
    links: list[Path] = field(default_factory=list)
    #: The interpreter that runs the step; known once its environment is there.
    python: str | None = None
    #: Whether somebody wants the step to end; may become true at any time.
    canceled: Callable[[], bool] = lambda: False

    def remove_links(self) -> None:
        """Removes :attr:`links`, but for one that is no longer ours."""
        while self.links:
            link = self.links.pop()
            if link.is_symlink() and link.readlink().is_relative_to(self.scratch):
                link.unlink()

    @property
    def scratch(self) -> Path:
        """A folder beside ``work`` for what the step is given besides its code; made by who puts something there."""
        return self.work.with_name(f"{self.run_id}.inputs")

    @property
    def log(self) -> str:
        """The artifact that holds what the step prints; of a distributed one, what its first process prints."""
        if self.node.kind == "sweep":
            return SWEEP_LOG
        if distribution.process_count(self.node) > 1:
            return self.rank_log(0)
        return SCRIPT_LOG if self._is_user_log else DRIVER_LOG

    @property
    def _is_user_log(self) -> bool:
        return self.user_logs or self.run_id == self.pipeline_run_id

    def rank_log(self, rank: int) -> str:
        """The artifact that holds what one process of a distributed step prints."""
        return (RANK_SCRIPT_LOG if self._is_user_log else RANK_DRIVER_LOG).format(rank)


class Host(Protocol):
    """The service as the engine sees it. Errors are :class:`amlbridge.engine.errors.EngineError`: the step fails with
    their message."""

    def python_for(self, context: StepContext) -> str:
        """The interpreter of a step: the current one, or one of an environment that is built for it, which may take
        minutes."""

    @property
    def prelude(self) -> Path | None:
        """A Python file to run inside each Python step before its script."""

    def checkout(self, context: StepContext) -> None:
        """Fills ``context.work`` with the step's code."""

    def artifact(self, context: StepContext, name: str) -> Path:
        """Where the run's artifact of this name lies (``outputs``, ``logs``, a log file); its folder exists."""

    def child_artifact(self, context: StepContext, child_id: str, name: str) -> Path:
        """Where the artifact of this name of a child run of the step lies; its folder need not exist."""

    def wrote_table(self, context: StepContext, child_id: str, name: str) -> None:
        """Called when a child run of the step has a table (delimited text with a header) as its artifact of this name:
        its SDK finds it as a dataset. May be called again for the same one."""

    def input_value(self, context: StepContext, name: str, item: Input, reference: DataReference) -> str:
        """What an input is for the script: a local path, for a direct one the id that its SDK resolves, and for work
        that happens elsewhere an address."""

    def table(self, context: StepContext, name: str, item: Input, reference: DataReference) -> Json:
        """An input as the definition of a table over files of this machine: ``{"files": [{"path", "size"}],
        "transformations": [...], "tabular": bool}``; transformations are those of an MLTable, and without ``tabular``
        what they leave are files."""

    def output_place(self, context: StepContext, name: str, output: Output, path: str) -> OutputPlace:
        """Where an output goes; ``path`` is its template filled in."""

    def environment(self, context: StepContext) -> dict[str, str]:
        """The step's whole environment; inputs and outputs are known."""

    def completed(self, context: StepContext) -> None:
        """Called once the step has succeeded and its outputs are in place: registers them."""

    def interpreter(self, context: StepContext) -> str:
        """Identifies what runs the step, for reuse: the current interpreter and the packages that it has, or that an
        environment is built from the step's specification."""

    def code_files(self, context: StepContext, code: str) -> Mapping[str, str]:
        """The files of a code snapshot: name -> digest."""

    def data_path(self, context: StepContext, datastore: str, path: str) -> Path:
        """Where a path of a datastore lies, whether anything is there or not."""

    def input_files(self, context: StepContext, name: str, reference: DataReference) -> Iterable[tuple[str, Path]]:
        """The files that an input consists of, by name. An error when they cannot be known."""

    def reused(self, context: StepContext, original: Candidate) -> Mapping[str, str]:
        """Called when a step is not run because an earlier run of it is taken: gives it the artifacts of that run.
        Returns properties for its run. May be called again for the same step after a restart."""

    def sweep_columns(self, context: StepContext, settings: SweepSettings) -> dict[str, Any]:
        """The columns of the record of a sweep that is a run of its own below a step."""

    def trial_columns(
        self, context: StepContext, settings: SweepSettings, parameters: Mapping[str, Json]
    ) -> dict[str, Any]:
        """The columns of the record of one trial of a sweep, whose context is given."""

    def max_nodes(self, workspace_id: str, compute: str) -> int | None:
        """How many nodes a compute has at most; None when it is not known."""
