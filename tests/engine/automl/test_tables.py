"""Tables as files, folders and MLTable definitions."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from amlbridge.engine.automl.errors import AutoMLError
from amlbridge.engine.automl.tables import read_table

FRAME = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.parquet", "t.jsonl", "t.json", "part-00000"])
def test_every_format(tmp_path: Path, name: str) -> None:
    path = tmp_path / "data" / name
    path.parent.mkdir()
    kind = path.suffix or ".parquet"
    writers = {
        ".csv": lambda: FRAME.to_csv(path, index=False, encoding="utf-8-sig"),
        ".tsv": lambda: FRAME.to_csv(path, index=False, sep="\t"),
        ".parquet": lambda: FRAME.to_parquet(path),
        ".jsonl": lambda: FRAME.to_json(path, orient="records", lines=True),
        ".json": lambda: FRAME.to_json(path, orient="records"),
    }
    writers[kind]()
    (path.parent / "_SUCCESS").touch()
    pd.testing.assert_frame_equal(read_table(path, "data"), FRAME)
    pd.testing.assert_frame_equal(read_table(path.parent, "data"), FRAME)


def test_an_mltable(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "one.csv", index=False, sep=";")
    FRAME.to_csv(tmp_path / "two.csv", index=False, sep=";")
    (tmp_path / "MLTable").write_text(
        "paths: [{pattern: ./*.csv}]\n"
        "transformations:\n"
        "  - read_delimited: {delimiter: ';', encoding: utf8, header: all_files_same_headers}\n"
        "  - convert_column_types: [{columns: [a], column_type: float}]\n"
        "  - drop_columns: b\n"
        "  - take: 4\n"
    )
    assert read_table(tmp_path, "data").to_dict("list") == {"a": [1.0, 2.0, 3.0, 1.0]}


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("t.csv", "a,b,a\n1,2,3\n", "the data has the column a more than once"),
        ("t.csv", "a,b\n", "the data has no rows"),
        ("t.csv", "", "the data cannot be read: t.csv"),
        ("t.png", "x", "the file t.png, which is no table"),
        ("MLTable", "paths: [{file: ./gone.csv}]", "names no files that are there"),
        ("MLTable", "paths: [{file: 'https://example.org/t.csv'}]", "AutoML reads only files beside it"),
        (
            "MLTable",
            "paths: [{file: ./MLTable}]\ntransformations: [{read_delimited: {}}, {filter: x}]",
            "the transformation filter",
        ),
        (".hidden", "x", "the data has no files"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, name: str, content: str, told: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / name).write_text(content)
    with pytest.raises(AutoMLError) as error:
        read_table(folder, "data")
    assert told in str(error.value)


def test_nothing_is_there(tmp_path: Path) -> None:
    with pytest.raises(AutoMLError, match="nothing is at gone"):
        read_table(tmp_path / "gone", "training data")


def test_columns_stay_text_where_the_mltable_says_so(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,NA\n02,\n")
    (tmp_path / "MLTable").write_text(
        "paths: [{file: ./t.csv}]\ntransformations: [{read_delimited: {delimiter: ',', infer_column_types: false}}]\n"
    )
    table = read_table(tmp_path, "data")
    assert table["a"].tolist() == ["1", "02"]
    assert table["b"][0] == "NA" and pd.isna(table["b"][1])
