"""Paths of datastores that the same code uploads to: what is read is the file or the folder that has been uploaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.convert import convert_module
from amlbridge.migrate.module import ModuleText
from amlbridge.migrate.project.modules import build_project
from tests.migrate.rules.support import PYTHON, convert

_HEAD = """\
from azureml.core import Dataset, Workspace

ws = Workspace.from_config()
store = ws.get_default_datastore()
"""
_ONE = 'store.upload_files(["data/train.csv"], target_path="wines/tables")\n'
_READ = 'table = Dataset.Tabular.from_delimited_files((store, "wines/tables/{name}"))\n'


def test_the_one_file_of_an_upload_is_the_data_asset() -> None:
    text = convert(_HEAD + _ONE + _READ.format(name="train.csv")).text
    assert 'table = Data(path=wines_tables_files.path, type="uri_file")' in text


def test_the_folder_of_the_one_file_is_the_one_above_it() -> None:
    text = convert(_HEAD + _ONE + 'files = Dataset.File.from_files((store, "wines/tables"))\n').text
    assert 'path=wines_tables_files.path.rpartition("/")[0], type="uri_folder"' in text


def test_each_file_is_found_among_several_uploads_of_one() -> None:
    other = _ONE.replace("train", "test")
    read = _READ.format(name="train.csv").replace("table =", "first =") + _READ.format(name="test.csv")
    text = convert(_HEAD + _ONE + other + read).text
    assert 'first = Data(path=wines_tables_files.path, type="uri_file")' in text
    assert 'table = Data(path=wines_tables_files_2.path, type="uri_file")' in text


def test_a_file_of_an_uploaded_folder_is_inside_of_the_data_asset() -> None:
    upload = 'store.upload("data", target_path="wines/tables")\n'
    text = convert(_HEAD + upload + _READ.format(name="train.csv")).text
    assert "path=f\"{wines_tables_files.path.rstrip('/')}/train.csv\"" in text


def test_the_one_file_that_a_module_beside_uploads_and_reads() -> None:
    modules = [
        ModuleText(Path("upload.py"), _HEAD + _ONE + _READ.format(name="train.csv")),
        ModuleText(Path("read.py"), _HEAD + _READ.format(name="train.csv")),
    ]
    text = convert_module(modules[1], build_project(modules, PYTHON), PYTHON).text
    assert 'path=ml_client.data.get("wines_tables_files", label="latest").path, type=' in text.replace("\n    ", " ")


def test_an_upload_that_stays_makes_no_data_asset() -> None:
    left = _ONE.replace("\n", "  # amlbridge: ignore\n", 1)
    modules = [
        ModuleText(Path("upload.py"), _HEAD + left),
        ModuleText(Path("read.py"), _HEAD + _READ.format(name="train.csv")),
    ]
    text = convert_module(modules[1], build_project(modules, PYTHON), PYTHON).text
    assert "wines_tables_files" not in text and "datastores/workspaceblobstore/paths/wines/tables/train.csv" in text


@pytest.mark.parametrize("path", ['"./raw/a.csv"', '"/raw/a.csv"', 'f"./raw/{name}.csv"'])
def test_a_path_counts_from_the_root_of_its_datastore(path: str) -> None:
    text = convert(f"""\
from azureml.core import Dataset, Workspace

store = Workspace.from_config().get_default_datastore()
data = Dataset.File.from_files((store, {path}))
""").text
    assert "azureml://datastores/workspaceblobstore/paths/raw/" in text


def test_a_datastore_of_unknown_origin_is_an_object_with_a_name() -> None:
    """SDK v1 takes nothing else, and the text of an object of SDK v2 is its YAML."""
    text = convert(
        """\
from azureml.core import Dataset
from elsewhere import other


def files(store):
    return Dataset.File.from_files([(store, "a"), (other, "b")])
"""
    ).text
    assert "datastores/{store.name}/paths/a" in text and "datastores/{other.name}/paths/b" in text


@pytest.mark.parametrize(
    "loop",
    [
        'for store in [Datastore.get(ws, "a"), Datastore.get(ws, "b")]:',
        'stores = {}\nstores["a"] = Datastore.get(ws, "a")\nstores["b"] = Datastore.get(ws, "b")\n'
        "for store in stores.values():",
    ],
)
def test_a_loop_over_datastores_reads_of_each(loop: str) -> None:
    body = '    Dataset.File.from_files((store, "raw")).register(ws, store.name)\n'
    text = convert(
        f"from azureml.core import Dataset, Datastore, Workspace\n\nws = Workspace.from_config()\n{loop}\n{body}"
    ).text
    assert "datastores/{store.name}/paths/raw" in text and "azureml.core" not in text


def test_an_address_in_the_web_is_read_from_the_variable_that_has_it() -> None:
    text = convert(
        "from azureml.core import Dataset\n\n"
        'where = "https://example.org/wines.csv"\nprint(where)\n'
        "table = Dataset.Tabular.from_delimited_files(where, header=False)\nprint(table.to_pandas_dataframe())\n"
    ).text
    assert 'mltable.from_delimited_files(paths=[{"file": where}], header="no_header")' in text
