"""A sweep as a node of SDK v2: its trial is a component whose inputs take the hyperparameters."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from amlbridge.engine.plan import InputRef, Json, Node, Output, OutputRef, Piece
from amlbridge.engine.sweep import settings as sweeps
from amlbridge.engine.sweep.distributions import CHOICE, Distribution
from amlbridge.engine.sweep.settings import SweepSettings
from amlbridge.trace import commands
from amlbridge.trace.model import Step
from amlbridge.trace.names import identifier

METRICS = "sweeps of SDK v2 have no output with the metrics, read them of the trials with MLflow"
_NUMBERS: Mapping[str, tuple[str, ...]] = {
    "randint": ("upper",),
    "normal": ("mu", "sigma"),
    "lognormal": ("mu", "sigma"),
    "qnormal": ("mu", "sigma", "q"),
    "qlognormal": ("mu", "sigma", "q"),
    "uniform": ("min_value", "max_value"),
    "loguniform": ("min_value", "max_value"),
    "quniform": ("min_value", "max_value", "q"),
    "qloguniform": ("min_value", "max_value", "q"),
}


def prepare(node: Node, step: Step, content: dict[str, Any], names: Mapping[Piece, str]) -> None:
    """Adds hyperparameters and command to a component, and the settings of the sweep to its step. Raises ValueError for
    a sweep that SDK v2 cannot say."""
    settings = sweeps.of(node)
    if settings.history:
        raise ValueError("a sweep that goes on from earlier ones has no equal in SDK v2")
    ports = {name: identifier(name, "value") for name in settings.space}
    own: dict[Piece, str] = {InputRef(name): f"${{{{inputs.{port}}}}}" for name, port in ports.items()}
    declared, line = content.setdefault("inputs", {}), commands.line(node.command, {**names, **own})
    space = {}
    for name, item in settings.space.items():
        port = ports[name]
        space[port] = _distribution(item)
        declared[port] = {"type": _type(item)}
        if settings.append:
            line += f" --{name.lstrip('-')} ${{{{inputs.{port}}}}}"
    for output, said in node.outputs.items():
        if said.training and not is_metrics(said):
            path = model_file(said)
            copied = f"cp {shlex.quote(path)}" if path else "cp -r outputs/."
            line += f" && {copied} {names[OutputRef(output)]}"
    content["command"] = line
    step.job |= {
        "search_space": space,
        "sampling_algorithm": _sampling(settings),
        "objective": {"goal": settings.goal, "primary_metric": settings.metric},
        "limits": _limits(settings),
    }
    if settings.policy is not None:
        policy = {name: value for name, value in vars(settings.policy).items() if value is not None and name != "name"}
        policy.pop("exclude_finished", None)
        step.job["early_termination"] = {"type": settings.policy.name, **policy}


def is_metrics(output: Output) -> bool:
    """Whether an output of a sweep holds the metrics of its trials, and no file of the best one."""
    said = output.training
    return isinstance(said, dict) and str(said.get("type", "")).lower() in ("metrics", "1")


def model_file(output: Output) -> str:
    """Which file of the best trial an output is; "" for all of its folder outputs."""
    return str(output.training.get("model_file") or "") if isinstance(output.training, dict) else ""


def _sampling(settings: SweepSettings) -> Json:
    more: dict[str, Json] = {"seed": settings.seed} if settings.seed is not None else {}
    if settings.rule != "random":
        more["rule"] = settings.rule
    return {"type": settings.sampler, **more} if more else settings.sampler


def _limits(settings: SweepSettings) -> dict[str, Json]:
    found: dict[str, Json] = {"max_total_trials": settings.max_total, "max_concurrent_trials": settings.max_concurrent}
    if settings.max_duration is not None:
        found["timeout"] = int(settings.max_duration)
    if settings.trial_timeout is not None:
        found["trial_timeout"] = int(settings.trial_timeout)
    return found


def _distribution(item: Distribution) -> dict[str, Json]:
    if item.name == CHOICE:
        return {"type": "choice", "values": item.json()[1][0]}
    return {"type": item.name, **dict(zip(_NUMBERS[item.name], item.numbers, strict=True))}


def _type(item: Distribution) -> str:
    if item.name == "randint":
        return "integer"
    if item.name != CHOICE:
        return "number"
    kinds = {type(value) for value in item.values}
    if kinds <= {int}:
        return "integer"
    return "number" if kinds <= {int, float} else "string"
