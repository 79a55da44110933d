"""Runs sweeps: chooses trials, starts each as a run of its own, stops what a policy gives up, and takes the best.

The trials' runs are called ``{sweep}_0``, ``{sweep}_1``, …; their records and the seed say all that a restart needs to
go on with the same trials. A sweep fails when all of its trials fail, and gives up when the first ones all do; a single
failure does not fail it. When its time is up, it completes with the best trial so far.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from amlbridge.engine.clock import Clock
from amlbridge.engine.control import Submitter
from amlbridge.engine.errors import EngineError
from amlbridge.engine.execution import Execution, Step
from amlbridge.engine.host import Host, StepContext
from amlbridge.engine.plan import DataReference, Node
from amlbridge.engine.records import runs as status
from amlbridge.engine.records.store import Records
from amlbridge.engine.sweep import outputs, policies, trials
from amlbridge.engine.sweep import settings as sweeps
from amlbridge.engine.sweep.journal import Journal
from amlbridge.engine.sweep.sampling import Parameters, Samples, seed_of
from amlbridge.engine.sweep.settings import SweepSettings
from amlbridge.engine.sweep.trial_state import Trial, best, reports

#: The kinds of the runs of sweeps and of trials.
KIND, TRIAL_KIND = "hyperdrive", "script"
#: Seconds between two looks at what the trials have logged. Only a policy and the news of a best trial depend on it.
_LOOK = 0.3
#: So many trials are chosen ahead. The v1 client shows the parameters that it has read while a sweep runs; those of the
#: last trials would be missing.
_AHEAD = 100
#: Why a sweep gives up whose trials fail one after the other.
_ALL_FAILED = "all trials have failed so far"
#: A sweep gives up when so many trials (or as many as run at once, if these are more) have failed and none has not.
_MOST_FAILURES = 3
#: So many trials are under way at once, whatever was asked: what has no core yet only waits.
_MOST_UNDER_WAY = max(16, 2 * (os.cpu_count() or 1))


@dataclass
class _Sweep:
    """One sweep while it runs."""

    context: StepContext
    execution: Execution
    step: Step
    node: Node
    settings: SweepSettings
    samples: Samples
    journal: Journal
    deadline: float | None
    wake: asyncio.Event
    trials: dict[int, Trial] = field(default_factory=dict)
    complete: bool = False
    stopped: str | None = None
    told: tuple[str, float] | None = None
    #: Trials that were chosen ahead and told of, by run id.
    ahead: dict[str, Parameters] = field(default_factory=dict)

    @property
    def most_running(self) -> int:
        """How many trials are under way at once."""
        return min(self.settings.max_concurrent, _MOST_UNDER_WAY)

    @property
    def running(self) -> list[Trial]:
        """The trials that have not ended."""
        return [trial for trial in self.trials.values() if trial.state is None]

    def failing(self) -> bool:
        """Whether nothing but failures is to be expected."""
        ended = [trial for trial in self.trials.values() if trial.state is not None]
        at_once = min(self.settings.max_concurrent, os.cpu_count() or 1)
        most = max(_MOST_FAILURES, at_once)
        return len(ended) >= most and all(trial.state == status.FAILED for trial in ended)


class SweepController:
    """The :class:`~amlbridge.engine.control.Controller` of sweeps."""

    def __init__(self, records: Records, host: Host, submitter: Submitter, clock: Clock) -> None:
        self._records = records
        self._host = host
        self._submitter = submitter
        self._clock = clock
        self._events: dict[tuple[str, str], asyncio.Event] = {}

    def wake(self, step: Step) -> None:
        """Lets a running sweep look whether it is cancelled."""
        event = self._events.get(step.key)
        if event is not None:
            event.set()

    async def run(
        self, context: StepContext, execution: Execution, step: Step, sources: Mapping[str, str | DataReference]
    ) -> dict[str, Any] | None:
        """Runs a sweep: see :class:`~amlbridge.engine.control.Controller`."""
        settings = sweeps.of(step.node)
        node = trials.settled(step.node, execution.parameters, sources)
        event = self._events[step.key] = asyncio.Event()
        try:
            if settings.nested is not None:
                return await self._run_below(context, execution, step, node, settings, event)
            return await self._run_here(context, execution, step, node, settings, event)
        finally:
            del self._events[step.key]

    # -- a sweep that is a run of its own below its step --------------------------------------------------------------

    async def _run_below(
        self,
        context: StepContext,
        execution: Execution,
        step: Step,
        node: Node,
        settings: SweepSettings,
        event: asyncio.Event,
    ) -> dict[str, Any] | None:
        run_id = f"{settings.nested}{uuid.uuid5(uuid.NAMESPACE_OID, step.run_id)}"
        ports = {name: replace(item, registration=None) for name, item in node.outputs.items()}
        inner = replace(
            node, outputs=ports, options={**node.options, sweeps.OPTION: replace(settings, nested=None).json()}
        )
        compute = node.resources.compute or execution.plan.settings.default_compute
        columns = self._host.sweep_columns(context, settings)
        self._submitter.start_child(
            execution, step, run_id, trials.plan(inner, compute), kind=KIND, columns=columns, ended=event.set
        )
        workspace = context.workspace.id
        while True:
            await event.wait()
            event.clear()
            run = self._records.runs.get(workspace, run_id)
            if run.finished:
                break
            if step.to_cancel():
                self._submitter.cancel_child(workspace, run_id, step.cancel_reason or "")
        if run.status != status.COMPLETED:
            return dict(run.error or {"code": "Failed", "message": f"the sweep {run_id} ended as {run.status}"})
        outputs.take(self._host, context, step, run.execution.get("outputs", {}))
        return None

    # -- a sweep ------------------------------------------------------------------------------------------------------

    async def _run_here(
        self,
        context: StepContext,
        execution: Execution,
        step: Step,
        node: Node,
        settings: SweepSettings,
        event: asyncio.Event,
    ) -> dict[str, Any] | None:
        run = self._records.runs.get(context.workspace.id, step.run_id)
        began = run.started if run.started is not None else self._clock()
        journal = Journal(self._records, context.workspace.id, step.run_id, self._host.artifact(context, context.log))
        samples = Samples(settings, seed_of(settings, step.run_id))
        deadline = began + settings.max_duration if settings.max_duration is not None else None
        sweep = _Sweep(context, execution, step, node, settings, samples, journal, deadline, event)
        journal.say("API", f"Sweep {step.run_id} has begun")
        await self._choose_ahead(sweep)
        try:
            await self._drive(sweep)
            return await self._end(sweep)
        except Exception:
            # The step is about to fail: what it has started must not go on without it.
            for trial in sweep.running:
                self._stop(sweep, trial, "the sweep has failed")
            raise

    async def _choose_ahead(self, sweep: _Sweep) -> None:
        if sweep.samples.sequential:
            return
        await asyncio.get_running_loop().run_in_executor(None, sweep.samples.get, _AHEAD - 1, [])
        for number, parameters in enumerate(sweep.samples.drawn[:_AHEAD]):
            sweep.ahead[_trial_id(sweep, number)] = parameters
        sweep.journal.sampled(sweep.ahead)

    async def _drive(self, sweep: _Sweep) -> None:
        """Returns when there is no trial left to run."""
        while True:
            sweep.wake.clear()
            self._look(sweep)
            self._stop_if_due(sweep)
            while sweep.stopped is None and not sweep.complete and len(sweep.running) < sweep.most_running:
                if not await self._start_next(sweep):
                    break
            if not sweep.running and (sweep.complete or sweep.stopped is not None):
                return
            timeout = _LOOK
            if sweep.deadline is not None and sweep.stopped is None:
                timeout = min(timeout, max(0.0, sweep.deadline - self._clock()))
            try:
                await asyncio.wait_for(sweep.wake.wait(), timeout)
            except asyncio.TimeoutError:
                continue

    def _stop_if_due(self, sweep: _Sweep) -> None:
        if sweep.stopped is not None:
            return
        if sweep.step.to_cancel():
            sweep.stopped = sweep.step.cancel_reason or "the run was cancelled"
        elif sweep.deadline is not None and self._clock() >= sweep.deadline:
            sweep.stopped = f"the sweep has run for its longest time, {sweep.settings.max_duration:g} s"
        elif sweep.failing():
            sweep.stopped = _ALL_FAILED
        else:
            return
        sweep.journal.say("CONTROLLER", f"Stopping: {sweep.stopped}", "WARNING")
        for trial in sweep.running:
            self._stop(sweep, trial, sweep.stopped)

    # -- trials -------------------------------------------------------------------------------------------------------

    async def _start_next(self, sweep: _Sweep) -> bool:
        """Starts the next trial; False when it cannot be chosen (yet)."""
        number = len(sweep.trials)
        first = [sweep.trials[index] for index in range(sweep.samples.known(number))]
        if any(trial.state is None for trial in first):
            return False
        results = [trial.result(sweep.settings) for trial in first]
        parameters = self._recorded(sweep, number)
        if parameters is None:
            choose = asyncio.get_running_loop().run_in_executor(None, sweep.samples.get, number, results)
            parameters = await choose
        if parameters is None:
            sweep.complete = True
            sweep.journal.all_sampled()
            sweep.journal.say("GENERATOR", f"All {number} trials are chosen")
            return False
        self._start(sweep, number, parameters)
        return True

    def _recorded(self, sweep: _Sweep, number: int) -> Parameters | None:
        """The parameters of a trial that was started before a restart of the service."""
        run = self._records.runs.find(sweep.context.workspace.id, _trial_id(sweep, number))
        found: Parameters | None = run.extra.get("hyperparameters") if run is not None else None
        return found

    def _start(self, sweep: _Sweep, number: int, parameters: Parameters) -> None:
        trial = Trial(number, _trial_id(sweep, number), parameters)
        node = trials.trial(sweep.node, sweep.settings, parameters)
        compute = node.resources.compute or sweep.execution.plan.settings.default_compute
        columns = self._host.trial_columns(sweep.context, sweep.settings, parameters)
        columns["extra"] = {**columns.get("extra", {}), "hyperparameters": dict(parameters)}
        if self._records.runs.find(sweep.context.workspace.id, trial.run_id) is None:
            if trial.run_id not in sweep.ahead:
                sweep.journal.sampled({trial.run_id: parameters})
            sweep.journal.say("SCHEDULER", f"Trial {trial.run_id} is submitted: {dict(parameters)}")
        self._submitter.start_child(
            sweep.execution,
            sweep.step,
            trial.run_id,
            trials.plan(node, compute),
            kind=TRIAL_KIND,
            columns=columns,
            ended=sweep.wake.set,
        )
        sweep.trials[number] = trial

    def _look(self, sweep: _Sweep) -> None:
        """Takes over what the trials have logged and how they have ended, applies the policy, tells of a new best."""
        workspace = sweep.context.workspace.id
        for trial in sweep.running:
            run = self._records.runs.get(workspace, trial.run_id)
            if run.started is None and not run.finished:
                continue
            # The metrics after the status: a trial that has ended logs nothing more.
            trial.reports = reports(
                self._records.metrics.values(workspace, trial.run_id, sweep.settings.metric), sweep.settings.metric
            )
            if run.finished:
                trial.state, trial.error = run.status, run.error
                value = trial.value(sweep.settings)
                shown = f"{sweep.settings.metric}={value:g}" if value is not None else "without the metric"
                sweep.journal.say("CONTROLLER", f"Trial {trial.run_id} has ended: {run.status}, {shown}")
        if sweep.settings.policy is not None and sweep.stopped is None:
            self._judge(sweep, sweep.settings.policy)
        found = best(sweep.trials.values(), sweep.settings)
        if found is not None and sweep.told != (found[0].run_id, found[1]):
            sweep.told = (found[0].run_id, found[1])
            sweep.journal.best(found[0].run_id, sweep.settings.metric, found[1], final=False)

    def _judge(self, sweep: _Sweep, policy: sweeps.Policy) -> None:
        histories = {trial.number: trial.reports for trial in sweep.trials.values()}
        ended = {trial.number for trial in sweep.trials.values() if trial.state is not None}
        for trial in sweep.running:
            for interval in policies.due(policy, len(trial.reports), trial.judged):
                trial.judged = interval
                reason = policies.reason_to_stop(policy, sweep.settings.goal, trial.number, interval, histories, ended)
                if reason is not None and not trial.stopping:
                    sweep.journal.say("CONTROLLER", f"Trial {trial.run_id} is stopped early, {reason}")
                    self._stop(sweep, trial, reason)
                    break

    def _stop(self, sweep: _Sweep, trial: Trial, reason: str) -> None:
        trial.stopping = True
        self._submitter.cancel_child(sweep.context.workspace.id, trial.run_id, reason)

    # -- the end ------------------------------------------------------------------------------------------------------

    async def _end(self, sweep: _Sweep) -> dict[str, Any] | None:
        error = self._error(sweep)
        sweep.journal.not_run(sweep.ahead.keys() - {trial.run_id for trial in sweep.trials.values()})
        found = best(sweep.trials.values(), sweep.settings)
        if found is not None:
            sweep.journal.best(found[0].run_id, sweep.settings.metric, found[1], final=True)
            sweep.journal.say(
                "CONTROLLER", f"The best trial is {found[0].run_id}: {sweep.settings.metric}={found[1]:g}"
            )
        elif error is None:
            message = (
                f"no trial has logged the primary metric {sweep.settings.metric!r}, so there is no best one: log it in "
                f"the script (run.log({sweep.settings.metric!r}, value) or mlflow.log_metric)"
            )
            sweep.journal.warn(message)
            sweep.journal.say("CONTROLLER", message, "WARNING")
        if error is None:
            arguments = (self._records, self._host, sweep.context, sweep.step, sweep.settings)
            winner = found[0] if found is not None else None
            gather = asyncio.get_running_loop().run_in_executor(
                None, outputs.collect, *arguments, list(sweep.trials.values()), winner
            )
            try:
                await gather
            except (EngineError, OSError) as problem:
                error = {"code": "UserError", "message": str(problem)}
        ending = "Completed" if error is None else error["message"]
        sweep.journal.say("CONTROLLER", f"Sweep {sweep.step.run_id} has ended: {ending}")
        return error

    @staticmethod
    def _error(sweep: _Sweep) -> dict[str, Any] | None:
        """Why the sweep did not complete; None when it did."""
        if sweep.step.to_cancel():
            return {"code": "Canceled", "message": sweep.step.cancel_reason}
        ended = list(sweep.trials.values())
        failed = [trial for trial in ended if trial.state == status.FAILED]
        reason = (failed[0].error or {}).get("message", "no reason is known") if failed else ""
        if ended and len(failed) == len(ended):
            message = f"all {len(failed)} trials that ran have failed; the first one, {failed[0].run_id}: {reason}"
            return {"code": "UserError", "message": message}
        if sweep.stopped is not None and not any(trial.state == status.COMPLETED for trial in ended):
            first = f"; the first that failed, {failed[0].run_id}: {reason}" if failed else ""
            code = "UserError" if sweep.stopped == _ALL_FAILED else "Timeout"
            return {"code": code, "message": f"{sweep.stopped}, and no trial has completed by then{first}"}
        return None


def _trial_id(sweep: _Sweep, number: int) -> str:
    return f"{sweep.step.run_id}_{number}"
