"""Datasets that a script finds by the id that SDK v1 passed: SDK v2 passes their path."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.convert import convert_module
from amlbridge.migrate.module import ModuleText
from amlbridge.migrate.project.modules import build_project
from tests.migrate.rules.support import PYTHON

SCRIPT = """\
import argparse
from azureml.core import Dataset, Run

parser = argparse.ArgumentParser()
parser.add_argument("--test_dataset", dest="test")
args = parser.parse_args()
test_id = args.test
run = Run.get_context()
data = Dataset.get_by_id(run.experiment.workspace, id=test_id)
frame = data.drop_columns(["y"]).{read}()
"""
SUBMIT = """\
from azureml.core import Dataset, Experiment, ScriptRunConfig, Workspace

ws = Workspace.from_config()
table = {table}
source = ScriptRunConfig(
    ".", "score.py", arguments=["--test_dataset", table.as_named_input("test")], compute_target="cpu", environment=env
)
run = Experiment(ws, "e").submit(source)
"""


def script(tmp_path: Path, table: str, read: str = "to_pandas_dataframe") -> str:
    """The converted script that a job runs with a table."""
    inside = ModuleText(tmp_path / "score.py", SCRIPT.format(read=read))
    outside = ModuleText(tmp_path / "submit.py", SUBMIT.format(table=table))
    project = build_project([inside, outside], PYTHON, [tmp_path])
    return convert_module(inside, project, PYTHON).text


@pytest.mark.parametrize(
    ("table", "opened"),
    [
        ('Dataset.Tabular.from_delimited_files("https://x/a/*.csv")', "mltable.load(test_id)"),
        ('Dataset.Tabular.from_delimited_files("https://x/a.csv")', 'from_delimited_files([{"file": test_id}])'),
    ],
)
def test_the_option_has_the_path(tmp_path: Path, table: str, opened: str) -> None:
    text = script(tmp_path, table)
    assert opened in text and "get_by_id" not in text
    assert 'data.drop_columns(["y"]).to_pandas_dataframe()' in text


def test_a_data_frame_of_spark(tmp_path: Path) -> None:
    text = script(tmp_path, 'Dataset.Tabular.from_delimited_files("https://x/a/*.csv")', "to_spark_dataframe")
    assert (
        "SparkSession.builder.getOrCreate().createDataFrame(" in text and "from pyspark.sql import SparkSession" in text
    )
