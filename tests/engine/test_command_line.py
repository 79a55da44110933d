"""Templates become argv, piece by piece."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlbridge.engine.command_line import arguments, text
from amlbridge.engine.errors import PlanError
from amlbridge.engine.plan import Argument, Command, InputRef, OptionalGroup, OutputRef, ParameterRef, Value

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text())


@given(st.lists(SCALARS, max_size=6))
def test_literals_come_out_as_written(values: list[str]) -> None:
    command = Command(tuple(Argument((Value(value),)) for value in values))
    assert arguments(command, {}, {}, {}) == ["" if value is None else str(value) for value in values]


def test_pieces_are_joined_and_names_looked_up_in_their_own_table() -> None:
    pieces = (Value("a="), ParameterRef("x"), Value(":"), InputRef("x"), Value(":"), OutputRef("x"))
    assert arguments(Command((Argument(pieces),)), {"x": 1}, {"x": "/in"}, {"x": "/out"}) == ["a=1:/in:/out"]


def test_an_optional_group_appears_only_with_its_input() -> None:
    command = Command((OptionalGroup("data", (Argument((Value("--data"),)), Argument((InputRef("data"),)))),))
    assert arguments(command, {}, {}, {}) == []
    assert arguments(command, {}, {"data": "/d"}, {}) == ["--data", "/d"]


@pytest.mark.parametrize(
    ("piece", "words"),
    [(ParameterRef("p"), "parameter 'p'"), (InputRef("p"), "input 'p'"), (OutputRef("p"), "output 'p'")],
)
def test_a_name_that_is_nowhere_is_told(piece: ParameterRef | InputRef | OutputRef, words: str) -> None:
    with pytest.raises(PlanError, match=words):
        arguments(Command((Argument((piece,)),)), {}, {}, {})


def test_python_spelling_of_values() -> None:
    assert [text(value) for value in (True, 0.1, None, 3, "s")] == ["True", "0.1", "", "3", "s"]


PATHS = st.text(st.characters(codec="utf-8", exclude_characters="\0\n"), min_size=1, max_size=12)


@given(
    PATHS,
    st.sampled_from(["printf %s {}", "printf %s '{}'", 'printf %s "{}"', "echo 'a'\"b\">/dev/null; printf %s {}"]),
)
@settings(max_examples=60, deadline=None)
def test_the_shell_sees_paths_as_they_are(path: str, template: str) -> None:
    before, after = template.split("{}")
    command = Command((Argument((Value(before), InputRef("x"), Value(after))),), shell=True)
    (line,) = arguments(command, {}, {"x": path}, {})
    done = subprocess.run(["/bin/bash", "-c", line], capture_output=True, check=True)
    assert done.stdout.decode() == path
