"""Runs of the target "local": a process that the client starts on its own machine (protocol notes, section 3).

The client copies the project to its temporary folder, posts the run definition and unpacks the answer, a zip archive
with `azureml-setup/Invocation.sh`, there; it starts that script in the background and follows the run in history.
"""

from __future__ import annotations

import dataclasses
import io
import json
import shlex
import sys
import zipfile
from pathlib import Path
from typing import Any

from starlette.responses import Response

from amlbridge.engine import distribution
from amlbridge.engine.errors import EngineError
from amlbridge.engine.host import StepContext
from amlbridge.engine.launch.base import Launch
from amlbridge.engine.plan import Node, Plan
from amlbridge.engine.records import runs as status
from amlbridge.engine.records.runs import Run
from amlbridge.engine.scheduler import Scheduler
from amlbridge.v1 import dataset_paths, local_watch, script_run, step_inputs
from amlbridge.v1.execution import columns, configuration, definition_of, plan_of, run_id_of
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.pipelines import checks
from amlbridge.wire import multipart, run_events, run_lineage
from amlbridge.wire.context import Call
from amlbridge.wire.errors import bad_request, conflict, not_found
from amlbridge.wire.experiments import experiment_for_writing
from amlbridge.wire.routing import Reply, Routes
from amlbridge.wire.run_types import INTERACTIVE, RUN_TYPES

routes = Routes("execution", "/execution/v1.0/WS/experiments/{experiment}")

#: The part of the service that says whether steps are recorded and not run (`amlbridge trace`).
TRACED = "traced"
_SETUP = "azureml-setup"
_DEFINITION = "definition.json"
#: What the run's environment says besides its inputs and its own variables.
_OURS = ("AZUREML_", "AML_PARAMETER_", "MLFLOW_")
#: The token is given to the process that asks for it; it must not lie in a file.
_TOKEN = ("AZUREML_RUN_TOKEN", "AZUREML_RUN_TOKEN_EXPIRY", "MLFLOW_TRACKING_TOKEN")
_EVENT = "Microsoft.MachineLearning.Run."


@routes.post("/localrun")
def submit_local_run(call: Call) -> Reply:
    """Records a run that the client itself starts on its machine, and answers the script that starts it."""
    run_id = run_id_of(call)
    definition = definition_of(multipart.json_file(call, _DEFINITION))
    config = configuration(definition)
    plan = plan_of(call.service, call.workspace, config, None)
    if plan.nodes[0].resources.compute is not None:
        raise bad_request("a local run has the target 'local'", "InvalidRunConfiguration")
    checks.check_node(call.service, call.workspace, plan.nodes[0])
    _check_places(plan.nodes[0])
    _record(call, run_id, plan, config, definition.text("ParentRunId"))
    try:
        archive = _archive(call, run_id, plan)
    except EngineError as error:
        values = {"status": status.FAILED, "ended": call.service.clock()}
        problem = {"code": "UserError", "message": str(error)}
        call.records.runs.set(call.workspace.id, run_id, **values, error=problem)
        raise bad_request(str(error)) from error
    local_watch.of(call.service).watch(call.workspace.id, run_id)
    return Response(archive, media_type="application/zip")


def _check_places(node: Node) -> None:
    """The folder that a local run works in is its client's: nothing is put into it, and nothing taken from it."""
    asked = [name for name, item in node.inputs.items() if item.path_on_compute and item.mode != "direct"]
    asked += [name for name, item in node.options.get("outputs", {}).items() if item]
    if asked:
        raise script_run.refused(
            f"a local run cannot have a path on the compute or globs ({', '.join(asked)}): leave them out and take the "
            "path from the script's arguments, or submit the run to a compute target"
        )


def _record(call: Call, run_id: str, plan: Plan, config: Fields, parent: str | None) -> None:
    found = columns(call, plan, config, parent)
    found["properties"] |= {"_azureml.ComputeTargetType": script_run.LOCAL}
    # Its client makes and ends it: the engine has no part in it, and canceling it is an event that the client posts.
    found["extra"] |= {"runType": RUN_TYPES["script"]}
    with call.records.database.write():
        experiment = experiment_for_writing(call.service, call.workspace, call.params["experiment"])
        found |= {"target": script_run.LOCAL, "script": plan.nodes[0].command.script, "status": status.PREPARING}
        call.records.runs.add(call.workspace.id, experiment.id, run_id, INTERACTIVE, **found)


