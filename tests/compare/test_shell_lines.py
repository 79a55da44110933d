"""Lines for the shell and the scripts that they run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.compare import shell_lines
from amlbridge.engine.plan import Argument, Command, Value


def as_line(text: str) -> Command:
    return Command((Argument((Value(text),)),), shell=True)


def test_a_line_that_runs_a_script_is_the_script_with_its_arguments() -> None:
    found = shell_lines.plain(as_line("python3 train.py --name 'a b'"))
    assert found.script == "train.py"
    assert [argument.pieces for argument in found.arguments] == [(Value("--name"),), (Value("a b"),)]


@pytest.mark.parametrize("text", ["python train.py 'a", 'python train.py "a', "don't", "'"])
def test_a_line_with_an_open_quote_stays_the_line_that_it_is(text: str) -> None:
    assert shell_lines.plain(as_line(text)) == as_line(text)


@given(st.text())
def test_every_line_can_be_read(text: str) -> None:
    found = shell_lines.plain(as_line(text))
    assert found.shell == (found == as_line(text))
