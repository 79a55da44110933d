"""Sweeps without a seed try other values each time: a difference says so."""

from __future__ import annotations

import pytest

from amlbridge.compare.result import Check, different
from amlbridge.compare.runs import by_chance
from amlbridge.engine.plan import Node

FOUND = different("metrics", "metric auc", "its value differs", 0.8, 0.9)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sweep": {"metric": "auc"}}, True),
        ({"sweep": {"metric": "auc", "sampler": "bayesian"}}, True),
        ({"sweep": {"metric": "auc", "seed": 1}}, False),
        ({"sweep": {"metric": "auc", "sampler": "grid"}}, False),
        ({}, False),
    ],
)
def test_a_difference_of_a_sweep_without_a_seed_says_why(options: dict[str, object], said: bool) -> None:
    node = Node("tune", "tune", kind="sweep" if options else "command", options=options)  # type: ignore[arg-type]
    check = by_chance(FOUND, node)
    assert check.verdict is FOUND.verdict
    assert ("no seed" in check.reason and "--baseline" in check.reason) is said
    same = Check("metrics", "metric auc")
    assert by_chance(same, node) == same
