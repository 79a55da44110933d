"""When a trial is stopped early: pure functions of what the trials have reported so far.

The definitions are those of Azure's public documentation ("Tune hyperparameters", early termination policies, and the
reference of azureml.train.hyperdrive's policies). Each report of the primary metric is one interval; a trial is
compared with the others up to the interval that it has reached itself, however far those are.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from statistics import fmean, median

from amlbridge.engine.sweep.settings import Goal, Policy

#: The reports of a metric by trial, in their order.
Histories = Mapping[int, Sequence[float]]


def due(policy: Policy, reported: int, done: int) -> range:
    """The intervals at which the policy is to be applied to a trial with so many reports, of which those up to ``done``
    were dealt with."""
    every = policy.evaluation_interval
    first = max(done + 1, policy.delay_evaluation, 1)
    return range(math.ceil(first / every) * every, reported + 1, every)


def best(goal: Goal, values: Sequence[float]) -> float | None:
    """The best of some reports; None without a number among them."""
    numbers = [value for value in values if not math.isnan(value)]
    if not numbers:
        return None
    return max(numbers) if goal == "maximize" else min(numbers)


def reason_to_stop(
    policy: Policy, goal: Goal, trial: int, interval: int, histories: Histories, ended: Collection[int] = ()
) -> str | None:
    """Why a trial is to be stopped at an interval that it has reached; None when it may go on. ``ended`` are the
    trials that have ended."""
    own = best(goal, histories[trial][:interval])
    if own is None:
        return None
    if policy.name == "bandit":
        return _bandit(policy, goal, own, interval, histories)
    if policy.name == "median_stopping":
        return _median(goal, own, interval, histories)
    return _truncation(policy, goal, trial, interval, histories, ended)


def _bandit(policy: Policy, goal: Goal, own: float, interval: int, histories: Histories) -> str | None:
    """``own * (1 + slack_factor) < best`` for a metric to maximize (Azure's example: 0.8 / 1.2), and its mirror image
    for one to minimize. The smaller magnitude is what the factor applies to, so that it stays a tolerance for negative
    metrics, too."""
    found = (best(goal, values[:interval]) for values in histories.values())
    top = best(goal, [value for value in found if value is not None])
    if top is None or not math.isfinite(top) or not math.isfinite(own):
        return None
    slack = policy.slack_amount
    if slack is None:
        slack = (policy.slack_factor or 0.0) * min(abs(own), abs(top))
    distance = top - own if goal == "maximize" else own - top
    if distance <= slack:
        return None
    return f"bandit policy: {own:g} after {interval} reports is more than {slack:g} away from the best, {top:g}"


def _median(goal: Goal, own: float, interval: int, histories: Histories) -> str | None:
    averages = []
    for values in histories.values():
        numbers = [value for value in values[:interval] if math.isfinite(value)]
        if numbers:
            averages.append(fmean(numbers))
    if not averages:
        return None
    middle = median(averages)
    worse = own < middle if goal == "maximize" else own > middle
    if not worse:
        return None
    return f"median stopping policy: {own:g} after {interval} reports is worse than the median of averages, {middle:g}"


def _truncation(
    policy: Policy, goal: Goal, trial: int, interval: int, histories: Histories, ended: Collection[int]
) -> str | None:
    ranked = []
    for number, values in histories.items():
        value = best(goal, values[:interval]) if len(values) >= interval else None
        if value is not None and not (policy.exclude_finished and number in ended):
            # Of equals the later trial ranks lower.
            ranked.append((value if goal == "maximize" else -value, -number))
    ranked.sort()
    cut = len(ranked) * (policy.truncation_percentage or 0) // 100
    if -trial not in {number for _, number in ranked[:cut]}:
        return None
    return (
        f"truncation selection policy: among the lowest {policy.truncation_percentage} % of {len(ranked)} trials after "
        f"{interval} reports"
    )
