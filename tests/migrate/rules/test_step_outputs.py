"""Outputs of steps that are read of their runs: a component may call them otherwise than the data were called."""

from __future__ import annotations

from tests.migrate.rules.support import convert

_PIPELINE = """\
from azureml.core import Experiment, Workspace
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
made = PipelineData("made", pipeline_output_name="all_rows")
train = PythonScriptStep("train.py", arguments=["--out", made], outputs=[made], compute_target="cpu", runconfig=env)
run = Experiment(ws, "e").submit(Pipeline(ws, steps=[train]))
step = run.find_step_run("train.py")[0]
"""


def test_the_output_of_a_step_is_that_of_its_component() -> None:
    text = convert(f'{_PIPELINE}step.get_output_data("made").download("rows")\n').text
    assert 'ml_client.jobs.download(step.name, output_name="out", download_path="rows")' in text


def test_the_path_of_a_step_s_output_has_its_name() -> None:
    lines = 'output = step.get_output_data("made")\noutput.download("rows")\nprint(output.path_on_datastore)\n'
    text = convert(_PIPELINE + lines).text
    assert 'output = "out"' in text and 'print("named-outputs/out")' in text


def test_the_output_of_the_pipeline_keeps_its_name() -> None:
    text = convert(f'{_PIPELINE}run.get_pipeline_output("all_rows").download("rows")\n').text
    assert 'output_name="all_rows"' in text


def test_data_of_other_code_keep_their_name() -> None:
    text = convert(f'{_PIPELINE}step.get_output_data("scores").download("rows")\n').text
    assert 'output_name="scores"' in text
