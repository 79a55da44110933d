"""Every value lies within its distribution's support and quantisation; the JSON form is read back."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.engine.errors import PlanError
from amlbridge.engine.sweep import distributions

share = st.floats(0, 1, exclude_max=True)
bounds = st.tuples(st.floats(-50, 50), st.floats(-50, 50)).map(sorted)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-100, 100) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)


def drawn(content: object, at: float) -> object:
    return distributions.parse(content, "x").draw(lambda: at)


@given(share, bounds)
def test_a_uniform_value_lies_within_its_bounds(at: float, ends: list[float]) -> None:
    low, high = ends
    assert low <= drawn(["uniform", [low, high]], at) <= high  # type: ignore[operator]


@given(share, bounds)
def test_the_logarithm_of_a_loguniform_value_lies_within_its_bounds(at: float, ends: list[float]) -> None:
    low, high = ends
    value = drawn(["loguniform", [low, high]], at)
    assert low - 1e-9 <= math.log(value) <= high + 1e-9  # type: ignore[arg-type]


@given(share, st.integers(-100, 100), st.integers(1, 200), st.integers(1, 20))
def test_a_quniform_value_is_a_multiple_of_q_within_its_bounds(at: float, low: int, width: int, q: int) -> None:
    high = low + width
    if math.ceil(low / q) > math.floor(high / q):
        with pytest.raises(PlanError, match="no multiple of q"):
            distributions.parse(["quniform", [low, high, q]], "x")
        return
    value = drawn(["quniform", [low, high, q]], at)
    assert isinstance(value, int)
    assert low <= value <= high
    assert value % q == 0


@given(share, st.floats(-5, 5), st.floats(0, 3), st.integers(1, 5))
def test_quantised_normal_values_are_multiples_of_q(at: float, mu: float, sigma: float, q: int) -> None:
    assert drawn(["qnormal", [mu, sigma, q]], at) % q == 0  # type: ignore[operator]
    value = drawn(["qlognormal", [mu, sigma, q]], at)
    assert value % q == 0  # type: ignore[operator]
    assert value >= 0  # type: ignore[operator]


@given(st.floats(-5, 5), st.floats(0.01, 3))
def test_a_normal_distribution_has_its_mean_in_the_middle(mu: float, sigma: float) -> None:
    assert drawn(["normal", [mu, sigma]], 0.5) == pytest.approx(mu, abs=1e-9)
    assert drawn(["lognormal", [mu, sigma]], 0.5) == pytest.approx(math.exp(mu))
    upper = drawn(["normal", [mu, sigma]], 0.8413447460685429)
    assert upper == pytest.approx(mu + sigma, abs=1e-6)


@given(share, st.integers(1, 1000))
def test_randint_is_below_its_upper_bound(at: float, upper: int) -> None:
    assert 0 <= drawn(["randint", [upper]], at) < upper  # type: ignore[operator]


@given(share, st.lists(json_values, min_size=1, max_size=5))
def test_a_choice_is_one_of_its_values(at: float, values: list[object]) -> None:
    assert drawn(["choice", [values]], at) in values


@given(st.lists(json_values, min_size=1, max_size=5))
def test_the_json_form_is_read_back(values: list[object]) -> None:
    found = distributions.parse(["choice", [values]], "x")
    assert distributions.parse(json.loads(json.dumps(found.json())), "x") == found


def test_a_value_that_holds_distributions_is_filled_when_it_is_chosen() -> None:
    content = ["choice", [[{"model": "a", "depth": ["choice", [[1, 2]]]}, {"model": "b", "rate": ["uniform", [0, 1]]}]]]
    found = distributions.parse(content, "x")
    assert found.nested
    assert found.json() == content
    numbers = iter([0.9, 0.25])
    assert found.draw(lambda: next(numbers)) == {"model": "b", "rate": 0.25}
    assert found.size() is None


def test_sizes() -> None:
    sizes = {
        "choice": (["choice", [[1, 1, 2]]], 2),
        "randint": (["randint", [7]], 7),
        "quniform": (["quniform", [1, 10, 2]], 5),
        "uniform": (["uniform", [0, 1]], None),
        "nested": (["choice", [[{"a": ["choice", [[1, 2]]], "b": ["randint", [3]]}, {"c": 1}]]], 7),
    }
    for content, size in sizes.values():
        assert distributions.parse(content, "x").size() == size


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (["uniform", [2, 1]], "above max_value"),
        (["uniform", [1]], "takes min_value, max_value"),
        (["uniform", ["a", 1]], "finite number"),
        (["normal", [0, -1]], "sigma"),
        (["quniform", [0, 1, 0]], "q of quniform"),
        (["randint", [0]], "upper"),
        (["choice", [[]]], "at least one value"),
        (["loguniform", [1, 1000]], "logarithms"),
        (["gamma", [1, 2]], "name among"),
        ("uniform", "name among"),
    ],
)
def test_what_no_distribution_can_be_is_named(content: object, words: str) -> None:
    with pytest.raises(PlanError, match=words) as raised:
        distributions.parse(content, "search space 'lr'")
    assert str(raised.value).startswith("search space 'lr'")
