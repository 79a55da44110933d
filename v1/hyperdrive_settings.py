"""A HyperDriveConfig as the client sends it, as the settings of a sweep.

Protocol facts (``CreateExperimentDto`` of azureml-train-restclients-hyperdrive): ``generator_config`` {name,
parameter_space, properties}, ``policy_config`` {name, properties}, ``primary_metric_config`` {name, goal},
``max_total_jobs``, ``max_concurrent_jobs``, ``max_duration_minutes``, ``platform_config``. The SDK has no argument for
a seed; ``properties={"seed": 1}`` of a sampling sets it here, and ``{"rule": "sobol"}`` the rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

from amlbridge.engine.errors import PlanError
from amlbridge.engine.plan import Json
from amlbridge.engine.sweep import distributions
from amlbridge.engine.sweep import settings as sweeps
from amlbridge.engine.sweep.settings import Goal, Policy, PolicyName, Sampler, SweepSettings
from amlbridge.v1.graph_reading import Fields, malformed
from amlbridge.wire.errors import ServiceError, bad_request

_SAMPLERS: Mapping[str, Sampler] = {"random": "random", "grid": "grid", "bayesianoptimization": "bayesian"}
_POLICIES: Mapping[str, PolicyName] = {
    "bandit": "bandit",
    "medianstopping": "median_stopping",
    "truncationselection": "truncation_selection",
}
_DEFAULT_POLICY = "default"
_PIPELINES = "AML_PIPELINES"
_MINUTE = 60.0


def read(
    config: Fields, *, nested: str | None = None, history: tuple[tuple[Mapping[str, Json], float], ...] = ()
) -> SweepSettings:
    """The settings of a sweep, checked. Raises a 400 :class:`ServiceError`."""
    if config.text("platform") == _PIPELINES:
        raise bad_request(
            "a sweep over a pipeline (HyperDriveConfig(pipeline=...)) does not run on amlbridge: pass run_config= with "
            "the script to tune, or submit the pipeline once for each choice of parameters",
            "NotSupportedHere",
        )
    if config.content.get("resume_child_runs"):
        raise bad_request(
            "resume_child_runs is not supported: amlbridge does not hand the files of earlier trials to new ones; pass "
            "the earlier sweep as resume_from, or its files as an input of the script",
            "NotSupportedHere",
        )
    generator, metric = config.object("generator_config"), config.object("primary_metric_config")
    properties = generator.object("properties")
    total = config.number("max_total_jobs") or sweeps.MOST_TRIALS
    minutes = config.number("max_duration_minutes")
    try:
        space = {
            str(name): distributions.parse(item, f"parameter_space {name!r}")
            for name, item in generator.object("parameter_space").content.items()
        }
        found = SweepSettings(
            space=space,
            metric=metric.required("name"),
            goal=_goal(metric),
            sampler=_sampler(generator),
            seed=properties.number("seed"),
            rule=_rule(properties),
            policy=_policy(config.object("policy_config")),
            max_total=total,
            max_concurrent=config.number("max_concurrent_jobs") or total,
            max_duration=minutes * _MINUTE if minutes is not None else None,
            append=True,
            nested=nested,
            history=history,
        )
        sweeps.check(found)
    except PlanError as error:
        raise refused(error) from error
    return found


def refused(error: PlanError) -> ServiceError:
    """The answer to settings that no sweep can have."""
    return bad_request(str(error), "InvalidSweep")


def _goal(metric: Fields) -> Goal:
    label = (metric.text("goal") or "").lower()
    for goal in get_args(Goal):
        if goal == label:
            return goal  # type: ignore[no-any-return]
    raise malformed(metric.at("goal"), f"must be maximize or minimize, not {label!r}")


def _sampler(generator: Fields) -> Sampler:
    name = generator.required("name")
    if name.lower() not in _SAMPLERS:
        raise malformed(generator.at("name"), f"must be RANDOM, GRID or BayesianOptimization, not {name!r}")
    return _SAMPLERS[name.lower()]


def _rule(properties: Fields) -> Literal["random", "sobol"]:
    name = (properties.text("rule") or "random").lower()
    if name == "sobol":
        return "sobol"
    if name != "random":
        raise malformed(properties.at("rule"), f"must be random or sobol, not {name!r}")
    return "random"


def _policy(config: Fields) -> Policy | None:
    label = (config.text("name") or _DEFAULT_POLICY).lower()
    if label == _DEFAULT_POLICY:
        return None
    if label not in _POLICIES:
        known = "Bandit, MedianStopping, TruncationSelection and Default"
        raise malformed(config.at("name"), f"is no policy that there is: {known} are, not {label!r}")
    given = config.object("properties")
    interval = given.number("evaluation_interval")
    return Policy(
        _POLICIES[label],
        evaluation_interval=1 if interval is None else interval,
        delay_evaluation=given.number("delay_evaluation") or 0,
        slack_factor=_float(given, "slack_factor"),
        slack_amount=_float(given, "slack_amount"),
        truncation_percentage=given.number("truncation_percentage"),
        exclude_finished=given.flag("exclude_finished_jobs"),
    )


def _float(given: Fields, name: str) -> float | None:
    value: Any = given.content.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise malformed(given.at(name), f"must be a number, not {value!r}")
    return float(value)
