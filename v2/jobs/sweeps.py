"""The sweep of a job or a node of SDK v2, as the settings of a sweep.

Protocol facts: a job says it in camelCase, with a distribution as ``["uniform", [0.1, 0.9]]``, a node of a pipeline in
snake_case, with ``{"type": "uniform", "min_value": 0.1, "max_value": 0.9}``. The sampling algorithm is a name or an
object; the early termination policy of both has a ``policy_type``. A slack of 0 means that it was not given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from amlbridge.engine.errors import PlanError
from amlbridge.engine.plan import Json
from amlbridge.engine.sweep import distributions
from amlbridge.engine.sweep import settings as sweeps
from amlbridge.engine.sweep.distributions import Distribution
from amlbridge.engine.sweep.settings import Goal, Policy, PolicyName, Sampler, SweepSettings
from amlbridge.v2.jobs.reading import Section, invalid, seconds

_SAMPLERS: Mapping[str, Sampler] = {"random": "random", "grid": "grid", "bayesian": "bayesian"}
_GOALS: Mapping[str, Goal] = {"maximize": "maximize", "minimize": "minimize"}
_POLICIES: Mapping[str, PolicyName] = {
    "bandit": "bandit",
    "medianstopping": "median_stopping",
    "truncationselection": "truncation_selection",
}
_RULES: Mapping[str, Literal["random", "sobol"]] = {"random": "random", "sobol": "sobol"}
_ORDER = ("upper", "mu", "sigma", "min_value", "max_value", "q")


def read(holder: Section) -> SweepSettings:
    """The settings, checked. Raises a 400 ServiceError that names the field."""
    objective = holder.section("objective")
    limits = holder.section("limits")
    total = limits.count("max_total_trials", "maxTotalTrials")
    concurrent = limits.count("max_concurrent_trials", "maxConcurrentTrials")
    total = sweeps.MOST_TRIALS if total is None else total
    sampling = _sampling(holder)
    seed = sampling.count("seed")
    try:
        found = SweepSettings(
            space=_space(holder.section("search_space", "searchSpace")),
            metric=objective.required("primary_metric", "primaryMetric"),
            goal=_one_of(_GOALS, objective.required("goal"), objective.at("goal")),
            sampler=_one_of(
                _SAMPLERS, sampling.required("type", "samplingAlgorithmType"), holder.at("sampling_algorithm")
            ),
            seed=seed,
            rule=_one_of(_RULES, sampling.text("rule") or "random", sampling.at("rule")),
            log_base=_log_base(sampling),
            policy=_policy(holder.section("early_termination", "earlyTermination")),
            max_total=total,
            max_concurrent=total if concurrent is None else concurrent,
            max_duration=seconds(limits.get("timeout"), limits.at("timeout")),
            trial_timeout=seconds(limits.get("trial_timeout", "trialTimeout"), limits.at("trial_timeout")),
        )
        sweeps.check(found)
    except PlanError as error:
        raise invalid(holder.spot or "sweep", str(error), "InvalidSweep") from error
    return found


def _sampling(holder: Section) -> Section:
    value = holder.get("sampling_algorithm", "samplingAlgorithm")
    spot = holder.at("sampling_algorithm")
    if value is None:
        raise invalid(spot, "is missing: random, grid or bayesian", "MissingField")
    return Section({"type": value} if isinstance(value, str) else value, spot)


def _one_of(known: Mapping[str, Any], name: str, spot: str) -> Any:
    found = known.get(name.lower().replace("_", ""))
    if found is None:
        raise invalid(spot, f"must be one of {', '.join(known)}, not {name!r}")
    return found


def _log_base(sampling: Section) -> float:
    value = sampling.get("logbase", "log_base", "logBase")
    if value is None or value == "e":
        return math.e
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise invalid(sampling.at("logbase"), f"must be a number or 'e', not {value!r}") from error


def _space(holder: Section) -> dict[str, Distribution]:
    return {
        name: distributions.parse(_distribution(item, holder.at(name)), holder.at(name))
        for name, item in holder.content.items()
    }


def _distribution(item: Any, spot: str) -> Json:
    """The form of a node as that of a job; what is none stays as it is, for the parser to name."""
    if not _is_node_form(item):
        return item
    name = str(item["type"]).lower()
    if name == distributions.CHOICE:
        values = item.get("values")
        if not isinstance(values, list):
            raise invalid(f"{spot}.values", "must be an array")
        return [name, [[_value(value, f"{spot}.values[{index}]") for index, value in enumerate(values)]]]
    return [name, [item[field] for field in _ORDER if item.get(field) is not None]]


def _value(value: Any, spot: str) -> Json:
    if not isinstance(value, Mapping):
        return value
    return {name: _distribution(inner, f"{spot}.{name}") for name, inner in value.items()}


def _is_node_form(item: Any) -> bool:
    return isinstance(item, Mapping) and str(item.get("type", "")).lower() in distributions.NAMES


def _policy(given: Section) -> Policy | None:
    name = given.text("policy_type", "policyType", "type")
    if name is None:
        return None
    factor, amount = (_slack(given, *names) for names in (("slack_factor", "slackFactor"), _AMOUNT))
    return Policy(
        _one_of(_POLICIES, name, given.at("policy_type")),
        evaluation_interval=given.count("evaluation_interval", "evaluationInterval") or 1,
        delay_evaluation=given.count("delay_evaluation", "delayEvaluation") or 0,
        slack_factor=factor,
        slack_amount=amount,
        truncation_percentage=given.count("truncation_percentage", "truncationPercentage"),
        exclude_finished=given.flag("exclude_finished_jobs", "excludeFinishedJobs") is not False,
    )


_AMOUNT = ("slack_amount", "slackAmount")


def _slack(given: Section, *names: str) -> float | None:
    value = given.get(*names)
    if value is None or value == 0:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(given.at(names[0]), f"must be a number, not {value!r}")
    return float(value)
