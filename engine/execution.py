"""One run of one Plan, in memory: which step is where. The scheduler's thread alone changes it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from amlbridge.engine.plan import DataReference, Node, Plan, Scalar
from amlbridge.engine.records import runs as status
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.engine.reuse_decision import Decision

if TYPE_CHECKING:
    from amlbridge.engine.subpipelines import Group


class StepState(str, Enum):
    """Where a step is; the values are the statuses of its run."""

    NOT_STARTED = status.NOT_STARTED
    QUEUED = status.QUEUED
    RUNNING = status.RUNNING
    COMPLETED = status.COMPLETED
    FAILED = status.FAILED
    CANCELED = status.CANCELED

    @property
    def final(self) -> bool:
        """Whether nothing more can happen to the step."""
        return self.value in status.TERMINAL


@dataclass
class Step:
    """One node of the run. ``outputs``: port -> {"datastore", "path"} once the step has started."""

    node: Node
    run_id: str
    workspace_id: str
    state: StepState = StepState.NOT_STARTED
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    attempts: int = 0
    restarts: int = 0
    #: The service was killed while this step ran: it runs again.
    interrupted: bool = False
    told_queued: bool = False
    cancel_reason: str | None = None
    error: dict[str, Any] | None = None
    #: Whether an earlier run was taken instead, and why; None before that was decided.
    reuse: Decision | None = None
    reused_properties: dict[str, str] = field(default_factory=dict)
    #: The run that made the outputs, when it is not this one.
    origin: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Workspace id and run id: users name runs, and two workspaces may have the same name."""
        return self.workspace_id, self.run_id

    def to_cancel(self) -> bool:
        """Whether somebody wants the step to end; may become true at any time."""
        return self.cancel_reason is not None


@dataclass
class Execution:
    """A run of a Plan with the values of its parameters."""

    workspace: Workspace
    experiment_id: str
    run_id: str
    plan: Plan
    steps: dict[str, Step]
    parameters: Mapping[str, Scalar]
    data: Mapping[str, DataReference]
    #: The run that this one was submitted for, if any; it may be waiting for this one.
    parent_id: str | None = None
    #: What the steps print goes where SDK v2 looks for it.
    user_logs: bool = False
    #: No further step starts.
    stopped: bool = False
    #: All steps are settled; the end is being recorded.
    ending: bool = False
    cancelled: bool = False
    error: dict[str, Any] | None = None
    timer: asyncio.TimerHandle | None = None
    #: The sub-pipelines by run id.
    groups: dict[str, Group] = field(default_factory=dict)
    done: threading.Event = field(default_factory=threading.Event)
    #: Called in the scheduler's loop when the end is recorded.
    ended: list[Callable[[], None]] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        workspace: Workspace,
        experiment_id: str,
        run_id: str,
        plan: Plan,
        step_runs: Mapping[str, str],
        parameters: Mapping[str, Scalar],
        data: Mapping[str, DataReference],
    ) -> Execution:
        """A fresh run; ``step_runs`` maps node ids to run ids."""
        steps = {node.id: Step(node, step_runs[node.id], workspace.id) for node in plan.nodes}
        return cls(workspace, experiment_id, run_id, plan, steps, parameters, data)

    @property
    def single(self) -> bool:
        """Whether the run is its own only step (a script run) and not the parent of its steps."""
        return any(step.run_id == self.run_id for step in self.steps.values())

    @property
    def key(self) -> tuple[str, str]:
        """Workspace id and run id."""
        return self.workspace.id, self.run_id

    def take_ready(self) -> Iterator[Step]:
        """Steps whose dependencies have all completed, each once; they become queued."""
        if self.stopped:
            return
        for step in self.steps.values():
            if step.state is StepState.NOT_STARTED and all(
                self.steps[other].state is StepState.COMPLETED for other in step.node.dependencies()
            ):
                step.state = StepState.QUEUED
                yield step

    def settle(self) -> Iterator[Step]:
        """Steps that will never start, because the run has stopped or a step before them did not complete."""
        changed = self.stopped or any(self._failed(step) for step in self.steps.values())
        while changed:
            changed = False
            for step in self.steps.values():
                if step.state not in (StepState.NOT_STARTED, StepState.QUEUED):
                    continue
                broken = next((other for other in self._before(step) if self._failed(other)), None)
                if broken is None and not self.stopped:
                    continue
                if broken is not None:
                    step.cancel_reason = f"step {broken.node.name!r}, which comes before it, did not complete"
                elif not self.cancelled:
                    step.cancel_reason = "an earlier step of the pipeline failed"
                step.state = StepState.CANCELED
                changed = True
                yield step

    def _before(self, step: Step) -> Iterator[Step]:
        return (self.steps[other] for other in step.node.dependencies())

    @staticmethod
    def _failed(step: Step) -> bool:
        return step.state in (StepState.FAILED, StepState.CANCELED)

    def running(self) -> list[Step]:
        """Steps that run now."""
        return [step for step in self.steps.values() if step.state is StepState.RUNNING]

    @property
    def finished(self) -> bool:
        """Whether every step is settled."""
        return all(step.state.final for step in self.steps.values())

    def final_status(self) -> str:
        """The status of the whole run, once it is finished."""
        states = {step.state for step in self.steps.values()}
        if self.cancelled and states != {StepState.COMPLETED}:
            return status.CANCELED
        return status.FAILED if self.error is not None else status_of(states)

    def first_error(self) -> dict[str, Any] | None:
        """The error of the first failed step, naming it."""
        return error_of(self.steps.values())


def status_of(states: Collection[StepState]) -> str:
    """The status of what consists of steps that have all ended."""
    if StepState.FAILED in states:
        return status.FAILED
    return status.CANCELED if StepState.CANCELED in states else status.COMPLETED


def error_of(steps: Iterable[Step]) -> dict[str, Any] | None:
    """The error of the first failed one of these steps, naming it."""
    for step in steps:
        if step.error is not None:
            message = f"step {step.node.name!r} failed: {step.error.get('message', '')}"
            return {**step.error, "message": message}
    return None
