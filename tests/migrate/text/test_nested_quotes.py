"""Quotes inside of f-strings that handlers write."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.migrate.findings import Status
from amlbridge.migrate.registry import Leave, Replace
from amlbridge.migrate.text.nested_quotes import as_python, checked, flattened, requoted
from tests.migrate.rules.support import convert


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ('f"a-{os.environ["B"]}"', "f\"a-{os.environ['B']}\""),
        ('f"{d["a"]["b"]}/{e["c"]}" + "x"', "f\"{d['a']['b']}/{e['c']}\" + \"x\""),
        ("f'{d['a']}'", "f'{d[\"a\"]}'"),
        ('rf"{d["a"]}\\s"', "rf\"{d['a']}\\s\""),
        ('f"{{"a"}}"', None),
        ('f"{d["it\'s"]}"', None),
        ("f(", None),
        ('f"{a}" "b"', 'f"{a}" "b"'),
        ('"f" + f"{x}"', '"f" + f"{x}"'),
        ('f"""{d["a"]}"""', 'f"""{d["a"]}"""'),
    ],
)
def test_strings_inside_get_the_other_quotes(code: str, after: str | None) -> None:
    assert as_python(code, is_expression=True) == after


@given(st.text(alphabet="ab{}\"'\\f ", max_size=12))
def test_what_is_python_stays(text: str) -> None:
    """And nothing is lost of what is none."""
    code = repr(text)
    assert as_python(code, is_expression=True) == code
    assert len(requoted(text)) == len(text)


def test_what_a_handler_gives_is_checked() -> None:
    assert checked(Replace('f"{d["a"]}"', "why")) == Replace("f\"{d['a']}\"", "why")
    assert checked(Leave("why")) == Leave("why")
    with pytest.raises(ValueError, match="cannot be followed"):
        checked(Replace("a b"))


def test_a_version_from_the_environment_is_in_the_name_of_a_deployment() -> None:
    found = convert("""\
import os
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
step = PythonScriptStep("a.py", name="a", compute_target="cpu", runconfig=env)
pipeline = Pipeline(ws, [step])
published = pipeline.publish("nightly", version=os.environ.get("BUILD_ID", "1"))
""")
    assert {finding.status for finding in found.findings} <= {Status.CONVERTED, Status.REVIEW}
    assert "f\"version-{os.environ.get('BUILD_ID', '1')}\"" in found.text
    ast.parse(found.text)


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("f\"a/{f'{name}/b'}\"", 'f"a/{name}/b"'),
        ("f\"a/{'b'}/{c}\" + f'{x}'", "f\"a/b/{c}\" + f'{x}'"),
        ("f\"{{'a'}}\"", "f\"{{'a'}}\""),
        ("f\"{f'{a!r}'}{'b'!r}\"", "f\"{a!r}{'b'!r}\""),
        ("f\"{'{b}'}\"", 'f"{{b}}"'),
        ("f\"{d['a']}\"", "f\"{d['a']}\""),
        ("\"{'a'}\"", "\"{'a'}\""),
    ],
)
def test_texts_in_fields_are_unfolded(code: str, after: str) -> None:
    assert flattened(code) == after


@given(st.lists(st.sampled_from(["a", "/", "{{", "}}", "{x}", "{f'{x}-b'}", "{'c'}", "{f'd'}", " "]), max_size=6))
def test_unfolding_changes_no_text(parts: list[str]) -> None:
    code = f'f"{"".join(parts)}"'
    assert eval(flattened(code), {"x": 1}) == eval(code, {"x": 1})
