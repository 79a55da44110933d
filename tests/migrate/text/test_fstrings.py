"""Expressions inside of f-strings get new code, whatever quotes the f-string has."""

from __future__ import annotations

import ast
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.migrate.findings import Status
from amlbridge.migrate.text.fstrings import CannotWriteError, values_in, with_replaced
from tests.migrate.rules.support import check_transformed, convert

EXPRESSIONS = ["x", "d['k']", "', '.join(w for w in d)", "(x if x != 3 else 4)", "[x, 1][0]", "{'a': x}['a']", "x == 3"]
TEXTS = ["", "a", " ", "{{", "}}", "{{b}}", "it's", "=", ":", "!r"]
FORMATS = ["", "!r", "!s:>9", ":>9", ":{x}", "="]


def replaced(text: str, new: str, which: int = 0) -> str:
    node = cast("ast.JoinedStr", ast.parse(text, mode="eval").body)
    values = values_in(node)
    return with_replaced(text, values, [new if index == which else None for index in range(len(values))])


@given(st.lists(st.tuples(st.sampled_from(TEXTS), st.sampled_from(EXPRESSIONS), st.sampled_from(FORMATS)), min_size=1))
def test_each_expression_is_found_and_the_rest_stays(parts: list[tuple[str, str, str]]) -> None:
    def written(expressions: list[str]) -> str:
        fields = zip(parts, expressions, strict=True)
        return 'f"' + "".join(f"{text}{{ {code}{form}}}" for (text, _old, form), code in fields) + '"'

    old = written([code for _text, code, _form in parts])
    node = cast("ast.JoinedStr", ast.parse(old, mode="eval").body)
    outer = [field.value for field in node.values if isinstance(field, ast.FormattedValue)]
    names = [f"name_{index}" for index in range(len(parts))]
    codes = dict(zip(outer, names, strict=True))
    values = values_in(node)
    assert with_replaced(old, values, list(map(codes.get, values))) == written(names).replace("{ ", "{")


@pytest.mark.parametrize(
    ("text", "new", "after"),
    [
        ('f"{x}"', 'd["k"]', "f\"{d['k']}\""),
        ("f'{x}'", "d['k']", "f'{d[\"k\"]}'"),
        ('f"{x}"', """d['k'] + e["l"]""", "f\"{d['k'] + e['l']}\""),
        ('f"{x}"', """d["it's"] + e['l']""", '''f"""{d["it's"] + e['l']}"""'''),
        ('f"""{x}"""', "f(\n  1)", 'f"""{f(\n  1)}"""'),
        ('f"{x}"', "{'a': 1}", "f\"{ {'a': 1}}\""),
        ('f"{y}" "{x}" rf\'{x}\'', 'd["k"]', 'f"{y}" "{x}" rf\'{d["k"]}\''),
    ],
)
def test_the_new_code_fits_between_the_quotes(text: str, new: str, after: str) -> None:
    which = 1 if "y" in text else 0
    assert replaced(text, new, which) == after
    ast.parse(after)


def test_what_python_3_10_could_not_read_is_refused() -> None:
    with pytest.raises(CannotWriteError, match="backslash"):
        replaced('f"{x}"', 'd["\\n"]')


def test_a_generator_in_an_f_string_is_converted() -> None:
    check_transformed(
        """\
        from azureml.core import Experiment, Workspace

        ws = Workspace.from_config()
        run = Experiment(ws, "a").submit(config)
        print(f"children: {', '.join(c.id for c in run.get_children())}")
        """,
        """\
        from azure.ai.ml import MLClient
        from azure.identity import DefaultAzureCredential

        ml_client = MLClient.from_config(credential=DefaultAzureCredential())
        run = ml_client.jobs.create_or_update(config, experiment_name="a")
        print(
            f"children: {', '.join(c.name for c in ml_client.jobs.list(parent_job_name=run.name))}"
        )
        """,
        status=Status.REVIEW,
    )


def test_a_use_that_no_f_string_can_hold_is_left_and_the_file_is_converted(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(text: str, values: object, codes: list[str | None]) -> str:
        if any(code and "data.get" in code for code in codes):
            raise CannotWriteError("does not fit")
        return text

    monkeypatch.setattr("amlbridge.migrate.rewriter.with_replaced", refuses)
    conversion = convert(
        """\
        from azureml.core import Dataset, Workspace

        ws = Workspace.from_config()
        print(f"{Dataset.get_by_name(ws, 'a')}")
        print(ws.name)
        """
    )
    assert [finding.message for finding in conversion.findings if finding.status is Status.MANUAL] == ["does not fit"]
    assert "print(ml_client.workspace_name)" in conversion.text
