"""The table and the page of the benchmarks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.measure import Row, Series, Target
from bench.report import page, quantity, summary, table

_ROW = Row(
    "chain",
    ours=Series.of([0.2, 0.4, 0.3]),
    floor=Series.of([0.5, 0.8, 0.6]),
    peers={"Luigi": Series.of([3.0, 4.0]), "kfp local": "not installed"},
    target=Target(0.6),
    note="how",
)


def _cells(row: Row) -> list[str]:
    line = table([row]).splitlines()[2]
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def test_a_row_has_medians_ranges_the_ratio_and_the_verdict() -> None:
    measure, ours, floor, peer, ratio, target, met = _cells(_ROW)
    assert measure == "chain"
    assert ours == "300 ms [200 ms – 400 ms]"
    assert floor == "600 ms [500 ms – 800 ms]"
    assert peer == "Luigi 3.50 s, 0.0833x; kfp local: not installed"
    assert ratio == "**0.500x** [0.400 – 0.500]"
    assert (target, met) == ("≤ 0.6x", "yes")


def test_a_missed_target_and_a_failed_measure_stand_out() -> None:
    slow = Row("up", ours=Series.of([1.31]), target=Target(1.0, of="ours"))
    assert _cells(slow)[1:] == ["1.31 s", "", "", "", "≤ 1.00 s", "**no**"]
    failed = Row("chain", problem="RuntimeError: a | b\nc")
    assert _cells(failed)[1] == "not measured: RuntimeError: a \\| b c"
    assert _cells(failed)[-1] == "**no**"
    assert summary([_ROW, slow, failed]) == "1 of 3 targets met; missed: up; chain"


def test_a_row_without_a_target_is_not_judged() -> None:
    row = Row("rate", "1/s", ours=Series.of([1050.0]))
    assert _cells(row) == ["rate", "1,050 1/s", "", "", "", "", ""]
    assert summary([row]) == "0 of 0 targets met"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0123, "s", "12.3 ms"),
        (0.9994, "s", "999 ms"),
        (1.0, "s", "1.00 s"),
        (0.00012, "s", "0.120 ms"),
        (56.44, "MB", "56.4 MB"),
        (3628.4, "MB/s", "3,628 MB/s"),
        (9.996, "MB", "10.00 MB"),
        (0.0, "s", "0 ms"),
    ],
)
def test_quantities_have_three_digits_or_more(value: float, unit: str, text: str) -> None:
    assert quantity(value, unit) == text  # type: ignore[arg-type]


@given(st.floats(min_value=1e-7, max_value=1e7))
def test_a_quantity_is_never_off_by_more_than_its_rounding(value: float) -> None:
    number = float(quantity(value, "MB").removesuffix(" MB").replace(",", ""))
    assert number == pytest.approx(value, rel=0.006)


@given(st.lists(st.text(max_size=30), min_size=1, max_size=4))
def test_whatever_a_row_says_it_stays_one_line_of_seven_cells(names: list[str]) -> None:
    rows = [Row(name, ours=Series.of([1.0]), problem=name) for name in names]
    lines = table(rows).rstrip("\n").split("\n")
    assert len(lines) == 2 + len(rows)
    for line in lines[2:]:
        assert line.replace("\\|", "").count("|") == 8


def test_the_page_has_the_machine_the_load_the_table_and_the_notes() -> None:
    text = page([_ROW], {"processor": "2 cores", "Python": "3.11.7"}, "0.10 0.20 0.30", "1.00 0.50 0.40")
    assert "- processor: 2 cores\n- Python: 3.11.7\n" in text
    assert "0.10 0.20 0.30 before, 1.00 0.50 0.40 after" in text
    assert table([_ROW]) in text
    assert "- **chain**: how\n" in text
