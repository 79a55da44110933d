"""Datasets that a script looks up, selects from and reads."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = "from azureml.core import Dataset, Workspace\n\nws = Workspace.from_config()\n"


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("x = Dataset.get_by_id(ws, args.id).to_pandas_dataframe()",
         'x = mltable.load(f"azureml:/{args.id}").to_pandas_dataframe()'),
        ('t = Dataset.get_by_name(ws, "t")\nx = t.drop_columns(columns=["a"]).to_pandas_dataframe()',
         't = ml_client.data.get("t", label="latest")\n'
         'x = mltable.load(t.path).drop_columns(columns=["a"]).to_pandas_dataframe()'),
        ('t = Dataset.get_by_name(ws, "t")\na, b = t.random_split(0.5, seed=1)\na.to_pandas_dataframe()',
         't = ml_client.data.get("t", label="latest")\n'
         "a, b = mltable.load(t.path).random_split(0.5, seed=1)\na.to_pandas_dataframe()"),
    ],
)  # fmt: skip
def test_a_table_is_opened_where_it_is_read(code: str, after: str) -> None:
    assert convert(HEAD + code + "\n").text.endswith(after + "\n")


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("f(t.take(3))",
         'mltable.load(t.path).take(3).save("table_mltable")\n'
         'f(Data(path="table_mltable", type="mltable"))'),
        ("x = t.take(3)\nf(x)",
         'mltable.load(t.path).take(3).save("x_mltable")\nx = Data(path="x_mltable", type="mltable")\nf(x)'),
        ("x = t.keep_columns('a').take(3)\nf(x)",
         'mltable.load(t.path).keep_columns("a").take(3).save("x_mltable")\n'
         'x = Data(path="x_mltable", type="mltable")\nf(x)'),
        ("x = t.take(5)\nf(x)\nx = t.take(3)\nf(x)",
         'mltable.load(t.path).take(5).save("x_mltable")\nx = Data(path="x_mltable", type="mltable")\nf(x)\n'
         'mltable.load(t.path).take(3).save("x_2_mltable")\nx = Data(path="x_2_mltable", type="mltable")\nf(x)'),
        ("a, b_data = t.random_split(0.5)\nf(a)\nx = b_data.to_pandas_dataframe()",
         'a_table, b_table = mltable.load(t.path).random_split(0.5)\na_table.save("a_mltable")\n'
         'b_table.save("b_data_mltable")\na = Data(path="a_mltable", type="mltable")\n'
         'b_data = Data(path="b_data_mltable", type="mltable")\nf(a)\n'
         "x = mltable.load(str(b_data.path)).to_pandas_dataframe()"),
        ("x = t.with_timestamp_columns('time')\nf(x)", "x = t\nf(x)"),
    ],
)  # fmt: skip
def test_a_selection_that_goes_elsewhere_is_saved(code: str, after: str) -> None:
    found = convert(HEAD + f'f(ws)\nt = Dataset.get_by_name(ws, "t")\n{code}\n')
    assert (
        found.text.endswith(f't = ml_client.data.get("t", label="latest")\n{after}\n') and "azureml" not in found.text
    )
    assert {finding.status for finding in found.findings} <= {Status.CONVERTED, Status.REVIEW}


def test_the_halves_of_a_table_are_the_data_of_a_job() -> None:
    code = """\
from azureml.train.automl import AutoMLConfig

