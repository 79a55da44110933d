"""The rows of a definition as the dataset engine reads them, and what it calls columns whose names are taken."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from amlbridge.engine.automl import tables
from amlbridge.v1 import dataflow, read_rows


def definition(path: Path, **options: str) -> dict[str, object]:
    steps = [{"read_delimited": {"delimiter": ",", **options}}]
    return {"type": "mltable", "paths": [{"file": f"file://{path}"}], "transformations": steps}


@pytest.mark.slow
def test_names_that_are_taken_are_told(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("n; n;n_1;größe;n;größe\n1;2;3;4;5;6\n".encode("utf-16"))
    made = definition(tmp_path / "t.csv", delimiter=";", encoding="utf16")
    (tmp_path / "definition").write_text(dataflow.dump(made))
    files = [str(tmp_path / name) for name in ("definition", "rows.parquet")]
    command = [sys.executable, "-m", "amlbridge.v1.read_rows", *files]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    found = tables.read_table(tmp_path / "rows.parquet", "training data")
    assert list(found) == ["n", "n_1", "n_1_2", "größe", "n_3", "größe_4"]
    notes: list[str] = []
    tables.tell(found, "training data", notes.append)
    assert [note.split(":")[0] for note in notes] == [
        f"the training data has the column {name} more than once" for name in ("n", "n_1", "n", "größe")
    ]
    assert "n_3 is another one; give each column its own name" in notes[2]


def test_the_header_of_a_definition(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('"a, b",c\n1,2\n')
    assert read_rows.header(definition(path)) == ["a, b", "c"]
    assert read_rows.header(definition(path, header="no_header")) == []
    assert read_rows.header({**definition(path), "transformations": ["read_delimited", {"take": 1}]}) == ["a, b", "c"]
    assert read_rows.header({**definition(path), "transformations": ["read_parquet"]}) == []
    path.write_text("a||b||a\n")
    assert read_rows.header(definition(path, delimiter="||")) == ["a", "b", "a\n"]
    assert read_rows.renamed(read_rows.header(definition(path, delimiter="||"))) == {"a_1": "a"}


def test_a_table_without_such_names_has_nothing_to_tell() -> None:
    notes: list[str] = []
    tables.tell(pd.DataFrame({"a": [1]}), "training data", notes.append)
    assert notes == []
