"""Outputs of steps that are read of their runs: a component may call them otherwise than the data were called."""

from __future__ import annotations

import pytest

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


def test_the_files_of_an_output_are_found_by_its_name() -> None:
    """SDK v1 has an object between the output of a step and its files, which has no more than the name."""
    lines = 'output = step.get_output("made")\nfiles = output.get_port_data_reference()\nfiles.download("rows")\n'
    text = convert(_PIPELINE + lines + "print(files.path_on_datastore)\n").text
    assert "azureml.pipeline" not in text and "azureml.core" not in text
    assert 'output = "out"\nfiles = output\n' in text and 'print("named-outputs/out")' in text
    assert 'ml_client.jobs.download(step.name, output_name=files, download_path="rows")' in text
    whole = convert(f'{_PIPELINE}step.get_output("scores").get_port_data_reference().download("rows")\n').text
    assert 'ml_client.jobs.download(step.name, output_name="scores", download_path="rows")' in whole


@pytest.mark.parametrize("asked", ["get_output", "get_output_data"])
def test_outputs_that_automl_had_by_itself_are_not_asked_for(asked: str) -> None:
    """A job of SDK v2 has only those that it is given."""
    found = convert(f'{_PIPELINE}model = step.{asked}("default_model_search")\n')
    assert f'step.{asked}("default_model_search")' in found.text
    assert any("best_model" in finding.message for finding in found.findings)


_TABLE = """\
from azureml.core import Workspace
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
rows = OutputFileDatasetConfig(name="rows").read_delimited_files()
collect = PythonScriptStep("collect.py", arguments=["--out", rows], outputs=[rows], compute_target="cpu", runconfig=env)
train = PythonScriptStep("train.py", inputs=[rows.as_input(name="fresh")], compute_target="cpu", runconfig=env)
pipeline = Pipeline(ws, steps=[collect, train])
"""


def test_a_script_that_gets_an_output_as_a_table_finds_an_mltable() -> None:
    text = " ".join(convert(_TABLE).text.split())
    assert 'inputs={"fresh": Input(type="mltable")}' in text
    assert '"out": Output(type="mltable")' in text and "${{outputs.out}}/MLTable" in text


def test_an_output_that_no_step_reads_as_a_table_stays_a_folder() -> None:
    text = convert(_TABLE.replace('inputs=[rows.as_input(name="fresh")], ', "")).text
    assert '"out": Output(type="uri_folder")' in text and "MLTable" not in text


@pytest.mark.parametrize("argument", ['rows.as_input(name="fresh")', '"--rows", rows.as_input(name="fresh")'])
def test_a_script_that_gets_the_table_as_an_argument_finds_an_mltable(argument: str) -> None:
    code = _TABLE.replace('inputs=[rows.as_input(name="fresh")]', f"arguments=[{argument}]")
    text = " ".join(convert(code).text.split())
    assert 'inputs={"fresh": Input(type="mltable")}' in text
    assert '"out": Output(type="mltable")' in text and "${{outputs.out}}/MLTable" in text


_SEARCH = """\
from azureml.core import ScriptRunConfig, Workspace
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import HyperDriveStep, PythonScriptStep
from azureml.train.hyperdrive import HyperDriveConfig, PrimaryMetricGoal, RandomParameterSampling, choice

ws = Workspace.from_config()
rows = PipelineData("rows").as_dataset()
collect = PythonScriptStep("collect.py", arguments=["--out", rows], outputs=[rows], compute_target="cpu", runconfig=env)
table = rows.parse_parquet_files()
trial = ScriptRunConfig("src", "fit.py", arguments=["--rows", table], compute_target="cpu", environment=other)
search = HyperDriveStep(
    name="search",
    hyperdrive_config=HyperDriveConfig(
        run_config=trial,
        hyperparameter_sampling=RandomParameterSampling({"--depth": choice(1, 2)}),
        primary_metric_name="score",
        primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
        max_total_runs=2,
    ),
    inputs=[table],
)
pipeline = Pipeline(ws, steps=[collect, search])
"""


def test_a_trial_that_gets_an_output_as_a_table_finds_an_mltable() -> None:
    text = " ".join(convert(_SEARCH).text.split())
    assert '"out": Output(type="mltable")' in text and "./*.parquet" in text
    assert '"rows": Input(type="mltable")' in text
