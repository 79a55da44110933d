"""The HyperDrive service of SDK v1: sweeps that are submitted as experiments of their own.

``Experiment.submit`` of a HyperDriveConfig uploads a snapshot and posts the configuration as the file config.json; the
answer names the run, and everything else about it is read from run history (:mod:`amlbridge.wire.sweeps`). The client
shows the message of an error only when its code is a number.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping
from typing import Any

from amlbridge.engine.clock import iso
from amlbridge.engine.errors import EngineError
from amlbridge.engine.plan import Json, Plan
from amlbridge.engine.scheduler import Scheduler
from amlbridge.engine.sweep import policies
from amlbridge.engine.sweep.controller import KIND
from amlbridge.engine.sweep.settings import OPTION, SweepSettings
from amlbridge.engine.sweep.trial_state import reports
from amlbridge.v1 import execution, hyperdrive_settings
from amlbridge.v1.graph_reading import Fields
from amlbridge.wire import multipart, run_changes, run_events, sweeps
from amlbridge.wire.context import Call
from amlbridge.wire.errors import ServiceError, bad_request, conflict, from_engine, not_found
from amlbridge.wire.experiments import experiment_for_writing
from amlbridge.wire.json_response import JsonResponse
from amlbridge.wire.routing import Reply, Routes

routes = Routes("hyperdrive", "/hyperdrive/v1.0/WS/experiments/{experiment}")

_FILE = "config.json"


@routes.post("/runs")
def submit_sweep(call: Call) -> Reply:
    """Begins a hyperparameter sweep (HyperDriveConfig)."""
    return _answer(call, f"HD_{uuid.uuid4()}", None)


@routes.post("/runs/{run}")
def submit_sweep_below(call: Call) -> Reply:
    """Begins a hyperparameter sweep below another run (`run.submit_child`)."""
    return _answer(call, f"HD_{uuid.uuid4()}", call.params["run"])


@routes.post("/hdruns/{run}")
def submit_named_sweep(call: Call) -> Reply:
    """Begins a hyperparameter sweep under an id that the client chose."""
    return _answer(call, call.params["run"], None)


@routes.post("/runs/{run}/cancel")
def cancel_sweep(call: Call) -> Reply:
    """Cancels a sweep and its trials; one that has ended stays as it is."""
    run = call.records.runs.find(call.workspace.id, call.params["run"])
    if run is None:
        raise _numbered(not_found(f"there is no run {call.params['run']}"))
    run_events.cancel(call.service, call.workspace, run)
    return {"code": 200, "result": f"the sweep {run.id} is being cancelled"}


def _answer(call: Call, run_id: str, parent: str | None) -> Reply:
    try:
        dto = _submit(call, run_id, parent)
    except ServiceError as error:
        raise _numbered(error) from error
    except EngineError as error:
        raise _numbered(from_engine(error)) from error
    return JsonResponse({"code": 201, "result": dto}, status_code=201)


def _numbered(error: ServiceError) -> ServiceError:
    return ServiceError(error.status, str(error.status), error.message)


def _submit(call: Call, run_id: str, parent: str | None) -> dict[str, Any]:
    run_changes.check_run_id(run_id)
    if call.records.runs.find(call.workspace.id, run_id) is not None:
        raise conflict(f"run {run_id} exists already: choose another custom_run_id", "RunAlreadyExists")
    if parent is not None:
        call.records.runs.get(call.workspace.id, parent)
    body = Fields(multipart.json_file(call, _FILE), _FILE)
    platform = body.object("platform_config")
    definition = platform.object("Definition")
    resumed = list(body.objects("resume_from"))
    settings = hyperdrive_settings.read(body, history=_history(call, resumed))
    config, snapshot = definition.object("Overrides"), definition.required("SnapshotId")
    plan = _plan(execution.lower(call.service, call.workspace, config, snapshot), settings)
    found = execution.columns(call, plan, config, parent)
    ours = sweeps.columns(
        call.service,
        call.workspace,
        call.params["experiment"],
        settings,
        service_address=platform.text("ServiceAddress"),
        resume_from=[item.content for item in resumed] or None,
    )
    found["extra"][sweeps.DEFINITION] = found["extra"].pop("runDefinition")
    found["properties"] |= {**ours["properties"], "ContentSnapshotId": snapshot}
    found["tags"] = ours["tags"]
    experiment = experiment_for_writing(call.service, call.workspace, call.params["experiment"])
    scheduler: Scheduler = call.service.parts["scheduler"]
    scheduler.submit_single(call.workspace.id, experiment.id, run_id, plan, kind=KIND, columns=found)
    return _dto(call, body, run_id)


def _plan(plan: Plan, settings: SweepSettings) -> Plan:
    node = plan.nodes[0]
    sweep = dataclasses.replace(node, kind="sweep", options={**node.options, OPTION: settings.json()})
    return dataclasses.replace(plan, nodes=(sweep,))


def _history(call: Call, resumed: list[Fields]) -> tuple[tuple[Mapping[str, Json], float], ...]:
    """What the trials of earlier sweeps came to, for the Bayesian sampler. Raises a 400 :class:`ServiceError`."""
    found: list[tuple[Mapping[str, Json], float]] = []
    for item in resumed:
        run = call.records.runs.find(call.workspace.id, item.required("run_id"))
        if run is None or run.kind != KIND or run.plan_id is None:
            raise bad_request(f"resume_from: there is no sweep {item.required('run_id')} in this workspace")
        earlier = call.records.plans.get(run.plan_id).nodes[0].options[OPTION]
        metric, goal = earlier["metric"], earlier.get("goal", "maximize")
        for child in call.records.runs.children(call.workspace.id, run.id):
            values = reports(call.records.metrics.values(call.workspace.id, child.id, metric), metric)
            best = policies.best(goal, values)
            if best is not None and "hyperparameters" in child.extra:
                found.append((child.extra["hyperparameters"], best))
    return tuple(found)


def _dto(call: Call, body: Fields, run_id: str) -> dict[str, Any]:
    """An ExperimentDto: the client reads ``ParentRunId`` of it."""
    now = iso(call.service.clock())
    return {
        **{name: value for name, value in body.content.items() if value is not None},
        "platform_config": {**body.object("platform_config").content, "ParentRunId": run_id},
        "hyperdrive_run_id": run_id,
        "experiment_id": run_id,
        "status": "RUNNING",
        "all_jobs_generated": False,
        "cancellation_requested": False,
        "created": now,
        "modified": now,
        "created_by_user_id": 0,
        "study_id": 0,
    }
