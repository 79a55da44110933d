"""Series, ratios, turns and targets of the benchmarks."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.measure import Row, Series, Target, interleave, timed

positive = st.floats(min_value=1e-6, max_value=1e6)
series = st.lists(positive, min_size=1, max_size=9)


@given(series)
def test_the_median_lies_between_low_and_high_and_does_not_depend_on_order(values: list[float]) -> None:
    found = Series.of(values)
    assert found.low <= found.median <= found.high
    assert found.median == Series.of(sorted(values)).median == statistics.median(values)


@given(st.lists(st.tuples(positive, positive), min_size=1, max_size=9))
def test_a_ratio_is_taken_pair_by_pair(pairs: list[tuple[float, float]]) -> None:
    mine, theirs = (Series.of(side) for side in zip(*pairs, strict=True))
    assert mine.ratio(theirs).values == tuple(a / b for a, b in pairs)
    assert mine.ratio(mine).values == (1.0,) * len(pairs)


@given(st.lists(positive, min_size=1, max_size=9), st.floats(min_value=0.01, max_value=100))
def test_load_that_falls_on_both_sides_of_a_round_does_not_change_the_ratio(loads: list[float], ratio: float) -> None:
    ours, floor = Series.of([ratio * load for load in loads]), Series.of(loads)
    assert ours.ratio(floor).median == pytest.approx(ratio)


def test_rounds_that_only_one_side_has_are_left_out_of_the_ratio() -> None:
    assert Series.of([2.0, 9.0, 9.0]).ratio(Series.of([4.0])).values == (0.5,)


def test_a_series_needs_a_value() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Series.of([])


def test_contestants_take_turns_and_change_their_order() -> None:
    turns: list[str] = []

    def contestant(name: str) -> float:
        turns.append(name)
        return float(len(turns))

    found = interleave({"a": lambda: contestant("a"), "b": lambda: contestant("b")}, 3)
    assert turns == ["a", "b", "b", "a", "a", "b"]
    assert found["a"].values == (1.0, 4.0, 5.0)
    assert found["b"].values == (2.0, 3.0, 6.0)


def test_a_target_is_judged_by_the_median() -> None:
    ours, floor = Series.of([1.0, 2.0, 30.0]), Series.of([2.0, 4.0, 1.0])
    assert Row("m", ours=ours, floor=floor, target=Target(0.5)).met is True
    assert Row("m", ours=ours, floor=floor, target=Target(0.49)).met is False
    assert Row("m", ours=ours, target=Target(2.0, of="ours")).met is True
    assert Row("m", ours=ours, floor=floor).met is None


def test_what_was_not_measured_is_not_met() -> None:
    assert Row("m", problem="the service did not start").met is False
    assert Row("m", target=Target(1.0), problem="the service did not start").met is False
    assert Row("m", ours=Series.of([0.1]), target=Target(1.0)).met is False


def test_timed_returns_after_the_call() -> None:
    calls: list[int] = []
    assert timed(lambda: calls.append(1)) >= 0
    assert calls == [1]
