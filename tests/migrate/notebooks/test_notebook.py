"""Notebooks: what is not edited keeps its bytes."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.migrate.findings import BadInputError
from amlbridge.migrate.module import CELL_MARK, MAGIC_MARK
from amlbridge.migrate.notebooks.magics import names_read
from amlbridge.migrate.notebooks.notebook import Notebook
from amlbridge.migrate.text.source import SourceFile

from .cells import code, notebook, sources, text

PATH = Path("/project/train.ipynb")


def read(*cells: dict[str, object]) -> Notebook:
    return Notebook.read(PATH, notebook(*cells))


def test_the_cells_are_one_module() -> None:
    found = read(text("# Titel"), code("import azureml.core\nx = 1\n"), code("y = x"))
    assert found.main.text == f"{CELL_MARK}1\nimport azureml.core\nx = 1\n\n{CELL_MARK}2\ny = x\n"
    assert found.main.notebook
    assert [found.place(line) for line in (2, 3, 6)] == [(1, 1), (1, 2), (2, 1)]


def test_only_the_lines_of_a_changed_cell_change() -> None:
    before = notebook(text("# é"), code("a = 1\nb = 'ü'\nc = 3"), code("d = 4"))
    found = Notebook.read(PATH, before)
    after = found.with_code(found.main.text.replace("a = 1", "a = 10\nnew = 0"), {})
    changed = [(old, new) for old, new in zip(before.split(b"\n"), after.split(b"\n"), strict=False) if old != new]
    assert changed[0] == (b'    "a = 1\\n",', b'    "a = 10\\n",')
    assert after == before.replace(b'    "a = 1\\n",', b'    "a = 10\\n",\n    "new = 0\\n",')
    nbformat.reads(after.decode(), as_version=4)


_SOURCES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)


@given(
    st.lists(st.tuples(_SOURCES, st.booleans(), st.booleans()), min_size=1, max_size=5),
    st.sampled_from([None, 1, 4]),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(0, 4),
    _SOURCES,
)
def test_an_edit_keeps_all_other_bytes(
    cells: list[tuple[str, bool, bool]], indent: int | None, ascii_only: bool, newline: str, chosen: int, new: str
) -> None:
    made = [code(source, as_list=as_list) if is_code else text(source) for source, as_list, is_code in cells]
    before = notebook(*made, indent=indent, ascii_only=ascii_only).replace(b"\n", newline.encode())
    found = Notebook.read(PATH, before)
    assert found.with_code(found.main.text, {}) == before
    written = {item.cell for item in found.written}
    editable = [index for index in found.cells if index not in written and MAGIC_MARK not in found.main.text]
    if not editable:
        return
    index = editable[chosen % len(editable)]
    line = new.replace("\r", " ").replace("\n", " ")
    mark = f"{CELL_MARK}{index}\n"
    after = found.with_code(found.main.text.replace(mark, f"{mark}# {line}\n", 1), {})
    expected = json.loads(before)
    changed = json.loads(after)
    assert "".join(changed["cells"][index]["source"]).startswith(f"# {line}")
    for number, cell in enumerate(expected["cells"]):
        if number == index:
            cell["source"] = changed["cells"][number]["source"]
    assert changed == expected
    # Before and behind the source of that cell, not a byte has changed.
    start, end = found.cells[index].start, found.cells[index].end
    old, new_text = found.source.text, SourceFile.of_text(after).text
    assert new_text.startswith(old[:start]) and new_text.endswith(old[end:])
    assert after.count(b"\r\n") == (after.count(b"\n") if newline == "\r\n" else 0)


MAGICS = [
    "%matplotlib inline",
    "!pip install azureml-core",
    "%pip install --upgrade \\\n  azureml-core \\\n  pandas",
    "files = !ls azureml",
    "a, b = %magic x",
    "%%time\nx = 1",
    "run?",
    "?run",
    "if True:\n    !ls 'it''s\n    x = 2",
    "!echo \"it's",
    "%cd azureml\n!echo (",
]


@pytest.mark.parametrize("source", MAGICS)
def test_magics_are_kept(source: str) -> None:
    before = notebook(code(f"{source}\nimport azureml.core\n"))
    found = Notebook.read(PATH, before)
    assert found.findings == ()
    compile(found.main.text, "cell", "exec")
    after = found.with_code(found.main.text.replace("import azureml.core", "import azure.ai.ml"), {})
    assert sources(after) == [f"{source}\nimport azure.ai.ml\n"]


def test_a_percent_sign_within_an_expression_is_no_magic() -> None:
    found = read(code('a = (1\n%2)\nb = """\n%sql x\n!y\n"""\n'))
    assert MAGIC_MARK not in found.main.text


def test_a_cell_that_is_no_python_is_left_and_told() -> None:
    before = notebook(code("import azureml.core\nprint 'x'\n"), code("import azureml.core\n"))
    found = Notebook.read(PATH, before)
    (finding,) = found.findings
    assert (finding.cell, finding.line) == (0, 2)
    after = found.with_code(found.main.text.replace("import azureml.core", "import mlflow"), {})
    comment = f"# TODO(amlbridge syntax): {finding.message}\n"
    assert sources(after) == [f"{comment}import azureml.core\nprint 'x'\n", "import mlflow\n"]


def test_cells_in_other_languages_are_left() -> None:
    for magic in ("%%bash --login", "%%html", "%%sql x", "%%R"):
        found = read(code(f"{magic}\nnot python at all (azureml\n"))
        assert found.findings == ()
        assert "not python" not in found.main.text


@pytest.mark.parametrize(
    ("head", "path"),
    [
        ("%%writefile train.py", "/project/train.py"),
        ("%%writefile -a ./src/train.py", "/project/src/train.py"),
        ("%%writefile $folder/train.py", "/project/steps/train.py"),
        ("%%writefile {folder}/train.py", "/project/steps/train.py"),
        ("%%writefile {joined}/train.py", "/project/steps/one/train.py"),
        ("%%writefile $unknown/train.py", "/project/$unknown/train.py"),
        ("%%writefile ../../elsewhere.py", "/project/elsewhere.py"),
        ("%%writefile 'conda.yml'", "/project/conda.yml"),
    ],
)
def test_what_a_cell_writes_is_a_file_of_its_own(head: str, path: str) -> None:
    setup = "import os\nfolder = './steps'\njoined = os.path.join(folder, 'one')\n"
    found = read(code(setup), code(f"{head}\nimport azureml.core\n"))
    (written,) = found.written
    assert str(written.path) == path
    assert written.text == "import azureml.core\n"
    assert "azureml" not in found.main.text
    assert sources(found.with_code(found.main.text, {1: "import mlflow\n"}))[1] == f"{head}\nimport mlflow\n"


def test_line_ends_within_cells_are_kept() -> None:
    before = notebook(code("a = 1\r\nb = 2\r\n"))
    found = Notebook.read(PATH, before)
    after = found.with_code(found.main.text.replace("a = 1", "a = 1\nc = 3"), {})
    assert sources(after) == ["a = 1\r\nc = 3\r\nb = 2\r\n"]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "notebook"),
        (b"{", "notebook"),
        (b"[]", "notebook"),
        (b'{"cells": 1}', "notebook"),
        (b'{"cells": [{"cell_type": "code"}]}', "notebook"),
        (b'{"cells": [{"cell_type": "code", "source": [1]}]}', "notebook"),
        (b'{"worksheets": [], "nbformat": 3}', "notebook"),
        (b'<<<<<<< HEAD\n{"cells": []}', "notebook"),
        (b'{"cells": [' + b"[" * 100_000, "notebook"),
        (notebook(code("library(azuremlsdk)"), language="R"), "not-python"),
        (notebook(code("x")).replace(b"x", b"\xff"), "encoding"),
    ],
)
def test_what_is_no_python_notebook_is_refused_with_the_reason(content: bytes, rule: str) -> None:
    with pytest.raises(BadInputError) as error:
        Notebook.read(PATH, content)
    assert error.value.rule == rule


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(f"{CELL_MARK}1\n", ""),
        lambda text: "import os\n" + text,
        lambda text: text.replace("pass  ", ""),
        lambda text: "\n".join(line for line in text.split("\n") if MAGIC_MARK not in line),
    ],
)
def test_a_conversion_that_loses_a_mark_is_an_error(change: object) -> None:
    found = read(code("%matplotlib inline\na = 1"), code("b = 2"))
    with pytest.raises(ValueError, match="the conversion has"):
        found.with_code(change(found.main.text), {})  # type: ignore[operator]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("%time model.fit(rows)", {"model", "rows"}),
        ("%%timeit total = sum(values)", {"total", "sum", "values"}),
        ("    %memit load(path.name)", {"load", "path"}),
        ("!python train.py --data {path} --rate $rate ${other}", {"path", "rate", "other"}),
        ("files = !ls {os.path.join(folder, name)}", {"os", "folder", "name"}),
        ("%run -i train.py $name", {"name"}),
        ("%pip install pandas", set()),
        ("!pip install os logging", set()),
        ("%%writefile {folder}/train.py", {"folder"}),
        ("%matplotlib inline", set()),
    ],
)
def test_the_names_that_a_magic_reads(line: str, names: set[str]) -> None:
    assert names_read(line) == names


def test_the_names_of_all_lines_that_are_no_python() -> None:
    cells = [
        code("!python train.py \\\n  --data {path}"),
        code("model?"),
        code("print rows"),
        code("%%writefile $folder/a.py\nx = y"),
    ]
    found = read(*cells)
    assert found.main.masked_names == {"path", "print", "rows", "folder"}
    assert found.main.shown_names == {"model"}
