"""Tables: the same up to tolerance, and every change found where it is."""

from __future__ import annotations

import csv
import io
import itertools
import json
import random
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlbridge.compare.errors import UnreadableError
from amlbridge.compare.rules import Rules
from amlbridge.compare.tables.compare import compare
from amlbridge.compare.tables.read import open_table
from amlbridge.compare.tables.tally import Tally
from amlbridge.compare.tolerance import Tolerances, parse

STRICT, FREE, KEYED = Rules(), Rules(row_order="free"), Rules(keys=(("*", ("id",)),))
_counter = itertools.count()


def write(folder: Path, rows: list[dict[str, object]], suffix: str = ".csv") -> Path:
    path = folder / f"table{next(_counter)}{suffix}"
    if suffix == ".parquet":
        pa.parquet.write_table(pa.Table.from_pylist(rows), path)
    elif suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        path.write_text(text.getvalue())
    return path


def differences(left: Path, right: Path, rules: Rules = STRICT) -> Tally:
    return compare(open_table(left), open_table(right), right.name, rules)[0]


numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 4))
texts = st.text("abcß,\"' \n", max_size=6).map(lambda text: f"t{text}")
tables = st.lists(st.tuples(numbers, texts), min_size=1, max_size=25).map(
    lambda rows: [{"id": index, "value": value, "name": name} for index, (value, name) in enumerate(rows)]
)


@settings(max_examples=60, deadline=None)
@given(tables, st.randoms(use_true_random=False), st.sampled_from([".csv", ".parquet", ".jsonl"]))
def test_other_order_and_noise_are_no_difference_where_they_are_allowed(
    rows: list[dict[str, object]], chance: random.Random, suffix: str
) -> None:
    other = [{**row, "value": float(str(row["value"])) * (1 + chance.uniform(-1e-11, 1e-11))} for row in rows]
    chance.shuffle(other)
    with tempfile.TemporaryDirectory() as folder:
        left, right = write(Path(folder), rows, suffix), write(Path(folder), other, suffix)
        assert differences(left, right, FREE).count == 0
        assert differences(left, right, KEYED).count == 0
        ordered = write(Path(folder), sorted(other, key=lambda row: int(str(row["id"]))), suffix)
        assert differences(left, ordered).count == 0


@settings(max_examples=60, deadline=None)
@given(tables, st.data())
def test_one_change_is_found_in_its_cell(rows: list[dict[str, object]], data: st.DataObject) -> None:
    row = data.draw(st.integers(0, len(rows) - 1))
    column, value = data.draw(st.sampled_from([("value", 5e6), ("name", "other")]))
    changed = [{**item, column: value} if index == row else item for index, item in enumerate(rows)]
    with tempfile.TemporaryDirectory() as folder:
        left, right = write(Path(folder), rows), write(Path(folder), changed)
        ordered = differences(left, right)
        assert (ordered.count, list(ordered.cells)) == (1, [column])
        assert ordered.kept[0].place == f"row {row + 1}, {column}"
        keyed = differences(left, right, KEYED)
        assert (keyed.count, keyed.kept[0].place) == (1, f"id={row}, {column}")
        shuffled = write(Path(folder), changed[::-1])
        assert differences(left, shuffled, FREE).count == 1


@settings(max_examples=40, deadline=None)
@given(tables.filter(lambda rows: len(rows) > 1), st.data())
def test_a_lost_row_is_found(rows: list[dict[str, object]], data: st.DataObject) -> None:
    row = data.draw(st.integers(0, len(rows) - 1))
    with tempfile.TemporaryDirectory() as folder:
        left, right = write(Path(folder), rows), write(Path(folder), rows[:row] + rows[row + 1 :])
        for rules in (FREE, KEYED):
            found = differences(left, right, rules)
            assert (found.count, found.spread) == (1, {"rows only left": 1.0})
            assert differences(right, left, rules).spread == {"rows only right": 1.0}
        assert differences(left, right).count > 0


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("1.0", "1.00", True),
        ("1", "1.0", True),
        ("+1.5", "1.5", True),
        ("1e3", "1000.0", True),
        (".5", "0.5", True),
        ("1000000000001", "1000000000002", False),  # ids are exact
        ("9007199254740993.0", "9007199254740992.0", True),
        ("01234", "1234", False),  # a code, not a number
        ("1.001", "1.002", False),
        ("", "NaN", True),
        ("NA", "null", True),
        ("", "0", False),
        ("True", "true", True),
        ("true", "false", False),
        ("2020-01-01", "2020-01-01 00:00:00", True),
        ("2020-01-01T10:00:00Z", "2020-01-01 10:00:00", True),
        ("2020-01-01", "2020-01-02", False),
        ("2020-99-01", "2020-99-02", False),
        ("inf", "-inf", False),
        ("a", "A", False),
        ("a", "a ", False),
    ],
)
def test_what_cells_mean(tmp_path: Path, left: str, right: str, same: bool) -> None:
    ours, theirs = (write(tmp_path, [{"x": "first"}, {"x": text}]) for text in (left, right))
    assert (differences(ours, theirs).count == 0) is same


