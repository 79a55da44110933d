"""Shell lines of SDK v2: literal inputs are the user's text, optional stretches come and go."""

from __future__ import annotations

import pytest

from amlbridge.engine import command_line
from amlbridge.engine.plan import Argument, Command, InputRef, OptionalGroup, Value

LINE = Command(
    (
        Argument((Value("run "), InputRef("flags"), Value(" < "), InputRef("data"))),
        OptionalGroup("limit", (Argument((Value(" --limit "), InputRef("limit"))),)),
        Argument((Value(" | tail"),)),
    ),
    shell=True,
)


@pytest.mark.parametrize(
    ("inputs", "line"),
    [
        ({"flags": "-a -b", "data": "/a b/c"}, "run -a -b < '/a b/c' | tail"),
        ({"flags": "", "data": "/c", "limit": "3"}, "run  < /c --limit 3 | tail"),
    ],
)
def test_a_shell_line_is_one_argument(inputs: dict[str, str], line: str) -> None:
    assert command_line.arguments(LINE, {}, inputs, {}, {"flags", "limit"}) == [line]


def test_without_literals_every_input_is_a_path() -> None:
    assert command_line.arguments(LINE, {}, {"flags": "-a -b", "data": "/c"}, {}) == ["run '-a -b' < /c | tail"]
