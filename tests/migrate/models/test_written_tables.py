"""How a later step reads the output of a step, as the MLTable file that the step writes."""

from __future__ import annotations

import ast
import json
import shlex
from typing import Any

import pytest

from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Workspace
from azureml.data import OutputFileDatasetConfig
from azureml.data.dataset_factory import DataType
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import AutoMLStep, PythonScriptStep
from azureml.train.automl import AutoMLConfig

ws = Workspace.from_config()
out = OutputFileDatasetConfig("out")
prepare = PythonScriptStep("prepare.py", name="prepare", arguments=["--out", out], runconfig=env, compute_target="cpu")
"""


def converted(reading: str) -> Any:
    return convert(
        f"{HEAD}config = AutoMLConfig(task='regression', training_data=out.{reading}, label_column_name='cost', "
        "compute_target='cpu', primary_metric='r2_score')\n"
        "search = AutoMLStep(name='search', automl_config=config)\np = Pipeline(ws, [search])\n"
    )


def written(reading: str) -> Any:
    """The MLTable that the command of the step writes."""
    strings = [node.value for node in ast.walk(ast.parse(converted(reading).text)) if isinstance(node, ast.Constant)]
    command = next(text for text in strings if str(text).startswith("python prepare.py"))
    words = shlex.split(command)
    assert words[-1] == "${{outputs.out}}/MLTable"
    return json.loads(words[words.index("echo") + 1])


def test_columns_are_text_as_sdk_v1_reads_them() -> None:
    assert written("read_delimited_files()") == {
        "paths": [{"pattern": "./*.csv"}],
        "transformations": [
            {
                "read_delimited": {
                    "delimiter": ",",
                    "encoding": "utf8",
                    "header": "all_files_same_headers",
                    "infer_column_types": False,
                }
            }
        ],
    }


def test_everything_that_is_said_of_the_files_is_kept() -> None:
    found = written("read_delimited_files(separator=';', path_glob='part-*.txt').drop_columns('x')")
    assert found["paths"] == [{"pattern": "./part-*.txt"}]
    read, *more = found["transformations"]
    assert read["read_delimited"]["delimiter"] == ";"
    assert more == [{"drop_columns": ["x"]}]
    parquet = written("read_parquet_files().keep_columns(['cost', 'x'])")
    assert parquet["transformations"] == ["read_parquet", {"keep_columns": ["cost", "x"]}]


@pytest.mark.parametrize(
    ("reading", "why"),
    [
        ("read_delimited_files(separator=mark())", "is known at run time only"),
        ("read_delimited_files(include_path=True)", "include_path of read_delimited_files cannot be told"),
        ("read_delimited_files(partition_format='{x}.csv')", "partition_format of read_delimited_files has no place"),
        (
            "read_delimited_files(set_column_types={'a': DataType.to_float()})",
            "set_column_types of read_delimited_files",
        ),
    ],
)
def test_what_cannot_be_said_in_the_table_stays(reading: str, why: str) -> None:
    found = converted(reading)
    assert "AutoMLStep(" in found.text
    assert any(why in finding.message for finding in found.findings)
