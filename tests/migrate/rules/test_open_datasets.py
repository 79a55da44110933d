"""Azure Open Datasets: ranges of time, columns, downloads, and what is left."""

from __future__ import annotations

import ast
from datetime import datetime
from pathlib import Path

import pandas

from amlbridge.migrate.analysis.symbols import OPEN_DATASETS
from amlbridge.migrate.findings import Status
from amlbridge.migrate.models.datasets.open_datasets import OPEN
from tests.migrate.rules.support import convert

HEAD = "from azureml.core import Dataset, Workspace\nfrom azureml.opendatasets import *\nimport pandas as pd\n"


def test_the_analysis_knows_all_of_them() -> None:
    assert set(OPEN_DATASETS) == set(OPEN)


def test_what_pandas_gets_selects_the_rows(tmp_path: Path) -> None:
    """The arguments of the converted call, on files of the same layout."""
    body = "frame = NoaaIsdWeather(start, end, cols=['usaf']).to_pandas_dataframe()\n"
    found = convert(HEAD.replace("*", "NoaaIsdWeather") + body)
    call = next(
        node
        for node in ast.walk(ast.parse(found.text))
        if isinstance(node, ast.Call) and "read_parquet" in ast.unparse(node)
    )
    given = {str(key.arg): ast.unparse(key.value) for key in call.keywords}
    for year in (2019, 2020):
        folder = tmp_path / f"year={year}" / "month=1"
        folder.mkdir(parents=True)
        times = [datetime(year, 1, 1), datetime(year, 1, 15)]
        places = {"latitude": [1.0, 2.0], "longitude": [3.0, 4.0], "wban": ["x", "y"], "elevation": [5.0, 6.0]}
        rows = pandas.DataFrame({"usaf": [f"{year}a", f"{year}b"], "datetime": times, **places})
        rows.to_parquet(folder / "part.parquet")
    names = {"start": datetime(2020, 1, 1), "end": datetime(2020, 1, 10)}
    frame = pandas.read_parquet(
        tmp_path,
        columns=eval(given["columns"]),
        filters=eval(given["filters"], names),  # the test's own text
    )
    # Besides those that are asked for, SDK v1 reads the columns that tell the rows apart.
    assert set(frame) == {"usaf", "datetime", "latitude", "longitude", "wban"}
    assert frame["usaf"].to_list() == ["2020a"]
    assert ast.unparse(call.args[0]) == "'abfs://isdweatherdatacontainer/ISDWeather'"


def test_columns_that_are_named_elsewhere_get_the_time_too() -> None:
    body = "frame = NycTlcYellow(start, end, cols=wanted).to_pandas_dataframe()\n"
    found = convert(HEAD.replace("*", "NycTlcYellow") + body)
    assert 'columns=list({*wanted, "tpepPickupDateTime"})' in found.text
    for all_of_them in ("[]", "None"):
        found = convert(HEAD.replace("*", "NycTlcYellow") + body.replace("wanted", all_of_them))
        assert "columns=" not in found.text


def test_dates_that_are_put_together_get_a_name_in_their_loop() -> None:
    body = "for n in range(3):\n    frame = NycTlcYellow(start + n, end).get_tabular_dataset().to_pandas_dataframe()\n"
    found = convert(HEAD.replace("*", "NycTlcYellow") + body)
    assert "    start_date = start + n\n" in found.text
    assert '("puYear", ">=", start_date.year)' in found.text and '("tpepPickupDateTime", "<=", end)' in found.text


def test_registered_files_are_a_data_asset_at_their_address() -> None:
    made = 'MNIST.get_file_dataset().register(ws, "mnist", create_new_version=True)'
    body = f"ws = Workspace.from_config()\nfiles = {made}\n"
    found = convert(HEAD.replace("*", "MNIST") + body)
    assert {finding.status for finding in found.findings} == {Status.CONVERTED}
    assert 'path="wasbs://mnist@azureopendatastorage.blob.core.windows.net/"' in found.text


def test_a_part_of_the_files_that_is_more_than_downloaded_is_left() -> None:
    body = "files = OjSalesSimulated.get_file_dataset()\nfiles = files.take(10)\nuse(files)\n"
    found = convert(HEAD.replace("*", "OjSalesSimulated") + body)
    left = {finding.symbol: finding.status for finding in found.findings}
    assert left["FileDataset.take"] is Status.NO_EQUIVALENT
    assert "OjSalesSimulated.get_file_dataset()" in found.text


def test_parts_of_a_table_are_those_of_its_data_frame() -> None:
    body = """\
data = Diabetes.get_tabular_dataset()
x = data.drop_columns("Y")
y = data.keep_columns("Y")
names = ["AGE", "BMI"]
print(x.to_pandas_dataframe(), y.to_pandas_dataframe(), data.skip(2).take(3).to_pandas_dataframe())
print(data.keep_columns(columns=names).to_pandas_dataframe())
"""
    found = convert(HEAD.replace("*", "Diabetes") + body)
    assert {finding.status for finding in found.findings} == {Status.REVIEW, Status.CONVERTED}
    text = "".join(found.text.split())
    assert "Diabetes" not in text and "data=" not in text and "x=" not in text and "y=" not in text
    for part in ('.drop(columns="Y")', '[["Y"]]', ".iloc[2:].head(3)", "[names]"):
        assert f'"anon":True}}){part}' in text.replace(",)", ")")


def test_a_part_of_a_table_that_becomes_an_asset_stays() -> None:
    body = 'data = Diabetes.get_tabular_dataset()\nx = data.drop_columns("Y")\nx.register(ws, "x")\n'
    found = convert(HEAD.replace("*", "Diabetes") + "ws = Workspace.from_config()\n" + body)
    assert 'x = data.drop_columns("Y")' in found.text and "data = Diabetes.get_tabular_dataset()" in found.text
