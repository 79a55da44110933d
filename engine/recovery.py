"""The runs of Plans that were under way when the service went away, as the records tell of them."""

from __future__ import annotations

import logging
from collections.abc import Callable

from amlbridge.engine import subpipelines
from amlbridge.engine.errors import EngineError
from amlbridge.engine.execution import Execution, Step, StepState
from amlbridge.engine.plan import DataReference, Plan
from amlbridge.engine.records import runs as status
from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.store import Records

log = logging.getLogger(__name__)


def executions(records: Records, end_leftovers: Callable[[str, str], int]) -> list[Execution]:
    """Every run of a Plan that has not ended, ready to go on; one whose Plan cannot be read is recorded as failed.

    ``end_leftovers(workspace_id, run_id)`` ends processes of a step that outlived the service.
    """
    found = []
    for run in records.runs.unfinished():
        if run.plan_id is None:
            continue
        try:
            plan = records.plans.get(run.plan_id)
        except EngineError as problem:
            # One that cannot be read must not keep the service from starting.
            log.error("run %s cannot go on: %s", run.id, problem)
            error = {"code": "Interrupted", "message": f"the run could not be resumed: {problem}"}
            ended = {"status": status.FAILED, "ended": records.clock(), "error": error}
            records.runs.set(run.workspace_id, run.id, **ended)
            continue
        found.append(_execution(records, run, plan, end_leftovers))
    return found


def _execution(records: Records, run: Run, plan: Plan, end_leftovers: Callable[[str, str], int]) -> Execution:
    # A run with a node is that node's own run; its children are the user's.
    children = [run] if run.node_id else records.runs.parts(run.workspace_id, run.id)
    children = [child for child in children if child is run or child.plan_id is None]
    parts = [child for child in children if child.is_subpipeline]
    children = [child for child in children if not child.is_subpipeline]
    step_runs = {child.node_id: child.id for child in children if child.node_id}
    data = {name: DataReference(*item) for name, item in run.execution.get("data", {}).items()}
    workspace = records.workspaces.get(run.workspace_id)
    parameters = run.execution.get("parameters", {})
    execution = Execution.of(workspace, run.experiment_id, run.id, plan, step_runs, parameters, data)
    execution.parent_id = run.parent_id
    execution.user_logs = bool(run.execution.get("user_logs"))
    for child in children:
        if child.node_id is not None:
            _restore(execution.steps[child.node_id], child, end_leftovers)
    parents = {item.id: item.parent_id for item in (*children, *parts)}
    states = {part.id: part.status for part in parts}
    execution.groups = subpipelines.groups(execution.steps.values(), states, parents)
    execution.cancelled = run.status == status.CANCEL_REQUESTED
    return execution


def _restore(step: Step, run: Run, end_leftovers: Callable[[str, str], int]) -> None:
    step.attempts = run.execution.get("attempts", 0)
    step.restarts = run.execution.get("restarts", 0)
    if run.finished:
        step.state = StepState(run.status)
        step.outputs = run.execution.get("outputs", {})
        reuse = run.execution.get("reuse") or {}
        step.origin = reuse["candidate"] if reuse.get("hit") else None
    elif run.status not in (status.NOT_STARTED, status.QUEUED):
        end_leftovers(*step.key)
        # An attempt that the service cut off does not count as one of the step's own.
        step.attempts -= 1
        step.restarts += 1
        step.interrupted = True
