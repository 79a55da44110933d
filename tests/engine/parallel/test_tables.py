"""Tables as mini batches: parts of files, partitions, what cannot be divided; read by the real dataset engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.engine.parallel import batches, tables
from amlbridge.engine.parallel.settings import ParallelSettings
from tests.engine.parallel.steps import drive, table

ROWS = """
def run(mini_batch, context):
    return [f"{context.minibatch_index} {n} {context.partition_key_value}" for n in mini_batch["n"]]
"""


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=6), st.integers(1, 2000))
def test_parts_are_of_one_file_and_of_about_the_size(sizes: list[int], wanted: int) -> None:
    files = [{"path": f"/{number}", "size": size} for number, size in enumerate(sizes)]
    given_table = {"files": files, "transformations": [{"read_parquet": {}}], "tabular": True}
    made = batches.make(ParallelSettings(mini_batch_size=wanted), [{"name": "t", "table": given_table}])
    assert [batch.index for batch in made] == list(range(len(made)))
    for item in files:
        own = [batch for batch in made if batch.files == (item["path"],)]
        assert [(batch.part, batch.parts) for batch in own] == [(part, len(own)) for part in range(len(own))]
        assert item["size"] <= len(own) * wanted < item["size"] + wanted or (item["size"], len(own)) == (0, 1)


@pytest.mark.parametrize(
    ("step", "divisible"),
    [
        ({"convert_column_types": []}, True),
        ("read_parquet", True),
        ({"take": 3}, False),
        ({"read_delimited": {"header": "from_first_file"}}, False),
        ("unknown", False),
    ],
)
def test_what_looks_at_all_files_is_read_as_a_whole(step: Any, divisible: bool) -> None:
    assert tables.is_divisible({"transformations": [{"read_delimited": {}}, step]}) == divisible


@pytest.mark.slow
def test_parts_partitions_and_a_table_that_is_one_whole(tmp_path: Path) -> None:
    texts = ["n,w\n1,a\n2,b\n3,a\n4,\n", "n,w\n5,b\n"]
    given_table = table(tmp_path / "data", texts)
    for name in ("parts", "keys", "whole"):
        (tmp_path / name).mkdir()
    parts = drive(tmp_path / "parts", ROWS, [given_table], mini_batch_size=10)
    assert parts.code == 0, parts.process.stderr
    assert parts.rows == ["0 1 None", "0 2 None", "1 3 None", "1 4 None", "2 5 None"]
    # Seven parts of four rows, three of one row: run() gets none without a row.
    (tmp_path / "small").mkdir()
    small = drive(
        tmp_path / "small",
        ROWS.replace("return", "assert len(mini_batch)\n    return"),
        [given_table],
        mini_batch_size=3,
    )
    assert small.rows == ["1 1 None", "3 2 None", "5 3 None", "6 4 None", "9 5 None"]
    keys = drive(tmp_path / "keys", ROWS, [given_table], partition_keys=["w"])
    assert keys.rows == [
        "0 1 {'w': 'a'}",
        "0 3 {'w': 'a'}",
        "1 2 {'w': 'b'}",
        "1 5 {'w': 'b'}",
        "2 4 {'w': None}",
    ]
    whole = drive(tmp_path / "whole", ROWS, [table(tmp_path / "data", texts, {"take": 3})], mini_batch_size=1000)
    assert whole.rows == ["0 1 None", "0 2 None", "0 3 None"]


@pytest.mark.slow
def test_a_key_that_is_no_column(tmp_path: Path) -> None:
    done = drive(tmp_path, ROWS, [table(tmp_path / "data", ["n\n1\n"])], partition_keys=["colour"])
    assert "the partition key 'colour' is no column of the input, which has: n" in done.sentence
