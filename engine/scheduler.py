"""Runs Plans: a step starts the moment its inputs exist and there is room for it.

The scheduler lives in a thread with an event loop of its own. Everything it knows is in the records: a transition is
written before anyone is told, so a killed service comes back and goes on (:meth:`Scheduler.recover`).
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from amlbridge.engine import plan_json
from amlbridge.engine.errors import PlanError, StateError
from amlbridge.engine.execution import Execution, Step, StepState
from amlbridge.engine.host import Host
from amlbridge.engine.launch.base import Launcher
from amlbridge.engine.plan import DataReference, Plan, Scalar
from amlbridge.engine.records import runs as status
from amlbridge.engine.records.store import Records
from amlbridge.engine.slots import Slots
from amlbridge.engine.step_runner import StepRunner

log = logging.getLogger(__name__)
T = TypeVar("T")

#: How often a step is run again because the service was killed while it ran.
MOST_RESTARTS = 3


class Scheduler:
    """Accepts Plans, runs their steps, records what happens.

    ``launcher`` starts processes; ``work`` is the folder for the steps' working folders; ``slots`` bounds how many
    nodes are in use at once (default: one for each core).
    """

    def __init__(
        self, records: Records, host: Host, launcher: Launcher, work: Path, *, slots: int | None = None
    ) -> None:
        self.records = records
        self._host = host
        self._launcher = launcher
        self._slots = Slots(slots or os.cpu_count() or 1, host.max_nodes)
        self._runner = StepRunner(records, host, launcher, work)
        self._executions: dict[tuple[str, str], Execution] = {}
        self._waiting: list[tuple[Execution, Step]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping = False

    # -- life cycle -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts the thread."""
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run_loop, args=(ready,), name="scheduler", daemon=True)
        self._thread.start()
        ready.wait()

    def _run_loop(self, ready: threading.Event) -> None:
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        ready.set()
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()

    def stop(self) -> None:
        """Ends running steps and the thread. What was running stays recorded as running: the next start resumes it."""
        if self._loop is None or self._thread is None:
            return
        self._stopping = True
        asyncio.run_coroutine_threadsafe(self._shut_down(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _shut_down(self) -> None:
        await self._runner.abandon_all()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._launcher.close()

    # -- what others call (from any thread) -------------------------------------------------------------------------

    def submit(
        self,
        workspace_id: str,
        experiment_id: str,
        run_id: str,
        plan: Plan,
        *,
        parameters: Mapping[str, Scalar],
        data_parameters: Mapping[str, DataReference],
        pipeline: Mapping[str, Any],
        steps: Mapping[str, Mapping[str, Any]],
    ) -> dict[str, str]:
        """Records a pipeline run and a run for each of its nodes, durably, then starts it.

        ``parameters`` and ``data_parameters`` override the Plan's defaults; ``pipeline`` and ``steps`` (by node id) are
        further columns of the run records. Returns the run id of each node. Raises :class:`PlanError` when the Plan
        cannot run, :class:`ConflictError` when the run exists.
        """
        self._require_running()
        values = _values(plan, parameters)
        data = _data(plan, data_parameters)
        step_runs = {node.id: str(uuid.uuid4()) for node in plan_json.topological_order(plan)}
        _check_runnable(plan)
        execution = {"parameters": values, "data": {name: [item.uri, item.type] for name, item in data.items()}}
        names = {node.id: node for node in plan.nodes}
        with self.records.database.write():
            plan_id = self.records.plans.add(plan)
            first = {**pipeline, "id": run_id, "kind": "pipeline", "plan_id": plan_id, "execution": execution}
            rows = [{"status": status.RUNNING, "started": self.records.clock(), **first}]
            for node_id, step_run in step_runs.items():
                label = {"name": names[node_id].name, "display_name": names[node_id].name}
                target = names[node_id].resources.compute or plan.settings.default_compute
                own = {"id": step_run, "kind": "step", "parent_id": run_id, "node_id": node_id, "target": target}
                rows.append({**label, "script": names[node_id].command.script, **steps.get(node_id, {}), **own})
            self.records.runs.add_many(workspace_id, experiment_id, rows)
        self._begin(
            Execution.of(
                self.records.workspaces.get(workspace_id), experiment_id, run_id, plan, step_runs, values, data
            )
        )
        return step_runs

    def cancel(self, workspace_id: str, run_id: str) -> None:
        """Cancels a pipeline run, or one step of it; a finished run stays as it is.

        Raises :class:`amlbridge.engine.errors.NotFoundError`.
        """
        run = self.records.runs.get(workspace_id, run_id)
        if run.finished:
            return
        pipeline = run_id if run.kind == "pipeline" else (run.parent_id or run_id)
        execution = self._executions.get((workspace_id, pipeline))
        if execution is None:
            now = self.records.clock()
            self.records.runs.set(workspace_id, run_id, status=status.CANCELED, ended=now)
            return
        self.records.runs.set(workspace_id, run_id, status=status.CANCEL_REQUESTED)
        self._call(self._cancel, execution, None if run.kind == "pipeline" else run_id)

    def recover(self) -> list[str]:
        """Goes on with every pipeline run that was not finished when the service went away.

        Finished steps stay finished; a step that was running is run again (its processes are ended first). Returns the
        ids of the pipeline runs. To be called once, after :meth:`start`.
        """
        resumed = []
        for run in self.records.runs.unfinished():
            if run.kind != "pipeline" or run.plan_id is None:
                continue
            plan = self.records.plans.get(run.plan_id)
            children = self.records.runs.children(run.workspace_id, run.id)
            step_runs = {child.node_id: child.id for child in children if child.node_id}
            data = {name: DataReference(*item) for name, item in run.execution["data"].items()}
            workspace = self.records.workspaces.get(run.workspace_id)
            execution = Execution.of(
                workspace, run.experiment_id, run.id, plan, step_runs, run.execution["parameters"], data
            )
            for child in children:
                if child.node_id is not None:
                    self._restore(execution.steps[child.node_id], child)
            if run.status == status.CANCEL_REQUESTED:
                execution.cancelled = True
            self._begin(execution)
            resumed.append(run.id)
        return resumed

    def _restore(self, step: Step, run: status.Run) -> None:
        step.attempts = run.execution.get("attempts", 0)
        step.restarts = run.execution.get("restarts", 0)
        if run.finished:
            step.state = StepState(run.status)
            step.outputs = run.execution.get("outputs", {})
        elif run.status not in (status.NOT_STARTED, status.QUEUED):
            self._runner.end_leftovers(step.run_id)
            # An attempt that the service cut off does not count as one of the step's own.
            step.attempts -= 1
            step.restarts += 1
            step.interrupted = True

    def wait(self, workspace_id: str, run_id: str, timeout: float | None = None) -> bool:
        """Waits in the calling thread until a pipeline run has ended. Returns False when the time (seconds) is up."""
        execution = self._executions.get((workspace_id, run_id))
        return True if execution is None else execution.done.wait(timeout)

    def busy(self) -> int:
        """How many pipeline runs are under way."""
        return len(self._executions)

    # -- inside the loop --------------------------------------------------------------------------------------------

    def _require_running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None or self._stopping:
            raise StateError("the service is stopping: submit again once it is up")
        return self._loop

    def _call(self, function: Callable[..., object], *arguments: Any) -> None:
        self._require_running().call_soon_threadsafe(function, *arguments)

    def _begin(self, execution: Execution) -> None:
        self._executions[execution.key] = execution
        self._call(self._started, execution)

    def _started(self, execution: Execution) -> None:
        if execution.plan.settings.timeout is not None:
            execution.timer = asyncio.get_running_loop().call_later(
                execution.plan.settings.timeout, self._time_is_up, execution
            )
        if execution.cancelled:
            self._cancel(execution, None)
        self._advance(execution)

    def _time_is_up(self, execution: Execution) -> None:
        execution.error = {
            "code": "Timeout",
            "message": f"the pipeline ran longer than {execution.plan.settings.timeout} s",
        }
        self._cancel(execution, None, failed=True)

    def _advance(self, execution: Execution) -> None:
        """Queues the steps that have become ready, settles those that never will, ends the run when all are settled."""
        for step in execution.settle():
            self._record_settled(execution, step)
        for step in execution.take_ready():
            self._waiting.append((execution, step))
        self._dispatch()
        if execution.finished and execution.key in self._executions:
            self._finish(execution)

    def _dispatch(self) -> None:
        """Starts waiting steps in order, as far as there is room; a step without room does not hold up the others."""
        still: list[tuple[Execution, Step]] = []
        for execution, step in self._waiting:
            if step.state is not StepState.QUEUED:
                continue
            compute = step.node.resources.compute or execution.plan.settings.default_compute
            if not self._slots.take(execution.workspace.id, compute, step.node.resources.nodes):
                if not step.told_queued:
                    step.told_queued = True
                    self.records.runs.set(execution.workspace.id, step.run_id, status=status.QUEUED)
                still.append((execution, step))
                continue
            step.state = StepState.RUNNING
            task = asyncio.get_running_loop().create_task(self._run(execution, step, compute))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._waiting = still

    async def _run(self, execution: Execution, step: Step, compute: str | None) -> None:
        try:
            if step.restarts > MOST_RESTARTS:
                self._runner.give_up(execution, step)
            else:
                await self._runner.run(execution, step)
        finally:
            self._slots.give_back(execution.workspace.id, compute, step.node.resources.nodes)
        if self._stopping:
            return
        if step.state is StepState.FAILED and not execution.plan.settings.continue_on_failure:
            execution.stopped = True
            for other in execution.running():
                other.cancel_reason = f"step {step.node.name!r} failed"
                await self._runner.cancel(other)
        self._advance(execution)

    def _cancel(self, execution: Execution, step_run: str | None, failed: bool = False) -> None:
        """Ends all steps, or one; the others of the run settle as their dependencies tell."""
        if step_run is None:
            execution.cancelled = not failed
            execution.stopped = True
        for step in execution.steps.values():
            if step_run not in (None, step.run_id):
                continue
            if step.state is StepState.RUNNING:
                step.cancel_reason = "the time of the pipeline is up" if failed else "the run was cancelled"
                task = asyncio.get_running_loop().create_task(self._runner.cancel(step))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            elif step_run is not None and not step.state.final:
                step.state = StepState.CANCELED
                self._record_settled(execution, step)
        self._advance(execution)

    def _record_settled(self, execution: Execution, step: Step) -> None:
        error = {"code": "NotRun", "message": step.cancel_reason or "the run was cancelled before this step started"}
        now = self.records.clock()
        self.records.runs.set(execution.workspace.id, step.run_id, status=status.CANCELED, ended=now, error=error)

    def _finish(self, execution: Execution) -> None:
        if execution.timer is not None:
            execution.timer.cancel()
        state = execution.final_status()
        error = execution.error or execution.first_error()
        values = {"status": state, "ended": self.records.clock(), "error": error if state == status.FAILED else None}
        self.records.runs.set(execution.workspace.id, execution.run_id, **values)
        del self._executions[execution.key]
        execution.done.set()

    def call_in_loop(self, function: Callable[[], T]) -> T:
        """Runs a function in the scheduler's thread and returns what it returns; for tests and status pages."""
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(function())
            except BaseException as error:  # noqa: BLE001  # handed to the caller's thread as it is
                future.set_exception(error)

        self._call(run)
        return future.result(30)


def _values(plan: Plan, given: Mapping[str, Scalar]) -> dict[str, Scalar]:
    known = {item.name: item for item in plan.parameters}
    unknown = sorted(given.keys() - known.keys())
    if unknown:
        raise PlanError(
            f"unknown parameter {', '.join(unknown)}; this pipeline has: {', '.join(sorted(known)) or 'none'}"
        )
    values = {name: given.get(name, item.default) for name, item in known.items()}
    missing = sorted(name for name, item in known.items() if item.required and name not in given)
    if missing:
        raise PlanError(f"the parameter {', '.join(missing)} has no default and needs a value")
    return values


def _data(plan: Plan, given: Mapping[str, DataReference]) -> dict[str, DataReference]:
    known = {item.name: item.default for item in plan.data_parameters}
    unknown = sorted(given.keys() - known.keys())
    if unknown:
        names = ", ".join(sorted(known)) or "none"
        raise PlanError(f"unknown data parameter {', '.join(unknown)}; this pipeline has: {names}")
    values = {}
    for name, default in known.items():
        reference = given.get(name, default)
        if reference is None:
            raise PlanError(f"the data parameter {name} has no default and needs a value")
        values[name] = reference
    return values


def _check_runnable(plan: Plan) -> None:
    for node in plan.nodes:
        if node.kind != "command":
            raise PlanError(f"step {node.name!r} is of kind {node.kind!r}, which this service cannot run yet")
