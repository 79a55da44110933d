"""The tables that AutoML reads of the steps before it: with the columns that the configuration keeps."""

from __future__ import annotations

import ast

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import AutoMLStep, PythonScriptStep
from azureml.train.automl import AutoMLConfig

ws = Workspace.from_config()
taxi = PipelineData("taxi").as_dataset()
prepare = PythonScriptStep("prepare.py", name="prepare", arguments=["--out", taxi], outputs=[taxi], runconfig=env,
                           compute_target="cpu")
"""


def search(columns: str, name: str = "search") -> str:
    return (
        f"{name}_rows = taxi.parse_parquet_files().keep_columns({columns})\n"
        f"{name}_config = AutoMLConfig(task='regression', training_data={name}_rows, label_column_name='cost', "
        "compute_target='cpu', primary_metric='r2_score')\n"
        f"{name} = AutoMLStep(name='{name}', automl_config={name}_config)\n"
    )


def test_the_table_has_the_columns_that_automl_keeps() -> None:
    conversion = convert(f"{HEAD}{search(repr(['distance', 'cost']))}p = Pipeline(ws, [search])\n")
    assert {finding.status for finding in conversion.findings} <= {Status.CONVERTED, Status.REVIEW}
    strings = [node.value for node in ast.walk(ast.parse(conversion.text)) if isinstance(node, ast.Constant)]
    command = next(text for text in strings if str(text).startswith("python prepare.py"))
    assert '["read_parquet", {"keep_columns": ["distance", "cost"]}]' in str(command)
    assert "training_data=prepare.outputs.out" in conversion.text


def test_two_steps_that_keep_different_columns_have_no_common_table() -> None:
    conversion = convert(
        f"{HEAD}{search(repr(['a', 'cost']), 'first')}"
        f"{search(repr(['b', 'cost']), 'second')}p = Pipeline(ws, [first, second])\n"
    )
    assert any("steps read the output out in different ways" in finding.message for finding in conversion.findings)
    assert "Pipeline(ws, [first, second])" in conversion.text


def test_columns_that_are_listed_at_run_time_stay() -> None:
    conversion = convert(f"{HEAD}{search('wanted()')}p = Pipeline(ws, [search])\n")
    messages = [finding.message for finding in conversion.findings if finding.symbol == "AutoMLStep"]
    assert messages == ["the columns that keep_columns names of a step's output cannot be told"]


def test_a_script_that_would_read_all_columns_stays() -> None:
    conversion = convert(
        f"{HEAD}rows = taxi.parse_parquet_files().keep_columns(['cost'])\n"
        "train = PythonScriptStep('train.py', inputs=[rows], runconfig=env, compute_target='cpu')\n"
        "p = Pipeline(ws, [train])\n"
    )
    messages = [finding.message for finding in conversion.findings if finding.line > 10]
    assert "the script of the step reads all columns: keep those that it wants in it" in messages
    assert "Pipeline(ws, [train])" in conversion.text