def test_nulls_can_be_told_apart(tmp_path: Path) -> None:
    ours, theirs = (write(tmp_path, [{"x": "1", "y": text}]) for text in ("", "NaN"))
    assert differences(ours, theirs, Rules(nulls="distinct")).count == 1


def test_tolerances_of_columns(tmp_path: Path) -> None:
    ours, theirs = write(tmp_path, [{"a": 1.0, "b": 10}]), write(tmp_path, [{"a": 1.05, "b": 11}])
    assert differences(ours, theirs, Rules(Tolerances())).cells == {"a": 1, "b": 1}
    assert differences(ours, theirs, Rules(parse(("a=abs:0.1",)))).cells == {"b": 1}
    assert differences(ours, theirs, Rules(parse(("?=rel:0.2",)))).cells == {}


def test_columns_renamed_moved_or_of_another_type(tmp_path: Path) -> None:
    one = write(tmp_path, [{"a": 1, "b": 2}], ".parquet")
    assert [item.place for item in differences(one, write(tmp_path, [{"a": 1, "c": 2}], ".parquet")).kept] == [
        "column"
    ] * 2
    moved = write(tmp_path, [{"b": 2, "a": 1}], ".parquet")
    assert differences(one, moved).kept[0].place == "order of the columns"
    assert differences(one, moved, FREE).count == 0
    typed = write(tmp_path, [{"a": 1.0, "b": 2}], ".parquet")
    assert [item.place for item in differences(one, typed).kept] == ["type of column a"]
    assert differences(one, typed, Rules(types="loose")).count == 0
    assert differences(one, write(tmp_path, [{"a": "1", "b": "2"}])).count == 0  # a csv has no types


def test_rows_in_another_order_are_called_that(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"id": index} for index in range(5)]
    ours, theirs = write(tmp_path, rows), write(tmp_path, rows[::-1])
    tally, facts = compare(open_table(ours), open_table(theirs), "x.csv", STRICT)
    assert tally.count and "in another order" in facts["row order"]


def test_repeated_keys_and_rows(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"id": 1, "x": 1}, {"id": 1, "x": 2}, {"id": 1, "x": 2}]
    ours = write(tmp_path, rows)
    assert differences(ours, write(tmp_path, rows[::-1]), FREE).count == 0
    assert differences(ours, write(tmp_path, rows[:2]), FREE).spread == {"rows only left": 1.0}
    found = differences(ours, write(tmp_path, [*rows[:2], {"id": 1, "x": 3}]), KEYED)
    assert found.kept[0].place == "id=1 (number 3 of this key), x"


def test_many_parts_of_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("amlbridge.compare.tables.keyed._PART", 200)
    rows: list[dict[str, object]] = [{"id": index, "x": index / 7} for index in range(300)]
    changed = [{**row, "x": -1.0} if row["id"] == 222 else row for row in rows]
    found = differences(write(tmp_path, rows), write(tmp_path, changed[::-1]), KEYED)
    assert [item.place for item in found.kept] == ["id=222, x"]


def test_rows_without_anything_to_tell_them_apart_are_paired_by_likeness(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"a": "x", "b": "y", "v": 0.1 * n} for n in range(9)]
    changed = [*rows[1:4], {"a": "x", "b": "y", "v": 0.4001}, *rows[5:], rows[0]]
    found = differences(write(tmp_path, rows), write(tmp_path, changed), FREE)
    assert (found.count, found.cells) == (1, {"v": 1})
    assert found.kept[0].size == pytest.approx(1e-4)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.parquet", b"PAR1 and no more"),
        ("a.csv", b"a,b\n1,2\n1,2,3\n"),
        ("a.csv", b"a,a\n1,2\n"),
        ("a.jsonl", b'{"a": 1}\n{"a": \n'),
        ("a.jsonl", b"[1]\n"),
        ("a.feather", b"nothing"),
    ],
)
def test_damaged_tables_say_why(tmp_path: Path, name: str, content: bytes) -> None:
    good = write(tmp_path, [{"a": 1}])
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableError, match=r"^a\."):
        differences(tmp_path / name, good)


def test_empty_tables(tmp_path: Path) -> None:
    empty, header = tmp_path / "empty.csv", tmp_path / "header.csv"
    empty.write_text("")
    header.write_text("a\n")
    assert differences(empty, header).kept[0].place == "column"
    assert differences(header, write(tmp_path, [{"a": 1}])).spread == {"rows only right": 1.0}


@pytest.mark.parametrize(("other", "count"), [("a,b\n", 0), ("a,b", 0), ("a,c", 2)])
def test_a_table_of_names_only_is_none_that_is_damaged(tmp_path: Path, other: str, count: int) -> None:
    (tmp_path / "one.csv").write_text("a,b")
    (tmp_path / "other.csv").write_text(other)
    found, _ = compare(open_table(tmp_path / "one.csv"), open_table(tmp_path / "other.csv"), "one.csv", STRICT)
    assert found.count == count, found
