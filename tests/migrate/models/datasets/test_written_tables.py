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
    return table_of(converted(reading).text)


def table_of(text: str) -> Any:
    strings = [node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)]
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


REGISTERED = """\
from azureml.core import Workspace
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
out = OutputFileDatasetConfig("out")
kept = out{reading}
prepare = PythonScriptStep("prepare.py", name="prepare", arguments=["--out", kept], runconfig=env, compute_target="cpu")
{more}p = Pipeline(ws, [{steps}])
"""


def registered(reading: str, more: str = "", steps: str = "prepare") -> Any:
    return convert(REGISTERED.format(reading=reading, more=more, steps=steps))


def test_an_output_that_is_registered_as_a_table_is_one_whoever_reads_it() -> None:
    found = registered('.read_delimited_files(separator=";").register_on_complete("rows")')
    assert 'Output(type="mltable", name="rows")' in found.text
    assert table_of(found.text)["transformations"][0]["read_delimited"]["delimiter"] == ";"
    assert any("as a table of the files *.csv" in finding.message for finding in found.findings)


def test_an_output_that_is_registered_as_files_has_no_table() -> None:
    found = registered('.register_on_complete("files")')
    assert 'Output(type="uri_folder", name="files")' in found.text and "MLTable" not in found.text


TOLD = "registered as a table in SDK v1, and as a folder here"


def test_a_registered_table_whose_form_has_no_word_stays_a_folder_and_that_is_told() -> None:
    found = registered('.read_delimited_files(partition_format="{x}.csv").register_on_complete("rows")')
    assert 'Output(type="uri_folder", name="rows")' in found.text
    assert any(TOLD in finding.message for finding in found.findings)


def test_a_registered_table_whose_files_another_step_reads_stays_a_folder_and_that_is_told() -> None:
    found = registered(
        '.read_delimited_files().register_on_complete("rows")',
        'train = PythonScriptStep("t.py", arguments=[out.as_input()], runconfig=env, compute_target="cpu")\n',
        "prepare, train",
    )
    assert 'Output(type="uri_folder", name="rows")' in found.text and "MLTable" not in found.text
    assert any(TOLD in finding.message for finding in found.findings)
