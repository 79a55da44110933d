"""The policies against their definitions in Azure's documentation."""

from __future__ import annotations

from statistics import fmean, median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.engine.sweep.policies import Histories, best, due, reason_to_stop
from amlbridge.engine.sweep.settings import Policy

values = st.lists(st.floats(0.01, 1), min_size=1, max_size=8)
histories = st.lists(values, min_size=1, max_size=8).map(lambda found: dict(enumerate(found)))


def stops(policy: Policy, found: Histories, trial: int, interval: int, goal: Any = "maximize", **more: Any) -> bool:
    return reason_to_stop(policy, goal, trial, interval, found, **more) is not None


@given(st.integers(1, 5), st.integers(0, 12), st.integers(0, 40), st.integers(0, 40))
def test_a_policy_is_due_at_multiples_of_its_interval_that_are_not_delayed(
    every: int, delay: int, reported: int, done: int
) -> None:
    policy = Policy("median_stopping", every, delay)
    wanted = [item for item in range(done + 1, reported + 1) if item % every == 0 and item >= delay]
    assert list(due(policy, reported, done)) == wanted


def test_the_example_of_the_bandit_policy() -> None:
    policy = Policy("bandit", slack_factor=0.2)
    assert stops(policy, {0: [0.8], 1: [0.66]}, 1, 1)
    assert not stops(policy, {0: [0.8], 1: [0.67]}, 1, 1)


@given(histories, st.floats(0, 2), st.booleans(), st.data())
def test_bandit(found: Histories, slack: float, factor: bool, data: Any) -> None:
    trial = data.draw(st.sampled_from(sorted(found)))
    interval = len(found[trial])
    top = max(max(item[:interval]) for item in found.values())
    own = max(found[trial])
    policy = Policy("bandit", slack_factor=slack) if factor else Policy("bandit", slack_amount=slack)
    edge = own * (1 + slack) if factor else own + slack
    if abs(edge - top) > 1e-9:
        assert stops(policy, found, trial, interval) == (edge < top)
    mirrored = {number: [-value for value in item] for number, item in found.items()}
    assert stops(policy, mirrored, trial, interval, "minimize") == stops(policy, found, trial, interval)


@given(histories, st.data())
def test_median_stopping(found: Histories, data: Any) -> None:
    trial = data.draw(st.sampled_from(sorted(found)))
    interval = len(found[trial])
    middle = median(fmean(item[:interval]) for item in found.values())
    assert stops(Policy("median_stopping"), found, trial, interval) == (max(found[trial]) < middle)
    assert stops(Policy("median_stopping"), found, trial, interval, "minimize") == (min(found[trial]) > middle)


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=12), st.integers(1, 99), st.sampled_from(["maximize", "minimize"])
)
def test_truncation_stops_exactly_the_given_share(scores: list[float], percentage: int, goal: Any) -> None:
    policy = Policy("truncation_selection", truncation_percentage=percentage)
    found = {number: [score] for number, score in enumerate(scores)}
    stopped = {number for number in found if stops(policy, found, number, 1, goal)}
    assert len(stopped) == len(scores) * percentage // 100
    kept = [scores[number] for number in found if number not in stopped]
    for number in stopped:
        assert best(goal, [scores[number], *kept]) in kept


def test_truncation_compares_at_the_same_interval_and_may_leave_out_ended_trials() -> None:
    found = {0: [0.1, 0.9], 1: [0.5]}
    assert not stops(Policy("truncation_selection", truncation_percentage=50), found, 1, 1)
    assert stops(Policy("truncation_selection", truncation_percentage=50), {0: [0.9, 0.9], 1: [0.5]}, 1, 1)
    without = Policy("truncation_selection", truncation_percentage=50, exclude_finished=True)
    assert not stops(without, {0: [0.9, 0.9], 1: [0.5]}, 1, 1, ended={0})


@pytest.mark.parametrize("name", ["bandit", "median_stopping", "truncation_selection"])
@given(histories)
def test_the_best_trial_is_never_stopped(name: Any, found: Histories) -> None:
    extra: dict[str, Any] = {"bandit": {"slack_factor": 0.0}, "truncation_selection": {"truncation_percentage": 99}}
    policy = Policy(name, **extra.get(name, {}))
    last = max(len(item) for item in found.values())
    full = {number: list(item) + [item[-1]] * (last - len(item)) for number, item in found.items()}
    tops = {number: max(item) for number, item in full.items()}
    assert not stops(policy, full, max(tops, key=lambda number: tops[number]), last)


def test_what_is_no_number_stops_nothing() -> None:
    nan = float("nan")
    assert not stops(Policy("median_stopping"), {0: [0.9], 1: [nan]}, 1, 1)
    assert stops(Policy("median_stopping"), {0: [0.9], 1: [nan, 0.1]}, 1, 2)
