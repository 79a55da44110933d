"""Runs Plans: a step starts the moment its inputs exist and there is room for it.

The scheduler lives in a thread with an event loop of its own. Everything it knows is in the records: a transition is
written before anyone is told, so a killed service comes back and goes on (:meth:`Scheduler.recover`).
"""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import threading
import uuid
from collections import deque
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from amlbridge.engine import child_runs, kinds, plan_checks, plan_json, recovery, subpipelines
from amlbridge.engine.control import Controller
from amlbridge.engine.errors import ConflictError, StateError, StorageError
from amlbridge.engine.execution import Execution, Step, StepState
from amlbridge.engine.host import Host, StepContext
from amlbridge.engine.launch.base import Launch, Launcher
from amlbridge.engine.plan import DataReference, NodeKind, Plan, Scalar
from amlbridge.engine.records import runs as status
from amlbridge.engine.records.store import Records
from amlbridge.engine.slots import Slots
from amlbridge.engine.step_runner import ROOM_AGAIN, StepRunner
from amlbridge.engine.subpipelines import SubPipeline
from amlbridge.engine.sweep.controller import SweepController
from amlbridge.engine.traced import TracedRunner

log = logging.getLogger(__name__)
T = TypeVar("T")

#: How often a step is run again because the service was killed while it ran.
MOST_RESTARTS = 3
#: A pipeline without sub-pipelines.
NO_PARTS: Mapping[str, SubPipeline] = {}


