"""What the engine asks of the service around it, so that it need know neither HTTP nor Azure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from amlbridge.engine.plan import DataReference, Input, Node, Output, Scalar
from amlbridge.engine.records.workspaces import Workspace

#: The log of a step, as the services name it: standard output and standard error, as they come.
DRIVER_LOG = "azureml-logs/70_driver_log.txt"


@dataclass(frozen=True)
class OutputPlace:
    """Where an output lies: ``path`` on ``datastore``, in the file system at ``final``.

    ``staged`` is where the step writes when the output is moved to its place only at the end; None: directly.
    """

    datastore: str
    path: str
    final: Path
    staged: Path | None = None

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


class Host(Protocol):
    """The service as the engine sees it. Errors are :class:`amlbridge.engine.errors.EngineError`: the step fails with
    their message."""

    @property
    def python(self) -> str:
        """The interpreter of steps that run in the current environment."""

    @property
    def prelude(self) -> Path | None:
        """A Python file to run inside each Python step before its script."""

    def checkout(self, context: StepContext) -> None:
        """Fills ``context.work`` with the step's code."""

    def artifact(self, context: StepContext, name: str) -> Path:
        """Where the run's artifact of this name lies (``outputs``, ``logs``, a log file); its folder exists."""

    def input_value(self, context: StepContext, name: str, item: Input, reference: DataReference) -> str:
        """What an input is for the script: a local path, or for a direct one the id that its SDK resolves."""

    def output_place(self, context: StepContext, name: str, output: Output, path: str) -> OutputPlace:
        """Where an output goes; ``path`` is its template filled in."""

    def environment(self, context: StepContext) -> dict[str, str]:
        """The step's whole environment; inputs and outputs are known."""

    def completed(self, context: StepContext) -> None:
        """Called once the step has succeeded and its outputs are in place: registers them."""

    def max_nodes(self, workspace_id: str, compute: str) -> int | None:
        """How many nodes a compute has at most; None when it is not known."""
