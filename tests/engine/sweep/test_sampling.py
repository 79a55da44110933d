"""Seeds reproduce, grids cover their product, nothing is tried twice, v1 and v2 draw the same."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlbridge.engine.errors import PlanError
from amlbridge.engine.sweep import distributions
from amlbridge.engine.sweep.sampling import Result, Samples
from amlbridge.engine.sweep.settings import Policy, SweepSettings, check

SPACE = {"--lr": ["loguniform", [-6, -1]], "--depth": ["quniform", [1, 9, 2]], "--kind": ["choice", [["a", "b"]]]}


def sweep(space: dict[str, Any], **values: Any) -> SweepSettings:
    parsed = {name: distributions.parse(item, name) for name, item in space.items()}
    return SweepSettings(space=parsed, metric="score", **values)


def trials(made: SweepSettings, seed: int = 1) -> list[dict[str, Any]]:
    samples, found = Samples(made, seed), []
    while (parameters := samples.get(len(found), [])) is not None:
        found.append(dict(parameters))
    return found


@given(st.integers(0, 2**31), st.integers(1, 30))
def test_a_seed_reproduces_its_trials(seed: int, total: int) -> None:
    made = sweep(SPACE, max_total=total, max_concurrent=1)
    assert trials(made, seed) == trials(made, seed)
    assert len(trials(made, seed)) == total


@given(st.integers(0, 2**31))
def test_neither_dashes_nor_order_change_what_is_drawn(seed: int) -> None:
    twin = {name.removeprefix("--"): item for name, item in reversed(SPACE.items())}
    there = trials(sweep(SPACE, max_total=5), seed)
    here = trials(sweep(twin, max_total=5), seed)
    assert here == [{name.removeprefix("--"): value for name, value in item.items()} for item in there]


@given(st.lists(st.lists(st.integers(), min_size=1, max_size=4, unique=True), min_size=1, max_size=3))
def test_a_grid_is_exactly_the_product(columns: list[list[int]]) -> None:
    space = {f"p{index}": ["choice", [values]] for index, values in enumerate(columns)}
    found = trials(sweep(space, sampler="grid"))
    assert [tuple(item.values()) for item in found] == list(product(*columns))


@settings(max_examples=30)
@given(st.integers(0, 1000), st.sampled_from(["random", "sobol"]))
def test_a_finite_space_is_tried_once_each_and_then_ends(seed: int, rule: str) -> None:
    made = sweep({"a": ["choice", [[1, 2, 3]]], "b": ["randint", [4]]}, rule=rule)
    found = [json.dumps(item) for item in trials(made, seed)]
    assert len(found) == len(set(found)) == 12


def test_a_sobol_sequence_covers_better_than_chance() -> None:
    made = sweep({"x": ["uniform", [0, 1]]}, rule="sobol", max_total=16)
    assert sorted(int(item["x"] * 16) for item in trials(made)) == list(range(16))


def test_a_bayesian_sweep_finds_the_top_and_repeats_itself() -> None:
    space = {"x": ["uniform", [-3, 3]], "n": ["quniform", [2, 20, 2]], "k": ["choice", [["a", {"b": 1}]]]}
    made = sweep(space, sampler="bayesian", max_total=40, max_concurrent=2)

    def run() -> list[Result]:
        samples, results = Samples(made, 7), []  # type: ignore[var-annotated]
        for number in range(40):
            parameters = samples.get(number, results[: samples.known(number)])
            assert parameters is not None
            assert -3 <= parameters["x"] <= 3
            assert parameters["n"] in range(2, 21, 2)
            assert parameters["k"] in ("a", {"b": 1})
            score = -((parameters["x"] - 1) ** 2) - abs(parameters["n"] - 8) / 10
            results.append(Result(parameters, score if number % 7 else None))
        return results

    first = run()
    assert first == run()
    early = max(item.value for item in first[:10] if item.value is not None)
    late = max(item.value for item in first[10:] if item.value is not None)
    assert late > early


def test_a_bayesian_sweep_learns_from_earlier_ones() -> None:
    space = {"x": ["uniform", [0, 1]]}
    history = tuple(({"x": index / 40}, -abs(index / 40 - 0.75)) for index in range(40))
    warm = sweep(space, sampler="bayesian", max_total=10, max_concurrent=10, history=history)
    found = [item["x"] for item in trials(warm)]
    assert sum(abs(value - 0.75) < 0.15 for value in found) > 5


@pytest.mark.parametrize(
    ("space", "values", "words"),
    [
        ({}, {}, "search space is empty"),
        ({"a": ["uniform", [0, 1]]}, {"sampler": "grid"}, "'a'.*only choice, not uniform"),
        ({"a": ["normal", [0, 1]]}, {"sampler": "bayesian"}, "'a'.*not normal"),
        ({"a": ["randint", [3]]}, {"max_total": 2, "max_concurrent": 3}, "concurrent trials \\(3\\)"),
        ({"a": ["randint", [3]]}, {"max_total": 0, "max_concurrent": 1}, "total number"),
        ({"a": ["uniform", [0, 1]]}, {"sampler": "bayesian", "policy": Policy("median_stopping")}, "no early"),
        ({"a": ["randint", [3]]}, {"policy": Policy("bandit")}, "either slack_factor or slack_amount"),
        ({"a": ["randint", [3]]}, {"policy": Policy("truncation_selection")}, "truncation_percentage"),
        ({"a": ["randint", [3]]}, {"policy": Policy("median_stopping", evaluation_interval=0)}, "evaluation_interval"),
        ({"a": ["choice", [[{"b": ["randint", [2]]}]]]}, {"rule": "sobol"}, "nested"),
        ({"a": ["randint", [3]]}, {"max_duration": 0}, "duration"),
    ],
)
def test_settings_that_no_sweep_can_have_are_named(space: dict[str, Any], values: dict[str, Any], words: str) -> None:
    with pytest.raises(PlanError, match=words):
        check(sweep(space, **values))