def _archive(call: Call, run_id: str, plan: Plan) -> bytes:
    run = call.records.runs.get(call.workspace.id, run_id)
    scheduler: Scheduler = call.service.parts["scheduler"]
    context, launch = scheduler.outline(call.workspace.id, run.experiment_id, run_id, plan)
    places = {name: [place.datastore, place.path] for name, place in context.outputs.items()}
    kept = {
        "plan": call.records.plans.add(plan),
        "places": places,
        "scratch": str(context.scratch),
        "log": str(launch.stdout),
        # What run_lineage reads.
        "inputs": {name: dataclasses.asdict(item) for name, item in context.references.items()},
        "modes": {name: item.mode for name, item in context.node.inputs.items()},
        "values": context.inputs,
    }
    call.records.runs.set(call.workspace.id, run_id, execution=kept)
    told = _told(call, context, launch)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(f"{_SETUP}/Invocation.sh", _invocation())
        archive.writestr(f"{_SETUP}/run.json", json.dumps(told, indent=1))
    return target.getvalue()


def _invocation() -> str:
    """Starts :mod:`amlbridge.v1.local_run`; not in the project's folder, whose modules Python would find first."""
    return "\n".join(
        [
            "#!/bin/bash",
            'setup="$(cd "$(dirname "$0")" && pwd)"',
            "cd /",
            f'exec {shlex.quote(sys.executable)} -m amlbridge.v1.local_run "$setup/run.json" \\',
            '    > "$setup/control_log.txt" 2>&1 < /dev/null',
            "",
        ]
    )


def _told(call: Call, context: StepContext, launch: Launch) -> dict[str, Any]:
    own = {*context.node.variables, *context.inputs, *context.outputs}
    own.update(name for place in distribution.places(context.node) for name in place.variables)
    env = {name: value for name, value in launch.env.items() if name in own or name.startswith(_OURS)}
    folder = launch.stdout.parents[1]
    # `python` in a command is the run's interpreter, and flushes the run's metrics at its end.
    before = {"PATH": str(Path(context.python or sys.executable).parent)}
    script = context.node.command.script
    if call.service.parts.get(TRACED):
        launch = dataclasses.replace(launch, argv=("true",), python=None, prelude=None, ranks=())
        script = None
    if script is None:
        before["PYTHONPATH"] = launch.env["PYTHONPATH"]
    return {
        "run_id": context.run_id,
        "argv": list(launch.argv),
        "python": launch.python,
        "env": {name: value for name, value in env.items() if name not in _TOKEN},
        "before": before,
        # The project is its client's copy, whose place is known where it runs.
        "root_on_path": script is not None and step_inputs.needs_root(script),
        "log": str(launch.stdout),
        "artifacts": {name: str(folder / name) for name in ("outputs", "logs")},
        "timeout": launch.timeout,
        "prelude": str(launch.prelude) if launch.prelude else None,
        "ranks": [
            {"label": rank.label, "env": dict(rank.env), "log": str(rank.log), "helper": rank.helper}
            for rank in launch.ranks
        ],
        "url": f"{call.service.http_url}{call.path}/{context.run_id}",
    }


@routes.post("/localrun/{run}/start")
def start_local_run(call: Call) -> Reply:
    """Told by the process of a local run that it begins; answers the run's token."""
    run = _run_of(call)
    if run.finished:
        raise conflict(f"the run {run.id} has ended ({run.status}) before it was started", "RunFinished")
    locked = call.field("locked", bool, False)
    call.records.runs.change(
        call.workspace.id, run.id, lambda current: {"execution": {**current.execution, "locked": locked}}
    )
    token, expiry = call.service.issuer.issue("run", run_id=run.id)
    run_events.apply(call.service, call.workspace, {"name": f"{_EVENT}Start", "data": {"RunId": run.id}})
    return {"variables": dict(zip(_TOKEN, (token, str(expiry), token), strict=True))}


@routes.post("/localrun/{run}/end")
def end_local_run(call: Call) -> Reply:
    """Told by the process of a local run how its script ended; registers the outputs of one that ended well."""
    run = _run_of(call)
    call.field("error", dict, None)
    error: dict[str, Any] | None = call.object.get("error")
    canceled = call.field("canceled", bool, False)
    if error is None and not canceled:
        for output, item in call.records.plans.get(run.execution["plan"]).nodes[0].outputs.items():
            if item.registration is not None:
                store, path = run.execution["places"][output]
                saved = dataset_paths.register_output(call.service, call.workspace, item.registration, store, path)
                run_lineage.add_output(call.service, call.workspace, run.id, output, saved, item.mode)
    local_watch.finish(call.service, run, error, canceled)
    return {}


def _run_of(call: Call) -> Run:
    run = call.records.runs.find(call.workspace.id, call.params["run"])
    if run is None or not local_watch.is_local(run):
        raise not_found(f"there is no local run {call.params['run']}", "RunNotFound")
    return run
