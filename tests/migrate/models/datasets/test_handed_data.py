"""A table that a notebook hands to a helper's function, which gives it to a script that finds it by its id."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.migrate.project.test_exchange import converted, flat

CALLS = """\
from azureml.core import Dataset, Experiment, Workspace
from helper import predict

ws = Workspace.from_config()
store = ws.get_default_datastore()
rows = {}
predict(Experiment(ws, "test"), rows)
"""
HELPER = """\
import os
import shutil
from azureml.core import ScriptRunConfig


def predict(experiment, rows, folder="./sent"):
    os.makedirs(folder, exist_ok=True)
    shutil.copy("score_rows.py", folder)
    config = ScriptRunConfig(
        source_directory=folder,
        script="score_rows.py",
        arguments=["--rows", rows.as_named_input(rows.name)],
        compute_target="cpu",
        environment=env,
    )
    return experiment.submit(config)
"""
SCRIPT = """\
import argparse
from azureml.core import Dataset, Run

parser = argparse.ArgumentParser()
parser.add_argument("--rows", dest="rows")
args = parser.parse_args()
rows_id = args.rows
ws = Run.get_context().experiment.workspace
print(len(Dataset.get_by_id(ws, id=rows_id).to_pandas_dataframe()))
"""
FILES = 'Dataset.Tabular.from_delimited_files((store, "a/test.csv"))'
FRAME = 'Dataset.Tabular.register_pandas_dataframe(frame, (store, "a"), "test")'


@pytest.mark.parametrize(
    ("made", "path"),
    [(FILES, "rows.id or rows.path"), (FRAME, "rows.id"), (f'{FILES}.register(ws, "test")', "rows.id")],
)
def test_it_is_one_table_from_the_notebook_to_the_script(tmp_path: Path, made: str, path: str) -> None:
    found = converted(tmp_path, {"calls.py": CALLS.format(made), "helper.py": HELPER, "score_rows.py": SCRIPT})
    assert 'type="mltable"' in found["calls.py"] and "uri_file" not in found["calls.py"]
    assert f'Input(type="mltable", path={path})' in flat(found["helper.py"])
    assert "mltable.load(rows_id)" in found["score_rows.py"]


TRAIN = """\
import pandas as pd
from azureml.core import Run
from azureml.data.dataset_factory import TabularDatasetFactory


def prepared(rows):
    return rows.to_pandas_dataframe().dropna()


if __name__ == "__main__":
    table = TabularDatasetFactory.from_delimited_files("https://example.org/a.csv")
    Run.get_context().log("rows", len(prepared(table)))
"""
NOTEBOOK = """\
from azureml.core import Workspace
from azureml.data.dataset_factory import TabularDatasetFactory
from train import prepared

ws = Workspace.from_config()
address = "https://example.org/a.csv"
{}
"""


@pytest.mark.parametrize(
    "call",
    [
        "table = TabularDatasetFactory.from_delimited_files(address)\nprint(prepared(table))",
        "print(prepared(TabularDatasetFactory.from_delimited_files(path=address)))",
    ],
)
def test_a_function_that_a_notebook_and_its_own_script_call_reads_one_kind_of_table(tmp_path: Path, call: str) -> None:
    found = converted(tmp_path, {"train.py": TRAIN, "control.py": NOTEBOOK.format(call)})
    assert "mltable.load(str(rows.path)).to_pandas_dataframe().dropna()" in found["train.py"]
    assert 'Data(path="table_mltable", type="mltable")' in found["train.py"]
    assert 'type="mltable")' in found["control.py"] and "uri_file" not in "".join(found.values())