whole = Dataset.Tabular.from_delimited_files("https://x.net/a.csv")
train, valid = whole.random_split(percentage=0.8, seed=1)
series = whole.with_timestamp_columns("time")
one = AutoMLConfig("regression", training_data=train, validation_data=valid, label_column_name="y")
two = AutoMLConfig("regression", training_data=series, label_column_name="y")
"""
    text = convert(HEAD + code).text
    assert 'training_data=Input(type="mltable", path=train.path)' in text
    assert 'validation_data=Input(type="mltable", path=valid.path)' in text
    assert 'training_data=Input(type="mltable", path=series.path)' in text
    assert "series = whole\n" in text and "azureml" not in text


def test_the_parts_of_a_split_that_have_no_names_are_left() -> None:
    found = convert(HEAD + 't = Dataset.get_by_name(ws, "t")\nparts = t.random_split(0.5)\nf(parts)\n')
    assert (
        "give each part of the table a name" in found.text
        and "parts = Dataset.get_by_name(ws, t.name).random_split(0.5)" in found.text
    )


def test_models_of_a_run_are_those_that_its_job_has_made() -> None:
    found = convert(HEAD.replace("Dataset", "Model") + 'print(len(Model.list(ws, name="m", run_id=run_id)))\n')
    after = '[model for model in ml_client.models.list(name="m") if model.job_name == run_id]'
    assert after in " ".join(found.text.split()) and "azureml.core" not in found.text


def test_models_are_chosen_by_tags_among_the_versions_of_all_models() -> None:
    head = HEAD.replace("Dataset", "Model")
    found = convert(head + 'print(Model.list(ws, tags=[["a", "b"]]))\nprint(Model.list(ws, tags=["c"], latest=True))\n')
    text = " ".join(found.text.split())
    assert "version for named in ml_client.models.list() for version in ml_client.models.list(name=named.name)" in text
    assert 'if model.tags.get("a") == "b"' in text and 'models.get(named.name, label="latest")' in text
    assert "azureml" not in text


def test_the_files_of_a_dataset_are_listed_by_fsspec() -> None:
    found = convert(HEAD + 'f(ws)\nt = Dataset.get_by_name(ws, "t")\nprint(t.to_path())\n')
    assert found.text.endswith('print([file.path for file in fsspec.open_files(f"{t.path}/**")])\n')
    assert "azureml" not in found.text


@pytest.mark.parametrize("identity", ["args.id", "given"])
def test_what_an_id_finds_is_the_asset_where_it_is_not_only_read(identity: str) -> None:
    conversion = convert(HEAD + f"def find(args, given):\n    return Dataset.get_by_id(ws, {identity})\n")
    assert f'return ml_client.data.get(*{identity}.split("/")[-3::2])' in conversion.text
    assert any("/NAME/versions/VERSION" in finding.message for finding in conversion.findings)


@pytest.mark.parametrize("read", ["", ".to_pandas_dataframe()"])
def test_the_id_of_a_dataset_of_v1_says_nothing_to_v2(read: str) -> None:
    conversion = convert(HEAD + f'x = Dataset.get_by_id(ws, "6a2c8a5e-0d3c-4f6d-8d8e-0a4b5b8d3c11"){read}\n')
    assert "Dataset.get_by_id(ws" in conversion.text
    assert Status.NO_EQUIVALENT in {finding.status for finding in conversion.findings}


@pytest.mark.parametrize(
    "code",
    [
        "parts = rows.random_split(0.8, seed=1)\nx, y = [parts[i].to_pandas_dataframe() for i in (0, 1)]\n",
        "parts = rows.random_split(0.8, seed=1)\ntrain = parts[0]\nprint(train.take(3).to_pandas_dataframe())\n",
        "train = rows.random_split(0.8, seed=1)[0]\nprint(train.to_pandas_dataframe())\n",
        "print(rows.random_split(0.8, seed=1)[1].to_pandas_dataframe())\n",
    ],
)
def test_a_part_of_a_table_by_its_number(code: str) -> None:
    """MLTable gives the two parts as SDK v1 does, in this order."""
    head = "from azureml.core import Dataset, Workspace\n\nws = Workspace.from_config()\n"
    text = convert(f'{head}rows = Dataset.get_by_name(ws, "rows")\n{code}').text
    assert "azureml.core" not in text and ".save(" not in text
    assert "mltable.load(rows.path).random_split(0.8, seed=1)" in text


def test_parts_that_are_more_than_read_want_names() -> None:
    head = "from azureml.core import Dataset, Workspace\n\nws = Workspace.from_config()\n"
    code = 'parts = Dataset.get_by_name(ws, "rows").random_split(0.8)\nparts[0].register(ws, "train")\n'
    assert "random_split(0.8)" in convert(head + code).text
    assert any("give each part of the table a name" in found.message for found in convert(head + code).findings)