class Scheduler:
    """Accepts Plans, runs their steps, records what happens.

    ``launcher`` starts processes; ``work`` is the folder for the steps' working folders; ``slots`` bounds how many
    nodes are in use at once (default: one for each core). ``traced``: steps are recorded and not run.
    """

    def __init__(
        self,
        records: Records,
        host: Host,
        launcher: Launcher,
        work: Path,
        *,
        slots: int | None = None,
        traced: bool = False,
    ) -> None:
        self.records = records
        self._host = host
        self._launcher = launcher
        self._slots = Slots(slots or os.cpu_count() or 1, host.max_nodes)
        controllers: dict[NodeKind, Controller] = {"sweep": SweepController(records, host, self, records.clock)}
        runner = TracedRunner if traced else StepRunner
        self._runner = runner(records, host, launcher, work, controllers)
        self._executions: dict[tuple[str, str], Execution] = {}
        self._waiting: deque[tuple[Execution, Step]] = deque()
        #: How many of the executions have a parent.
        self._children = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._unwritten: deque[Callable[[], None]] = deque()

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
        user_logs: bool = False,
        parts: Mapping[str, SubPipeline] = NO_PARTS,
    ) -> dict[str, str]:
        """Records a pipeline run and a run for each of its nodes, durably, then starts it.

        ``parameters`` and ``data_parameters`` override the Plan's defaults; ``pipeline`` and ``steps`` (by node id) are
        further columns of the run records; ``user_logs`` as for :class:`StepContext`; ``parts`` are sub-pipelines by
        path, the outer ones first, which get runs of their own. Returns the run id of each node.
        Raises :class:`PlanError` when the Plan cannot run, :class:`ConflictError` when the run exists.
        """
        self._require_running()
        values = plan_checks.values(plan, parameters)
        data = plan_checks.data(plan, data_parameters)
        step_runs = {node.id: str(uuid.uuid4()) for node in plan_json.topological_order(plan)}
        plan_checks.check_runnable(plan)
        references = {name: [item.uri, item.type] for name, item in data.items()}
        execution: dict[str, Any] = {"parameters": values, "data": references}
        if user_logs:
            execution["user_logs"] = True
        names = {node.id: node for node in plan.nodes}
        part_runs = {path: str(uuid.uuid4()) for path in parts}
        above = {node_id: part_runs[path] for path, part in parts.items() for node_id in part.nodes}
        with self.records.database.write():
            plan_id = self.records.plans.add(plan)
            first = {**pipeline, "id": run_id, "kind": "pipeline", "plan_id": plan_id, "execution": execution}
            rows = [{"status": status.RUNNING, "started": self.records.clock(), **first}]
            rows += subpipelines.rows(run_id, parts, part_runs)
            for node_id, step_run in step_runs.items():
                label = {"name": names[node_id].name, "display_name": names[node_id].name}
                target = names[node_id].resources.compute or plan.settings.default_compute
                parent = above.get(node_id, run_id)
                own = {"id": step_run, "kind": "step", "parent_id": parent, "node_id": node_id, "target": target}
                if not tuple(names[node_id].dependencies()):
                    own["status"] = status.QUEUED
                rows.append({**label, "script": names[node_id].command.script, **steps.get(node_id, {}), **own})
            self.records.runs.add_many(workspace_id, experiment_id, rows)
        workspace = self.records.workspaces.get(workspace_id)
        made = Execution.of(workspace, experiment_id, run_id, plan, step_runs, values, data)
        made.parent_id = pipeline.get("parent_id")
        parents = {row["id"]: row.get("parent_id") for row in rows}
        made.groups = subpipelines.groups(
            made.steps.values(), dict.fromkeys(part_runs.values(), status.NOT_STARTED), parents
        )
        made.user_logs = user_logs
        for step in made.steps.values():
            step.told_queued = not tuple(step.node.dependencies())
        self._begin(made)
        return step_runs

    def submit_single(
        self, workspace_id: str, experiment_id: str, run_id: str, plan: Plan, *, kind: str, columns: Mapping[str, Any]
    ) -> None:
        """Records a run that is the one step of its Plan, durably, then starts it; ``columns`` are those of its record.

        Raises :class:`PlanError` when the Plan cannot run, :class:`ConflictError` when the run exists.
        """
        self._require_running()
        node = plan_checks.only_node(plan)
        with self.records.database.write():
            row = {"script": node.command.script, **columns, **self._single_columns(plan)}
            self.records.runs.add(workspace_id, experiment_id, run_id, kind, **row)
        self._begin_single(workspace_id, experiment_id, run_id, plan, columns.get("parent_id"))

    def start_recorded(self, workspace_id: str, run_id: str, plan: Plan, *, columns: Mapping[str, Any]) -> None:
        """Starts a run that its client has recorded before, as the one step of a Plan, and changes ``columns`` of it.

        Raises :class:`PlanError` when the Plan cannot run, :class:`ConflictError` when the run was started before.
        """
        self._require_running()
        plan_checks.only_node(plan)

        def begun(run: status.Run) -> dict[str, Any]:
            if run.plan_id is not None or run.finished:
                raise ConflictError(f"run {run_id} was started before")
            return {**columns, **self._single_columns(plan)}

        run = self.records.runs.change(workspace_id, run_id, begun)
        self._begin_single(workspace_id, run.experiment_id, run_id, plan, run.parent_id)

    def _single_columns(self, plan: Plan) -> dict[str, Any]:
        node = plan.nodes[0]
        target = node.resources.compute or plan.settings.default_compute
        own = {"plan_id": self.records.plans.add(plan), "node_id": node.id, "target": target}
        return {"status": status.QUEUED, **own}

    def _begin_single(
        self, workspace_id: str, experiment_id: str, run_id: str, plan: Plan, parent_id: str | None
    ) -> None:
        workspace, node = self.records.workspaces.get(workspace_id), plan.nodes[0]
        execution = Execution.of(workspace, experiment_id, run_id, plan, {node.id: run_id}, {}, {})
        execution.parent_id = parent_id
        execution.steps[node.id].told_queued = True
        self._begin(execution)

    def outline(self, workspace_id: str, experiment_id: str, run_id: str, plan: Plan) -> tuple[StepContext, Launch]:
        """What the one step of a Plan is started with when its client starts it. Raises :class:`EngineError`."""
        step_runs = {node.id: run_id for node in plan.nodes}
        workspace = self.records.workspaces.get(workspace_id)
        execution = Execution.of(workspace, experiment_id, run_id, plan, step_runs, {}, {})
        return self._runner.outline(execution, execution.steps[plan.nodes[0].id])

    def cancel(self, workspace_id: str, run_id: str) -> None:
        """Cancels a run of a Plan, one step of it, a sub-pipeline, or a child of a driven step; a finished run stays
        as it is.

        Raises :class:`amlbridge.engine.errors.NotFoundError`.
        """
        run = self.records.runs.get(workspace_id, run_id)
        if run.finished:
            return
        if run.kind == child_runs.TRIAL and self._cancel_trial(run):
            return
        own = run.plan_id is not None
        pipeline = run_id if own else self._pipeline_of(run)
        execution = self._executions.get((workspace_id, pipeline))
        if execution is None:
            now = self.records.clock()
            self.records.runs.set(workspace_id, run_id, status=status.CANCELED, ended=now)
            return
        asked = {"status": status.CANCEL_REQUESTED}
        # It may have ended since it was read: an end is never taken back.
        self.records.runs.change(workspace_id, run_id, lambda current: {} if current.finished else asked)
        self._call(self._cancel, execution, None if own else _steps_of(execution, run_id))

    def _cancel_trial(self, run: status.Run) -> bool:
        if run.parent_id is None or not self._runner.cancel_child(run.workspace_id, run.parent_id, run.id):
            return False
        asked = {"status": status.CANCEL_REQUESTED}
        self.records.runs.change(run.workspace_id, run.id, lambda current: {} if current.finished else asked)
        return True

    def _pipeline_of(self, run: status.Run) -> str:
        """The run of the Plan that a step or a sub-pipeline belongs to; a run of its own for any other run."""
        if run.parent_id is None:
            return run.id
        parent = self.records.runs.get(run.workspace_id, run.parent_id)
        return self._pipeline_of(parent) if parent.is_subpipeline else parent.id

    def recover(self) -> list[str]:
        """Goes on with every run of a Plan that was not finished when the service went away.

        Finished steps stay finished; a step that was running is run again (its processes are ended first). Returns the
        ids of the runs. To be called once, after :meth:`start`.
        """
        resumed = recovery.executions(self.records, self._runner.end_leftovers)
        self._executions |= {execution.key: execution for execution in resumed}
        # All are known before the first one goes on: it may be the parent of others.
        for execution in resumed:
            self._begin(execution)
        return [execution.run_id for execution in resumed]

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

    # -- runs below a step (engine.control.Submitter) -----------------------------------------------------------------

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
        """Starts a run below a step or goes on with it: see :class:`amlbridge.engine.control.Submitter`."""
        workspace = parent.workspace.id
        run = self.records.runs.find(workspace, run_id)
        if run is None:
            found = {**columns, "parent_id": step.run_id}
            self.submit_single(workspace, parent.experiment_id, run_id, plan, kind=kind, columns=found)
        execution = self._executions.get((workspace, run_id))
        if execution is None:
            # It has ended: one that has not is known since the service started.
            ended()
            return
        execution.ended.append(ended)

    def cancel_child(self, workspace_id: str, run_id: str, reason: str) -> None:
        """Cancels a run below a step."""
        execution = self._executions.get((workspace_id, run_id))
        if execution is not None:
            self._cancel(execution, None, reason=reason)

    def _call(self, function: Callable[..., object], *arguments: Any) -> None:
        self._require_running().call_soon_threadsafe(function, *arguments)

    def _begin(self, execution: Execution) -> None:
        self._executions[execution.key] = execution
        self._call(self._started, execution)

    def _started(self, execution: Execution) -> None:
        self._children += execution.parent_id is not None
        if execution.plan.settings.timeout is not None:
            execution.timer = asyncio.get_running_loop().call_later(
                execution.plan.settings.timeout, self._time_is_up, execution
            )
        if execution.cancelled:
            self._cancel(execution, None)
        for group in execution.groups.values():
            if group.recorded == status.CANCEL_REQUESTED:
                self._cancel(execution, _steps_of(execution, group.run_id))
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
        ready = list(execution.take_ready())
        self._waiting.extend((execution, step) for step in ready)
        self._dispatch()
        for step in ready:
            if step.state is StepState.QUEUED and not step.told_queued:
                step.told_queued = True
                self._record_queued(execution, step)
        self._follow(execution)
        if execution.finished and execution.key in self._executions:
            self._finish(execution)

    def _follow(self, execution: Execution) -> None:
        """Records what has become of the sub-pipelines."""
        now = self.records.clock() if execution.groups else 0.0
        for group in execution.groups.values():
            values = group.change(now)
            if values:
                self._write(functools.partial(self.records.runs.set, execution.workspace.id, group.run_id, **values))

    def _dispatch(self) -> None:
        """Starts waiting steps in order, as far as there is room; one whose compute is full does not hold up others."""
        without_room: list[tuple[Execution, Step]] = []
        too_many: dict[tuple[str, str | None], int] = {}
        parents = self._parents()
        while self._waiting and not self._slots.full(idle=parents):
            execution, step = self._waiting.popleft()
            if step.state is not StepState.QUEUED:
                continue
            compute = step.node.resources.compute or execution.plan.settings.default_compute
            place, nodes = (execution.workspace.id, compute), _nodes(step)
            if nodes >= too_many.get(place, nodes + 1) or not self._slots.take(*place, nodes, idle=parents):
                too_many[place] = min(nodes, too_many.get(place, nodes))
                without_room.append((execution, step))
                continue
            step.state = StepState.RUNNING
            self._follow(execution)
            task = asyncio.get_running_loop().create_task(self._run(execution, step, compute))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._waiting.extendleft(reversed(without_room))

    def _parents(self) -> int:
        """How many running steps have submitted runs that are under way: they mostly wait for these, and would wait
        for ever if they held the only slots."""
        if not self._children:
            return 0
        executions = list(self._executions.values())
        wanted = {execution.parent_id for execution in executions}
        running = (step for execution in executions for step in execution.running() if _nodes(step))
        return sum(step.run_id in wanted for step in running)

    async def _run(self, execution: Execution, step: Step, compute: str | None) -> None:
        try:
            if step.restarts > MOST_RESTARTS and step.node.kind not in kinds.CONTROLLED:
                await self._runner.give_up(execution, step)
            else:
                await self._runner.run(execution, step)
        finally:
            self._slots.give_back(execution.workspace.id, compute, _nodes(step))
        if self._stopping:
            return
        if step.state is StepState.FAILED and not execution.plan.settings.continue_on_failure:
            execution.stopped = True
            for other in execution.running():
                other.cancel_reason = f"step {step.node.name!r} failed"
                await self._runner.cancel(other)
        self._advance(execution)

    def _cancel(
        self,
        execution: Execution,
        step_runs: Collection[str] | None,
        failed: bool = False,
        reason: str = "the run was cancelled",
    ) -> None:
        """Ends all steps, or those of these runs; the others of the run settle as their dependencies tell."""
        if step_runs is None:
            execution.cancelled = not failed
            execution.stopped = True
        for step in execution.steps.values():
            if step_runs is not None and step.run_id not in step_runs:
                continue
            if step.state is StepState.RUNNING:
                step.cancel_reason = "the time of the pipeline is up" if failed else reason
                task = asyncio.get_running_loop().create_task(self._runner.cancel(step))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            elif step_runs is not None and not step.state.final:
                step.state = StepState.CANCELED
                self._record_settled(execution, step)
        self._advance(execution)

    def _record_settled(self, execution: Execution, step: Step) -> None:
        error = {"code": "NotRun", "message": step.cancel_reason or "the run was cancelled before this step started"}
        values = {"status": status.CANCELED, "ended": self.records.clock(), "error": error}
        self._write(lambda: self.records.runs.set(execution.workspace.id, step.run_id, **values))

    def _record_queued(self, execution: Execution, step: Step) -> None:
        try:
            self.records.runs.set(execution.workspace.id, step.run_id, status=status.QUEUED)
        except StorageError as error:
            log.warning("run %s: %s", step.run_id, error)  # it will be told that it runs, or how it ended

    def _write(self, write: Callable[[], None]) -> None:
        """Records an end, in the order of the calls; on a full disk as soon as there is room."""
        self._unwritten.append(write)
        if len(self._unwritten) == 1:
            self._write_all()

    def _write_all(self) -> None:
        while self._unwritten:
            try:
                self._unwritten[0]()
            except StorageError as error:
                log.error("%s: trying again every %s s", error, ROOM_AGAIN)  # no mistake of ours
                asyncio.get_running_loop().call_later(ROOM_AGAIN, self._write_all)
                return
            self._unwritten.popleft()

    def _finish(self, execution: Execution) -> None:
        if execution.timer is not None:
            execution.timer.cancel()
        if not execution.ending:
            execution.ending = True
            self._write(lambda: self._record_finish(execution))

    def _record_finish(self, execution: Execution) -> None:
        if not execution.single:
            state = execution.final_status()
            error = execution.error or execution.first_error()
            values = {
                "status": state,
                "ended": self.records.clock(),
                "error": error if state == status.FAILED else None,
            }
            self.records.runs.set(execution.workspace.id, execution.run_id, **values)
        del self._executions[execution.key]
        self._children -= execution.parent_id is not None
        execution.done.set()
        for told in execution.ended:
            told()

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


def _steps_of(execution: Execution, run_id: str) -> tuple[str, ...]:
    """The runs of a sub-pipeline's steps; of a step itself."""
    group = execution.groups.get(run_id)
    return tuple(step.run_id for step in group.steps) if group is not None else (run_id,)


def _nodes(step: Step) -> int:
    """How many nodes a step holds while it runs."""
    return 0 if step.node.kind in kinds.CONTROLLED else step.node.resources.nodes
