"""Filters of tables by time and by a column's value."""

from __future__ import annotations

import re

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
from datetime import datetime, timedelta
from azureml.core import Dataset, Workspace

ws = Workspace.from_config()
raw = Dataset.Tabular.from_parquet_files([(ws.get_default_datastore(), "a/*.parquet")])
"""
KNOWN = 'data = raw.with_timestamp_columns(timestamp="when")\n'
BEFORE = "data.time_before(datetime(2020, 1, 2)).to_pandas_dataframe()\n"


def filters(text: str) -> list[str]:
    """The expressions of the filters in converted code, in order."""
    return re.findall(r'\.filter\(\s*(f?".*?")\s*\)', text)


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        ("time_before(datetime(2020, 1, 2))", ["col('when') <= datetime(2020, 1, 2)"]),
        ("time_after(datetime(2020, 1, 2), include_boundary=False)", ["col('when') > datetime(2020, 1, 2)"]),
        (
            "time_between(start_time=datetime(2020, 1, 2), end_time=datetime(2020, 1, 3, 4))",
            ["col('when') >= datetime(2020, 1, 2)", "col('when') <= datetime(2020, 1, 3, 4)"],
        ),
        ('filter(data["rows"] != "x")', ["col('rows') != 'x'"]),
    ],
)
def test_known_bounds(call: str, wanted: list[str]) -> None:
    found = convert(f"{HEAD}{KNOWN}frame = data.{call}.to_pandas_dataframe()\n")
    assert {finding.status for finding in found.findings} <= {Status.CONVERTED, Status.REVIEW}
    assert [eval(text) for text in filters(found.text)] == wanted  # the test's own text


def test_bounds_of_run_time_and_a_column_in_a_variable() -> None:
    text = 'column = "when"\ndata = raw.with_timestamp_columns(fine_grain_timestamp=column)\nend = datetime.now()\n'
    found = convert(f"{HEAD}{text}frame = data.time_between(end - timedelta(days=1), end).to_pandas_dataframe()\n")
    assert "moment = end - timedelta(days=1)\n" in found.text
    first, second = filters(found.text)
    assert first.startswith("f\"col('{column}') >= datetime({moment.year}, {moment.month}")
    assert second.endswith('{end.second})"')


def test_a_registered_table_keeps_its_time_column() -> None:
    text = f'{KNOWN}data = data.register(ws, "weather")\ndata = Dataset.get_by_name(ws, name="weather")\n'
    found = convert(
        f"{HEAD}{text}later = data.take(5)\nframe = later.time_recent(timedelta(days=2)).to_pandas_dataframe()\n"
    )
    assert "Timestamp.now() - timedelta(days=2)" in found.text
    assert len(filters(found.text)) == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"data = raw\n{BEFORE}", "time column cannot be told"),
        (f"{KNOWN}{BEFORE.replace('))', '), include_boundary=flag)', 1)}", "decided at run time"),
        (f'{KNOWN}data.filter((data["a"] > 1) & (data["b"] > 1)).to_pandas_dataframe()\n', "as a text"),
    ],
)
def test_what_cannot_be_told_is_left(text: str, why: str) -> None:
    left = [finding.message for finding in convert(HEAD + text).findings if finding.status is Status.MANUAL]
    assert any(why in message for message in left), left
