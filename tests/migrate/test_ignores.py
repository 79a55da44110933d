"""`# amlbridge: ignore` and where it holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.migrate.ignores import Ignores


def test_at_the_end_of_a_line_it_holds_for_the_statement() -> None:
    found = Ignores.of("a = 1\nrun(\n    x,  # amlbridge: ignore\n)\nb = 2\n")
    assert found.covers(2, 4, "any")
    assert not found.covers(1, 1, "any")
    assert not found.covers(5, 5, "any")


def test_alone_it_holds_for_the_next_statement() -> None:
    found = Ignores.of("a = 1\n\n# amlbridge: ignore\n\nb = 2\nc = 3\n")
    assert found.covers(5, 5, "any")
    assert not found.covers(6, 6, "any")


@pytest.mark.parametrize(
    "text",
    ["# amlbridge: ignore\na = 1\n", "#!/usr/bin/python\n# amlbridge: ignore\n", "a = 1\n# amlbridge: ignore-file\n"],
)
def test_the_whole_file(text: str) -> None:
    assert Ignores.of(text).covers(1, 1, "any")


def test_rules_can_be_named() -> None:
    found = Ignores.of("a = 1  # amlbridge: ignore[workspace, datastores]\n")
    assert found.covers(1, 1, "workspace") and found.covers(1, 1, "datastores")
    assert not found.covers(1, 1, "pipelines")


def test_a_string_is_no_directive() -> None:
    assert not Ignores.of('a = "# amlbridge: ignore"\n').covers(1, 1, "any")


@given(st.text(max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    Ignores.of(f"{text}# amlbridge: ignore")
