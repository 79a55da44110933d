"""Runs one step: prepares its folder, inputs and outputs, starts its process, settles what came of it."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from amlbridge.engine import child_runs, command_line, console_scripts, distribution, failure, kinds, output_files
from amlbridge.engine.control import Controller
from amlbridge.engine.errors import EngineError, StorageError
from amlbridge.engine.execution import Execution, Step, StepState
from amlbridge.engine.host import Host, OutputPlace, StepContext
from amlbridge.engine.launch.base import Launch, Launcher, Outcome, Rank, Running, process_mark
from amlbridge.engine.launch.processes import kill_leftovers
from amlbridge.engine.plan import DataParameterRef, DataReference, Input, NodeKind, NodePort, ParameterRef, Value
from amlbridge.engine.records import runs as status
from amlbridge.engine.records.store import Records
from amlbridge.engine.reuse import Reuse

log = logging.getLogger(__name__)
T = TypeVar("T")


#: Seconds between two attempts to record an end on a full disk.
ROOM_AGAIN = 1.0


class StepRunner:
    """Runs steps for the scheduler, in whose event loop it lives."""

    def __init__(
        self,
        records: Records,
        host: Host,
        launcher: Launcher,
        work: Path,
        controllers: Mapping[NodeKind, Controller],
    ) -> None:
        self._records = records
        self._host = host
        self._launcher = launcher
        self._work = work
        self._controllers = controllers
        self._reuse = Reuse(records, host)
        self._running: dict[tuple[str, str], Running] = {}
        self._cleaning: set[asyncio.Future[None]] = set()
        self._abandoned = False

    async def run(self, execution: Execution, step: Step) -> None:
        """Runs a step, again if it fails and has retries left; its final state is recorded when this returns."""
        while True:
            step.attempts += 1
            context = self._context(execution, step)
            try:
                error = await self._attempt(context, execution, step)
            except (EngineError, OSError) as problem:
                error = failure.from_exception(problem)
                await _in_thread(self._note, context, error["message"])
            except Exception as problem:
                # A mistake of ours must fail this step; it must not leave the pipeline running for ever.
                log.exception("step %s of run %s", step.node.name, execution.run_id)
                error = failure.internal(problem)
            if self._abandoned:
                return
            if error is None:
                break
            if step.cancel_reason is not None or step.attempts > step.node.retries:
                break
            self._note(context, f"attempt {step.attempts} failed: {error['message']}; trying again")
        if error is not None and failure.disk_is_full(self._work):
            # Room to record why: what is left of a failed step is worth less than that.
            await _in_thread(self._clean_up, context)
        await self._patiently(lambda: self._settle(execution, step, error))
        if step.state is not StepState.FAILED:
            # The next step need not wait for it.
            self._cleaning.add(asyncio.get_running_loop().run_in_executor(None, self._clean_up, context))
            self._cleaning = {task for task in self._cleaning if not task.done()}

    def _settle(self, execution: Execution, step: Step, error: dict[str, Any] | None) -> None:
        if error is None:
            state = StepState.COMPLETED
        elif step.cancel_reason is not None:
            state, error = StepState.CANCELED, {"code": "Canceled", "message": step.cancel_reason}
        else:
            state = StepState.FAILED
        now = self._records.clock()
        values: dict[str, Any] = {"status": state.value, "ended": now, "error": error}
        with self._records.database.write():
            values |= self._reuse.settled(execution, step, error is None, now)
            self._records.runs.set(execution.workspace.id, step.run_id, **values)
            if step.node.kind in kinds.DRIVERS:
                why = error["message"] if error is not None else "its step ended before it"
                child_runs.end_all(self._records, execution.workspace.id, step.run_id, state.value, why)
        # Only now may others act on it.
        step.state = state
        if state is StepState.FAILED:
            step.error = error

    async def _patiently(self, write: Callable[[], None]) -> None:
        """Records an end as soon as the disk has room for it: until then the step counts as running."""
        told = False
        while not self._abandoned:
            try:
                write()
                return
            except StorageError as error:
                if not told:
                    log.error("%s: trying again every %s s", error, ROOM_AGAIN)  # no mistake of ours
                told = True
            await asyncio.sleep(ROOM_AGAIN)

    async def give_up(self, execution: Execution, step: Step) -> None:
        """Fails a step that was interrupted too often by the end of the service."""
        message = f"the service went away {step.restarts} times while this step ran: not tried again"
        error = {"code": "Interrupted", "message": message}
        await self._patiently(lambda: self._settle(execution, step, error))

    async def cancel(self, step: Step) -> None:
        """Ends the step's whole process tree; :meth:`run` then settles it."""
        running = self._running.get(step.key)
        if running is not None:
            await running.cancel()
        if step.node.kind in self._controllers:
            self._controllers[step.node.kind].wake(step)

    def cancel_child(self, workspace_id: str, run_id: str, child: str) -> bool:
        """Tells the driver of a step that it shall end one of its children (:mod:`amlbridge.engine.child_runs`). False:
        the step's process is not running."""
        if (workspace_id, run_id) not in self._running:
            return False
        folder = child_runs.cancel_folder(self._work / workspace_id / f"{run_id}.inputs")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / child.removeprefix(f"{run_id}_")).touch()
        return True

    async def abandon_all(self) -> None:
        """Ends all processes without recording an end: the next start of the service runs these steps again."""
        self._abandoned = True
        await asyncio.gather(*(running.cancel(1.0) for running in list(self._running.values())), *self._cleaning)

    @staticmethod
    def end_leftovers(workspace_id: str, run_id: str) -> int:
        """Ends processes of a step that outlived a killed service. Returns how many there were."""
        return kill_leftovers([process_mark(workspace_id, run_id)])

    # -- one attempt --------------------------------------------------------------------------------------------------

    def _context(self, execution: Execution, step: Step) -> StepContext:
        return StepContext(
            workspace=execution.workspace,
            experiment_id=execution.experiment_id,
            pipeline_run_id=execution.run_id,
            run_id=step.run_id,
            node=step.node,
            parameters=execution.parameters,
            work=self._work / step.workspace_id / step.run_id,
            attempt=step.attempts,
            user_logs=execution.user_logs,
        )

    async def _attempt(self, context: StepContext, execution: Execution, step: Step) -> dict[str, Any] | None:
        """One attempt. Returns its error, None when it succeeded."""
        if step.node.kind in self._controllers:
            return await self._controlled(context, execution, step, self._controllers[step.node.kind])
        launch = await _in_thread(self._prepare, context, execution, step)
        if launch is None:
            return None
        if step.to_cancel():
            return {"code": "Canceled", "message": step.cancel_reason}
        self._record_start(context, step, launch=launch)
        running = await self._launcher.start(launch)
        self._running[step.key] = running
        try:
            if step.to_cancel():
                await running.cancel()
            outcome = await self._ending(context, running)
        finally:
            del self._running[step.key]
            context.remove_links()
        if self._abandoned:
            return None
        if not context.outputs and outcome.exit_code == 0:
            return self._conclude(context, outcome, launch, step)
        return await _in_thread(self._conclude, context, outcome, launch, step)

    async def _ending(self, context: StepContext, running: Running) -> Outcome:
        """How the process ended; what a driver tells of child runs is recorded until then."""
        if context.node.kind not in kinds.DRIVERS:
            return await running.wait()
        children = child_runs.ChildRuns(self._records, self._host, context, lambda text: self._note(context, text))
        return await children.follow(running.wait())

    async def _controlled(
        self, context: StepContext, execution: Execution, step: Step, controller: Controller
    ) -> dict[str, Any] | None:
        """A step that has no process of its own. One that was interrupted goes on: it has begun when it had."""
        self._require_inputs(context, execution)
        resumed, step.interrupted = step.interrupted, False
        if not resumed and await _in_thread(self._reuse.take, context, execution, step):
            return None
        sources = {name: self._source(context, execution, item) for name, item in context.node.inputs.items()}
        for name, source in sources.items():
            if isinstance(source, DataReference):
                context.references[name] = source
            else:
                context.inputs[name] = source
        began = self._records.runs.get(context.workspace.id, step.run_id).started if resumed else None
        self._record_start(context, step, began)
        error = await controller.run(context, execution, step, sources)
        if error is None:
            await _in_thread(self._conclude_controlled, context, step)
        return error

    def _conclude_controlled(self, context: StepContext, step: Step) -> None:
        self._require_registered(context)
        self._host.completed(context)
        self._reuse.finished(context, step)
        found = {"outputs": step.outputs}
        self._records.runs.change(
            context.workspace.id, step.run_id, lambda run: {"execution": {**run.execution, **found}}
        )

    def _prepare(self, context: StepContext, execution: Execution, step: Step) -> Launch | None:
        """Makes ready what the step needs. None: an earlier run was taken, there is nothing to do."""
        self._require_inputs(context, execution)
        if step.attempts == 1 and self._reuse.take(context, execution, step):
            return None
        if step.interrupted:
            step.interrupted = False
            self._note(context, "the service went away while this step ran: it is run again from its start")
        for folder in (context.work, context.scratch):
            if folder.exists():
                shutil.rmtree(folder)
        context.work.mkdir(parents=True)
        self._host.checkout(context)
        for name in ("outputs", "logs"):
            self._link_artifacts(context, name)
        for name, item in context.node.inputs.items():
            self._bind(context, execution, name, item)
        for name, output in context.node.outputs.items():
            path = output.path.replace("{run-id}", context.run_id).replace("{output-name}", name)
            place = context.outputs[name] = self._host.output_place(context, name, output, path)
            step.outputs[name] = {"datastore": place.datastore, "path": place.path}
            output_files.prepare(context.node, name, context.work, place.written)
        machine = distribution.one_machine(context.node)
        if machine is not None:
            self._note(context, machine)
        context.canceled = step.to_cancel
        context.python = self._host.python_for(context)
        return self._launch(context)

    def outline(self, execution: Execution, step: Step) -> tuple[StepContext, Launch]:
        """What a step is started with when its client starts it, in a folder of the client's. It writes its outputs in
        their places. Raises :class:`EngineError`."""
        context = self._context(execution, step)
        for name, item in step.node.inputs.items():
            self._bind(context, execution, name, item)
        for name, output in step.node.outputs.items():
            path = output.path.replace("{run-id}", context.run_id).replace("{output-name}", name)
            place = dataclasses.replace(self._host.output_place(context, name, output, path), staged=None)
            (place.final if output.type == "uri_folder" else place.final.parent).mkdir(parents=True, exist_ok=True)
            context.outputs[name] = place
        context.python = self._host.python_for(context)
        return context, self._launch(context)

    def _require_inputs(self, context: StepContext, execution: Execution) -> None:
        """What comes from earlier steps has to be there. Raises :class:`EngineError` that names step and output. What
        the script resolves by itself (direct) is its own affair, as on Azure."""
        for name, item in context.node.inputs.items():
            source = item.source
            if not isinstance(source, NodePort) or item.mode == "direct":
                continue
            producer = execution.steps[source.node]
            place = producer.outputs[source.port]
            path = self._host.data_path(context, place["datastore"], place["path"])
            missing = output_files.never_written(producer.node, source.port, path)
            if missing or (item.mode in ("download", "value") and not path.exists()):
                raise EngineError(
                    f"input {name!r}: the step {producer.node.name!r} has completed, but has written nothing to its "
                    f"output {source.port!r} ({producer.node.outputs[source.port].type}): let its script write to the "
                    f"path that it is given for {source.port!r}"
                )

    def _bind(self, context: StepContext, execution: Execution, name: str, item: Input) -> None:
        source = self._source(context, execution, item)
        if isinstance(source, str):
            context.inputs[name] = source
            return
        context.references[name] = source
        context.inputs[name] = self._host.input_value(context, name, item, source)
        driver = kinds.DRIVERS.get(context.node.kind)
        if driver is not None and name in driver.tables(context.node):
            context.tables[name] = self._host.table(context, name, item, source)

    def _source(self, context: StepContext, execution: Execution, item: Input) -> str | DataReference:
        """What an input is in this run: the text of a literal, or data."""
        source = item.source
        if isinstance(source, Value):
            return command_line.text(source.value)
        if isinstance(source, ParameterRef):
            return command_line.text(execution.parameters[source.name])
        if not isinstance(source, NodePort):
            return execution.data[source.name] if isinstance(source, DataParameterRef) else source
        place = execution.steps[source.node].outputs[source.port]
        if item.mode == "value":
            return self._value(context, source, place)
        return DataReference(f"azureml://datastores/{place['datastore']}/paths/{place['path']}")

    def _value(self, context: StepContext, source: NodePort, place: Mapping[str, Any]) -> str:
        """The text that an earlier step has written into a file."""
        path = self._host.data_path(context, place["datastore"], place["path"])
        try:
            return path.read_text().removesuffix("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise EngineError(
                f"the output {source.port!r} of the step {source.node!r} should be a file with one text: {error}"
            ) from error

    def _link_artifacts(self, context: StepContext, name: str) -> None:
        """``outputs`` and ``logs`` of the working folder are the run's artifacts, at once and without a copy."""
        link, target = context.work / name, self._host.artifact(context, name)
        target.mkdir(parents=True, exist_ok=True)
        if link.is_dir() and not link.is_symlink():
            shutil.copytree(link, target, dirs_exist_ok=True)
            shutil.rmtree(link)
        elif link.exists():
            return
        link.symlink_to(target, target_is_directory=True)

    def _launch(self, context: StepContext) -> Launch:
        node = context.node
        outputs = {name: str(place.written) for name, place in context.outputs.items()}
        # What a step has written is no text of the user's: in a shell's line it is quoted, as paths are.
        written = {name for name, item in node.inputs.items() if item.mode == "value"}
        literals = context.inputs.keys() - context.references.keys() - written
        filled = command_line.arguments(node.command, context.parameters, context.inputs, outputs, literals)
        program = console_scripts.words(filled[0], context.python) if node.command.shell and filled else None
        context.as_program = program is not None
        env = self._host.environment(context)
        for name, piece in node.parameter_variables.items():
            env[name] = command_line.fill((piece,), context.parameters, context.inputs, outputs)
        python: str | None = None
        driver = kinds.DRIVERS.get(node.kind)
        if driver is not None:
            python, argv = context.python, self._driven(context, driver, filled)
        elif node.command.script is not None:
            python, argv = context.python, (node.command.script, *filled)
        elif program is not None:
            python, argv = context.python, program
        elif node.command.shell:
            argv = ("/bin/bash", "-c", *filled)
        else:
            argv = tuple(filled)
        driver_log = self._host.artifact(context, context.log)
        places = distribution.places(node)
        return Launch(
            argv=argv,
            python=python,
            cwd=context.work,
            env={**places[0].variables, **env} if len(places) == 1 else env,
            stdout=driver_log,
            stderr=driver_log,
            step_id=process_mark(context.workspace.id, context.run_id),
            timeout=node.timeout,
            prelude=self._host.prelude if python is not None else None,
            ranks=self._ranks(context, places) if len(places) > 1 else (),
            scripts=driver.scripts(node) if driver is not None else (),
        )

    def _driven(self, context: StepContext, driver: kinds.Driver, filled: Sequence[str]) -> tuple[str, ...]:
        """What a node with a driver is started with; its settings lie beside its folder, where no script of the user's
        takes them for data."""
        path = context.scratch / "driver.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        prelude = str(self._host.prelude) if self._host.prelude is not None else None
        settings = {**driver.settings(context, filled), "prelude": prelude}
        path.write_text(json.dumps(settings), encoding="utf-8")
        return (str(driver.script), str(path))

    def _ranks(self, context: StepContext, places: Sequence[distribution.Place]) -> tuple[Rank, ...]:
        """Several processes, each with its log. What the user has set himself stays."""
        own = context.node.variables
        return tuple(
            Rank(
                place.label,
                {name: value for name, value in place.variables.items() if name not in own},
                self._host.artifact(context, context.rank_log(index)),
                place.helper,
            )
            for index, place in enumerate(places)
        )

    def _record_start(
        self, context: StepContext, step: Step, began: float | None = None, launch: Launch | None = None
    ) -> None:
        execution: dict[str, Any] = {
            "attempts": step.attempts,
            "restarts": step.restarts,
            "outputs": step.outputs,
            "inputs": {name: dataclasses.asdict(item) for name, item in context.references.items()},
            "values": context.inputs,
            "modes": {name: context.node.inputs[name].mode for name in context.references},
            "reuse": step.reuse.record() if step.reuse is not None else None,
        }
        if launch is not None:
            execution |= _received(context, launch)
        started = began if began is not None else self._records.clock()
        values = {"status": status.RUNNING, "started": started, "execution": execution}
        self._records.runs.set(context.workspace.id, step.run_id, **values)

    def _conclude(self, context: StepContext, outcome: Outcome, launch: Launch, step: Step) -> dict[str, Any] | None:
        error = failure.from_outcome(outcome, launch)
        if error is not None and context.node.kind in kinds.DRIVERS and outcome.exit_code == kinds.SAID_WHY:
            error = failure.from_driver(launch)
        for name, place in context.outputs.items():
            self._keep(context, name, place, error is None)
        if error is None:
            self._require_registered(context)
            self._host.completed(context)
            self._reuse.finished(context, step)
        return error

    def _keep(self, context: StepContext, name: str, place: OutputPlace, succeeded: bool) -> None:
        """Puts an output in its place; one that is uploaded only if the step has succeeded, as on Azure."""
        output = context.node.outputs[name]
        if succeeded:
            output_files.collect(context.node, name, context.work, place.written)
        if place.staged is None:
            return
        if not place.staged.exists():
            if succeeded:
                self._note(context, f"the output {name!r} was not written: nothing is at {place.uri}")
        elif output.mode == "upload" and not succeeded:
            shutil.rmtree(place.staged) if place.staged.is_dir() else place.staged.unlink()
        elif "{run-id}" not in output.path and place.final.exists():
            output_files.merge(place.staged, place.final, name, output.overwrite)
        else:
            _move(place.staged, place.final)

    @staticmethod
    def _require_registered(context: StepContext) -> None:
        """No asset is made of nothing. Raises :class:`EngineError`."""
        for name, output in context.node.outputs.items():
            if output.registration is not None and output_files.never_written(
                context.node, name, context.outputs[name].final
            ):
                raise EngineError(
                    f"the output {name!r} cannot be registered as {output.registration.name!r}: the step "
                    f"{context.node.name!r} has written nothing to it"
                )

    def _note(self, context: StepContext, message: str) -> None:
        """A line of ours in the step's log."""
        try:
            path = self._host.artifact(context, context.log)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8", errors="replace") as file:
                file.write(f"amlbridge: {message}\n")
        except OSError as error:
            # A full disk must not decide how the step ends.
            log.warning("run %s: its log cannot be written (%s): %s", context.run_id, error, message)

    def _clean_up(self, context: StepContext) -> None:
        for folder in (context.work, context.scratch):
            try:
                shutil.rmtree(folder)
            except FileNotFoundError:
                # Most steps need no scratch folder; a step may have removed its own working folder.
                continue
            except OSError as error:
                log.warning("cannot remove the folder %s of a step: %s", folder, error)


def _received(context: StepContext, launch: Launch) -> dict[str, Any]:
    """What the step's process is given, for whoever compares two runs: its command, the variables that its node sets,
    and the paths that it writes to. A driver's command holds nothing of the user's."""
    if context.node.kind in kinds.DRIVERS:
        return {}
    names = (*context.node.variables, *context.node.parameter_variables)
    return {
        "argv": list(launch.argv),
        "variables": {name: launch.env[name] for name in names if name in launch.env},
        "written": {name: str(place.written) for name, place in context.outputs.items()},
    }


def _move(staged: Path, final: Path) -> None:
    """Puts a finished output in its place; one of an earlier attempt gives way."""
    final.parent.mkdir(parents=True, exist_ok=True)
    if final.is_dir() and not final.is_symlink():
        shutil.rmtree(final)
    elif final.exists() and staged.is_dir():
        final.unlink()
    staged.replace(final)


async def _in_thread(function: Callable[..., T], *arguments: Any) -> T:
    return await asyncio.get_running_loop().run_in_executor(None, function, *arguments)
