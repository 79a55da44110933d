"""What is written out has a value, also where it is an f-string that inserts nothing."""

from __future__ import annotations

import ast

import pytest

from amlbridge.migrate.analysis.literals import literal
from tests.migrate.rules.support import convert


@pytest.mark.parametrize(
    ("code", "value"), [('"a"', "a"), ('f"a{{b}}"', "a{b}"), ('f""', ""), ("[1, 'b']", [1, "b"]), ("-1.5", -1.5)]
)
def test_values(code: str, value: object) -> None:
    assert literal(ast.parse(code, mode="eval").body) == value


@pytest.mark.parametrize("code", ['f"{a}"', 'f"a{b}c"', "a"])
def test_what_is_known_at_run_time_only_has_none(code: str) -> None:
    with pytest.raises(ValueError, match="malformed"):
        literal(ast.parse(code, mode="eval").body)


def test_a_script_that_an_f_string_names_is_known() -> None:
    text = convert(
        "from azureml.core import ScriptRunConfig\n\n"
        'src = ScriptRunConfig(".", f"fit all.py", ["--rate", 0.1], compute_target=f"cpu")\n'
    ).text
    assert "command=\"python 'fit all.py' --rate 0.1\"" in text
