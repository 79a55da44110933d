"""Cells that are indented, and cells that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from amlbridge.migrate.findings import FileStatus, Finding, Status
from amlbridge.migrate.notebooks.cell_text import dedented
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings

from .cells import code, notebook, sources

HEAD = "from azureml.core import Workspace\nws = Workspace.from_config()"
BROKEN = "from azureml.core import Workspace\nws = <your workspace>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  a = 1\n  b = 2", "a = 1\nb = 2"),
        ("\n\n  if a:\n\n      b()\n", "\n\nif a:\n\n    b()\n"),
        ("\tif a:\n\t\tb()", "if a:\n\tb()"),
        ("a = 1\n  b", "a = 1\n  b"),
        ("", ""),
        ("   \n", "   \n"),
    ],
)
def test_the_indent_of_the_first_line_is_taken_off_each(text: str, expected: str) -> None:
    assert dedented(text) == expected


@given(st.lists(st.sampled_from(["a = 1", "if a:\n    b = 2", "", "# c"]), min_size=1), st.sampled_from(["  ", "\t"]))
def test_a_cell_is_read_as_ipython_runs_it(lines: list[str], indent: str) -> None:
    cell = "\n".join(indent + line if line else line for part in lines for line in part.split("\n"))
    run_by_ipython = TransformerManager().transform_cell(cell)
    assert dedented(cell).strip("\n") == run_by_ipython.strip("\n")


def test_an_indented_cell_is_converted(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(
        notebook(code(HEAD), code("    print(ws.name)\n    if ws.name:\n        print(1)"), code("  x = 1"))
    )
    (report,) = run([path], Settings(jobs=1))
    assert report.status is FileStatus.MIGRATED
    assert sources(report.after)[1:] == [
        "print(ml_client.workspace_name)\nif ml_client.workspace_name:\n    print(1)",
        "  x = 1",
    ]
    path.write_bytes(report.after)
    assert run([path], Settings(jobs=1))[0].after == report.after


@pytest.mark.parametrize("others", [(), (code(HEAD),), (code("x = 1"),)])
def test_a_cell_that_is_no_python_has_a_comment(tmp_path: Path, others: tuple[dict[str, object], ...]) -> None:
    path = tmp_path / "a.ipynb"
    path.write_bytes(notebook(*others, code(BROKEN), code("no python, no SDK v1")))
    (report,) = run([path], Settings(jobs=1))
    (told,) = [finding for finding in report.findings if finding.rule == "syntax"]
    assert (told.status, told.cell, told.line) == (Status.MANUAL, len(others), 2)
    assert sources(report.after)[len(others)] == f"# TODO(amlbridge syntax): {told.message}\n{BROKEN}"
    assert sources(report.after)[-1] == "no python, no SDK v1"
    path.write_bytes(report.after)
    (again,) = run([path], Settings(jobs=1))
    assert again.after == report.after
    assert [(finding.cell, finding.line) for finding in again.findings if finding.rule == "syntax"] == [
        (len(others), 3)
    ]


SETUP = "from azureml.core import Experiment, Workspace"
UNREADABLE = 'ws = Workspace.create(\n    "night"\n    exist_ok=True,\n)'


def converted(folder: Path, *cells: str) -> tuple[list[str], list[Finding]]:
    """The cells and findings of a notebook after its conversion, which a second one does not change."""
    path = folder / "a.ipynb"
    path.write_bytes(notebook(*map(code, cells)))
    (report,) = run([path], Settings(jobs=1))
    path.write_bytes(report.after)
    assert run([path], Settings(jobs=1))[0].after == report.after
    return sources(report.after), list(report.findings)


def test_what_needs_the_workspace_of_such_a_cell_is_left_with_it(tmp_path: Path) -> None:
    cells, findings = converted(tmp_path, SETUP, UNREADABLE, 'print(Experiment(ws, "e").name, ws.name)')
    why = "left as it is: its conversion was taken back, as a cell that is no Python makes ws: mend it"
    told = f"# TODO(amlbridge taken-back): {why}\n"
    assert cells[0] == SETUP and cells[2] == f'{told}print(Experiment(ws, "e").name, ws.name)'
    assert cells[1].startswith("# TODO(amlbridge syntax): this cell is no Python 3") and cells[1].endswith(UNREADABLE)
    assert {finding.status for finding in findings} == {Status.MANUAL}
    assert {finding.symbol for finding in findings} >= {"Experiment", "Workspace.name"}
    assert {finding.message for finding in findings if finding.rule == "taken-back"} == {why}


def test_they_are_converted_without_the_comment_once_the_cell_is_mended(tmp_path: Path) -> None:
    cells, _findings = converted(tmp_path, SETUP, UNREADABLE, 'print(Experiment(ws, "e").name, ws.name)')
    after, findings = converted(tmp_path, cells[0], "ws = Workspace.from_config()", cells[2])
    assert "ml_client.workspace_name" in after[2] and "TODO" not in after[2]
    assert "taken-back" not in {finding.rule for finding in findings}


def test_such_a_cell_that_makes_something_else_keeps_nothing(tmp_path: Path) -> None:
    other = "shown = Workspace.list("
    cells, findings = converted(tmp_path, SETUP, "ws = Workspace.from_config()\nprint(ws.name)", other, "x = (")
    assert cells[1].endswith("print(ml_client.workspace_name)")
    assert cells[2].startswith("# TODO(amlbridge syntax)") and cells[3] == "x = ("
    assert len([finding for finding in findings if finding.rule == "syntax"]) == 1
