"""Parameters of pipelines that are data: their type and how the step gets them."""

from __future__ import annotations

import ast

import pytest

from tests.migrate.rules.support import convert

_HEAD = """\
from azureml.core import Dataset, Experiment, Workspace
from azureml.data.dataset_consumption_config import DatasetConsumptionConfig
from azureml.data.datapath import DataPath, DataPathComputeBinding
from azureml.pipeline.core import Pipeline, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
"""
_TAIL = """\
step = PythonScriptStep("a.py", arguments=["--x", data], inputs=[data], compute_target="cpu", runconfig=env)
pipeline = Pipeline(ws, [step])
Experiment(ws, "e").submit(pipeline)
Experiment(ws, "e").submit(pipeline, pipeline_parameters={"orders": Dataset.get_by_name(ws, "more")})
"""


def _converted(data: str) -> str:
    return ast.unparse(ast.parse(convert(_HEAD + data + _TAIL).text))


@pytest.mark.parametrize(
    "data",
    [
        'DatasetConsumptionConfig("x", PipelineParameter("orders", {0})).as_download()',
        'DatasetConsumptionConfig("x", PipelineParameter("orders", {0}), mode="download")',
    ],
)
def test_the_files_of_a_dataset_are_downloaded(data: str) -> None:
    text = _converted("data = " + data.format('Dataset.get_by_name(ws, "orders")') + "\n")
    assert "Input(type='uri_folder', mode='download')" in text
    assert "mltable" not in text
    assert text.count("pipeline(orders=Input(type='uri_folder', path=") == 2


def test_a_table_stays_a_table() -> None:
    text = _converted(
        'data = DatasetConsumptionConfig("x", PipelineParameter("orders", Dataset.get_by_name(ws, "o")))\n'
    )
    assert "mode=" not in text
    assert text.count("pipeline(orders=Input(type='mltable', path=") == 2


def test_what_is_consumed_as_files_is_given_as_files() -> None:
    data = 'DatasetConsumptionConfig("x", Dataset.get_by_name(ws, "orders")).as_mount()'
    text = _converted(f"data = {data}\n")
    assert "Input(type='uri_folder', path=" in text
    assert "'uri_folder', mode" not in text


@pytest.mark.parametrize(("mode", "declared"), [("download", ", mode='download'"), ("mount", "")])
def test_a_path_is_given_as_its_binding_says(mode: str, declared: str) -> None:
    path = 'path = DataPath(store, "in/orders")\norders = PipelineParameter("orders", path)\n'
    text = _converted(f'{path}data = (orders, DataPathComputeBinding(mode="{mode}"))\n')
    assert f"Input(type='uri_folder'{declared})" in text
    at_once = _converted(
        'path = DataPath(store, "in/orders")\n'
        f'data = (PipelineParameter("orders", path), DataPathComputeBinding(mode="{mode}"))\n'
    )
    assert at_once == text
