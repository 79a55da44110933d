"""Nodes in use never exceed the bounds, and nobody waits for ever."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from amlbridge.engine.slots import Slots

TOTAL, BOUNDS = 4, {"a": 1, "b": 3}
STEPS = st.lists(st.tuples(st.sampled_from(["a", "b", "c", None]), st.integers(1, 6)), max_size=40)


@given(STEPS, st.randoms())
def test_bounds_hold_and_what_is_given_back_is_free_again(steps: list[tuple[str | None, int]], random: object) -> None:
    slots = Slots(TOTAL, lambda _workspace, compute: BOUNDS.get(compute))
    running: list[tuple[str | None, int]] = []
    for compute, nodes in steps:
        if slots.take("w", compute, nodes):
            running.append((compute, nodes))
        elif running:
            slots.give_back("w", *running.pop(0))
        assert len(running) == 1 or sum(min(n, TOTAL) for _, n in running) <= TOTAL
        assert not slots.full() or not slots.take("w", None, 1)
        for name, bound in BOUNDS.items():
            used = [min(n, bound) for c, n in running if c == name]
            assert len(used) <= 1 or sum(used) <= bound
    for item in running:
        slots.give_back("w", *item)
    assert slots.take("w", "b", 3)


def test_an_idle_machine_takes_anything() -> None:
    slots = Slots(2, lambda _workspace, _compute: 1)
    assert slots.take("w", "c", 100)
    assert not slots.take("w", "c", 1)
