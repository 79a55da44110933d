"""Collections in new code are plain."""

from __future__ import annotations

import pytest

from amlbridge.migrate.text.comprehensions import plain


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("a = list((x for x in y if x))[0]", "a = [x for x in y if x][0]"),
        ("a = list(x for x in y)", "a = list(x for x in y)"),  # as somebody wrote it
        ("print(list({d.name: f(d) for d in f()}.keys()))", "print([d.name for d in f()])"),
        ("print(list({d.name: f(d) for d in f()}))", "print([d.name for d in f()])"),
        ("for n in {e.name: e for e in f()}:\n    pass", "for n in [e.name for e in f()]:\n    pass"),
        ("a = {e.name: e for e in f()}", "a = {e.name: e for e in f()}"),
        ("a = list((x for x in y)", "a = list((x for x in y)"),  # a part of a statement
    ],
)
def test_plain(code: str, after: str) -> None:
    assert plain(code) == after


def test_what_a_loop_goes_through() -> None:
    assert plain("{e.name: e for e in f()}", iterated=True) == "[e.name for e in f()]"
