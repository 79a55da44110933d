"""The conversion of whole modules: what stays, what goes, what never happens."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.migrate.convert import convert_module
from amlbridge.migrate.edits import Edits, Lines
from amlbridge.migrate.findings import BadInputError, Status
from amlbridge.migrate.module import ModuleText, Options
from amlbridge.migrate.project import build_project
from tests.migrate.rules.support import check_noop, convert

ROOT = Path(__file__).parents[2]
SOURCES = [*sorted((ROOT / "engine").rglob("*.py"))[:60], *sorted((ROOT / "samples").rglob("*.py"))]


def test_a_use_without_a_rule_is_left_with_a_comment_and_its_import() -> None:
    conversion = convert("""\
        from azureml.core import Workspace
        from azureml.somewhere import Strange

        print(Strange(1))
        """)
    assert conversion.text == (
        "from azureml.somewhere import Strange\n\n"
        "# TODO(amlbridge unknown-symbol): no rule converts Strange\nprint(Strange(1))\n"
    )
    assert [finding.status for finding in conversion.findings] == [Status.MANUAL]


def test_what_the_user_ignores_stays() -> None:
    findings = check_noop("""\
        from azureml.core import Workspace

        ws = Workspace.from_config()  # amlbridge: ignore
        """)
    assert [finding.status for finding in findings] == [Status.IGNORED]


@pytest.mark.parametrize(("text", "rule"), [("print 'x'\n", "python-2"), ("def f(:\n", "syntax-error")])
def test_text_that_is_no_python_is_refused(text: str, rule: str) -> None:
    module = ModuleText(Path("a.py"), "import azureml\n" + text)
    with pytest.raises(BadInputError) as caught:
        convert_module(module, build_project([module], Options()), Options())
    assert caught.value.rule == rule


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_conversion_yields_python_and_leaves_other_files_alone(path: Path) -> None:
    text = path.read_text()
    module = ModuleText(path, text)
    conversion = convert_module(module, build_project([module], Options()), Options())
    ast.parse(conversion.text)
    if "azureml" not in text:
        assert conversion.text == text and not conversion.findings


@given(st.text(alphabet="aé\n 'x=😀\t", max_size=60), st.data())
def test_edits_change_nothing_else(text: str, data: st.DataObject) -> None:
    edits = Edits(Lines(text))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    edits.replace(start, end, "NEW")
    assert edits.apply() == text[:start] + "NEW" + text[end:]


@given(st.text(alphabet="é😀ab", max_size=10), st.text(alphabet="é😀ab", min_size=1, max_size=10))
def test_positions_of_nodes_are_offsets_of_characters(before: str, inside: str) -> None:
    text = f"x = '{before}', '{inside}'"
    node = ast.parse(text).body[0].value.elts[1]  # type: ignore[attr-defined]
    assert Lines(text).source(node) == f"'{inside}'"


def test_a_workspace_that_is_needed_by_both_has_both() -> None:
    conversion = convert("""\
        from azureml.core import Workspace
        from azureml.somewhere import Strange

        ws = Workspace.from_config()
        print(ws.name, Strange(ws))
        """)
    assert "ws = Workspace.from_config()\nml_client = MLClient.from_config(" in conversion.text
    assert "print(ml_client.workspace_name, Strange(ws))" in conversion.text
    assert "from azureml.core import Workspace\n" in conversion.text
