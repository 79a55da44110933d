"""Sweeps as run history keeps them, whichever SDK has submitted them: the tags, properties and columns of their runs.

Facts: the v1 client makes a ``HyperDriveRun`` of every run whose type is ``hyperdrive`` and reads its configuration
from these tags (``HyperDriveConfig._get_runconfig_from_run_dto``), so that a sweep of SDK v2 has them, too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from amlbridge.engine.plan import Json, Node
from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.engine.sweep import trials
from amlbridge.engine.sweep.settings import Policy, SweepSettings
from amlbridge.wire.context import Service
from amlbridge.wire.run_environments import PROPERTY
from amlbridge.wire.run_outputs import PORTS

#: The entry of ``Run.extra`` with the run configuration that each trial gets (v1).
DEFINITION = "trialDefinition"
_SYSTEM = "_aml_system_"
_SAMPLERS = {"random": "RANDOM", "grid": "GRID", "bayesian": "BayesianOptimization"}
_POLICIES = {"bandit": "Bandit", "median_stopping": "MedianStopping", "truncation_selection": "TruncationSelection"}
#: The longest duration of a sweep of v1 (``MAX_DURATION_MINUTES``), which the client takes for the one that it reads.
_MOST_MINUTES = 10080
#: Properties of a sweep that its trials have, too.
_SHARED = (PROPERTY, "ContentSnapshotId")


def columns(
    service: Service,
    workspace: Workspace,
    experiment: str,
    settings: SweepSettings,
    *,
    service_address: str | None = None,
    resume_from: Json = None,
) -> dict[str, Any]:
    """The tags and properties of a sweep's run. ``service_address``: where its client believes the service to be;
    ``resume_from``: the runs that it goes on from, as its client names them."""
    platform = {
        "ServiceAddress": service_address or service.http_url,
        "ServiceArmScope": f"{workspace.scope.lstrip('/')}/experiments/{experiment}",
        "SubscriptionId": workspace.subscription_id,
        "ResourceGroupName": workspace.resource_group,
        "WorkspaceName": workspace.name,
        "ExperimentName": experiment,
    }
    metric = {"name": settings.metric, "goal": settings.goal}
    minutes = _MOST_MINUTES if settings.max_duration is None else max(1, math.ceil(settings.max_duration / 60))
    tags = {
        "generator_config": json.dumps(_generator(settings)),
        "policy_config": json.dumps(_policy(settings.policy)),
        "primary_metric_config": json.dumps(metric),
        "platform_config": json.dumps(platform),
        "max_total_jobs": str(settings.max_total),
        "max_concurrent_jobs": str(settings.max_concurrent),
        "max_duration_minutes": str(minutes),
    }
    properties = {
        "primary_metric_config": json.dumps(metric),
        "resume_from": json.dumps(resume_from),
        "resume_child_runs": "null",
        "runTemplate": "HyperDrive",
        "azureml.runsource": "hyperdrive",
        "platform": "AML",
    }
    return {"tags": {f"{_SYSTEM}{name}": value for name, value in tags.items()}, "properties": properties}


def _generator(settings: SweepSettings) -> dict[str, Json]:
    space = {name: item.json() for name, item in settings.space.items()}
    return {"name": _SAMPLERS[settings.sampler], "parameter_space": space}


def _policy(policy: Policy | None) -> dict[str, Json]:
    if policy is None:
        return {"name": "Default"}
    properties: dict[str, Json] = {
        "evaluation_interval": policy.evaluation_interval,
        "delay_evaluation": policy.delay_evaluation,
    }
    for name in ("slack_factor", "slack_amount", "truncation_percentage"):
        if getattr(policy, name) is not None:
            properties[name] = getattr(policy, name)
    return {"name": _POLICIES[policy.name], "properties": properties}


def below_step(
    service: Service, workspace: Workspace, experiment: str, step: Run, settings: SweepSettings, node: Node
) -> dict[str, Any]:
    """The columns of a sweep that is a run of its own below the run of its step. ``HyperDriveStepRun`` finds it by its
    name, which is the step's id."""
    found = columns(service, workspace, experiment, settings)
    kept = {name: step.properties[name] for name in _SHARED if name in step.properties}
    extra = {DEFINITION: _definition(node), **{name: step.extra[name] for name in (PORTS,) if name in step.extra}}
    return {
        **found,
        "name": step.id,
        "display_name": step.display_name,
        "properties": {**found["properties"], **kept},
        "extra": extra,
    }


def _definition(node: Node) -> dict[str, Json]:
    arguments = [
        "".join(str(getattr(piece, "value", f"${piece.__class__.__name__}")) for piece in item.pieces)
        for item in node.command.arguments
        if hasattr(item, "pieces")
    ]
    return {"script": node.command.script, "arguments": arguments, "target": node.resources.compute}


def of_trial(sweep: Run, settings: SweepSettings, parameters: Mapping[str, Json]) -> dict[str, Any]:
    """The columns of a trial's run."""
    shown = json.dumps(dict(parameters))
    extra: dict[str, Any] = {name: sweep.extra[name] for name in (PORTS, "compute") if name in sweep.extra}
    definition = sweep.extra.get(DEFINITION)
    if definition is not None:
        added = trials.added_arguments(parameters) if settings.append else []
        extra["runDefinition"] = {**definition, "arguments": [*(definition.get("arguments") or []), *added]}
    return {
        "tags": {"hyperparameters": shown, f"{_SYSTEM}hyperparameters": shown},
        "properties": {
            "_azureml.ComputeTargetType": "amlctrain",
            **{name: sweep.properties[name] for name in _SHARED if name in sweep.properties},
        },
        "extra": extra,
    }
