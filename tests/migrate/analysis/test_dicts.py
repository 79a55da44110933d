"""What is in a dict that a variable holds."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.migrate.analysis.dicts import items_of
from amlbridge.migrate.analysis.values import Evaluator


def _read(text: str) -> dict[Any, Any] | None:
    """What is known of the dict ``d`` where ``read(d)`` stands."""
    tree = ast.parse(text)
    evaluator = Evaluator(tree)
    (call,) = evaluator.calls()["read"]
    items = items_of(call.args[0], evaluator)
    if items is None:
        return None
    return {ast.literal_eval(key): ast.literal_eval(value) for key, value in items if key is not None}


@st.composite
def _programs(draw: st.DrawFn) -> str:
    pair = st.tuples(st.sampled_from("abc"), st.integers(0, 9))
    lines = ["d = " + draw(st.sampled_from(["{}", "dict(a=1)", "{'a': 1, 'b': 2}"]))]
    for key, value in draw(st.lists(pair, max_size=5)):
        forms = [f"d[{key!r}] = {value}", f"d.update({{{key!r}: {value}}})", f"d.update({key}={value})", "print(d)"]
        lines.append(draw(st.sampled_from(forms)))
    return "\n".join([*lines, "read(d)", "d['late'] = 1"])


@given(_programs())
def test_it_is_what_the_program_reads(text: str) -> None:
    told: list[dict[str, int]] = []
    scope = {"read": lambda d: told.append(dict(d)), "print": lambda d: None}
    exec(text, scope)
    (expected,) = told
    found = _read(text)
    assert found == expected
    assert found is not None and list(found) == list(expected)


@pytest.mark.parametrize(
    "change",
    [
        "if x:\n    d['b'] = 2",
        "for k in x:\n    d[k] = 2",
        "d.pop('a')",
        "d['a'] += 1",
        "del d['a']",
        "d['a'] = d['b'] = 2",
        "y = d.setdefault('b', 2)",
    ],
)
def test_what_cannot_be_followed_is_refused(change: str) -> None:
    with pytest.raises(ValueError, match="changed"):
        _read(f"d = {{'a': 1}}\n{change}\nread(d)\n")


def test_a_change_in_the_loop_around_counts_also_below() -> None:
    with pytest.raises(ValueError, match="changed"):
        _read("d = {'a': 1}\nfor x in y:\n    read(d)\n    d['a'] = x\n")


def test_a_dict_of_another_function_is_another() -> None:
    assert _read("def other(d):\n    d['b'] = 2\n\n\nd = {'a': 1}\nread(d)\n") == {"a": 1}


@pytest.mark.parametrize("made", ["load()", "dict(pairs)", "[1]"])
def test_what_is_made_at_run_time_is_not_known(made: str) -> None:
    assert _read(f"d = {made}\nread(d)\n") is None
