"""Steps without a process of their own: a controller starts runs below the step and decides how it ends.

A controller is a coroutine in the scheduler's loop. It holds no node: the runs that it starts do. What it knows must
follow from the records, because after a restart of the service it is simply started again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from amlbridge.engine.execution import Execution, Step
from amlbridge.engine.host import StepContext
from amlbridge.engine.plan import DataReference, Plan


class Submitter(Protocol):
    """The scheduler, as a controller sees it. To be used in its loop alone."""

    def start_child(
        self,
        parent: Execution,
        step: Step,
        run_id: str,
        plan: Plan,
        *,
        kind: str,
        columns: Mapping[str, Any],
        ended: Callable[[], None],
    ) -> None:
        """Records and starts a run of one node below a step, or goes on with the one of this id; ``ended`` is called
        when its end is recorded, at once when it is."""

    def cancel_child(self, workspace_id: str, run_id: str, reason: str) -> None:
        """Cancels a run below a step; its error gives the reason. One that has ended stays as it is."""


class Controller(Protocol):
    """Runs the steps of one kind."""

    async def run(
        self, context: StepContext, execution: Execution, step: Step, sources: Mapping[str, str | DataReference]
    ) -> dict[str, Any] | None:
        """Runs a step; ``sources`` are its inputs: the texts of literals, and data. Fills ``context.outputs`` and
        ``step.outputs``. Returns the step's error, None when it succeeded."""

    def wake(self, step: Step) -> None:
        """Says that :meth:`Step.to_cancel` has changed."""
