"""A path of a datastore that a step gets as ``--output...``: SDK v1 mounts it for both, SDK v2 wants to know."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

_HEAD = """\
from azureml.core import Experiment, Workspace
from azureml.data.data_reference import DataReference
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep
from azureml.train.estimator import Estimator

ws = Workspace.from_config()
store = ws.get_default_datastore()
out = DataReference(datastore=store, data_reference_name="result", path_on_datastore="scores")
"""
_STEP = 'PythonScriptStep(script_name="{}.py", arguments=["{}", out], inputs=[out], compute_target="cpu")\n'
_PATH = 'Output(type="uri_folder",path="azureml://datastores/workspaceblobstore/paths/scores"'


def _squeezed(code: str) -> tuple[str, list[str]]:
    found = convert(_HEAD + code)
    return "".join(found.text.split()), [finding.message for finding in found.findings]


@pytest.mark.parametrize("option", ["--output", "--output-dir", "--model_output", "--out_path"])
def test_what_is_called_an_output_is_written_to(option: str) -> None:
    code = f"step = {_STEP.format('score', option)}Experiment(ws, 'e').submit(Pipeline(ws, steps=[step]))\n"
    text, told = _squeezed(code)
    assert _PATH in text and "inputs=" not in text
    assert any("is taken for an output" in message for message in told)


@pytest.mark.parametrize("option", ["--data", "--outlier_file", "--layout"])
def test_what_is_called_otherwise_is_read(option: str) -> None:
    code = f"step = {_STEP.format('score', option)}Experiment(ws, 'e').submit(Pipeline(ws, steps=[step]))\n"
    text, _ = _squeezed(code)
    assert "outputs=" not in text and "Output(" not in text


def test_the_step_that_reads_it_gets_the_output_of_the_one_that_writes() -> None:
    steps = f"a = {_STEP.format('score', '--output')}b = {_STEP.format('show', '--data')}b.run_after(a)\n"
    text, _ = _squeezed(f"{steps}Experiment(ws, 'e').submit(Pipeline(ws, steps=[a, b]))\n")
    assert "b=b_component(data=a.outputs.output)" in text and "order_token" not in text


def test_the_parameters_of_an_estimator() -> None:
    given = '{"--output_dir": store.path("scores").as_mount(), "--data": store.path("in").as_mount()}'
    text, _ = _squeezed(f"job = Estimator('.', entry_script='t.py', compute_target='cpu', script_params={given})\n")
    assert f'outputs={{"output_dir":{_PATH}' in text and '"data":Input(' in text


def test_what_is_downloaded_is_read() -> None:
    given = '{"--output_dir": store.path("scores").as_download()}'
    text, _ = _squeezed(f"job = Estimator('.', entry_script='t.py', compute_target='cpu', script_params={given})\n")
    assert "Output(" not in text


@pytest.mark.parametrize(
    ("pipeline", "folder"),
    [
        ('Pipeline(ws, steps=[step], default_source_directory="steps")', '"steps"'),
        ('Pipeline(ws, [step], "d", store, "steps")', '"steps"'),
        ("Pipeline(ws, steps=[step])", '"."'),
    ],
)
def test_the_folder_that_a_pipeline_gives_its_steps(pipeline: str, folder: str) -> None:
    step = 'step = PythonScriptStep(script_name="a.py", compute_target="cpu")\n'
    text, _ = _squeezed(f"{step}Experiment(ws, 'e').submit({pipeline})\n")
    assert f"code={folder}," in text
