"""The builder's steps for many models become nodes of the components of the registry azureml."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from amlbridge.migrate.signatures.check import check_generated
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.automl.core.forecasting_parameters import ForecastingParameters
from azureml.contrib.automl.pipeline.steps import AutoMLPipelineBuilder, utilities
from azureml.contrib.automl.pipeline.steps.utilities import get_output_from_mm_pipeline
from azureml.core import Dataset, Experiment, Workspace
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep
from azureml.train.automl import AutoMLConfig
from azureml.train.automl.runtime._hts.hts_parameters import HTSInferenceParameters, HTSTrainParameters
from azureml.train.automl.runtime._many_models.many_models_parameters import (
    ManyModelsInferenceParameters,
    ManyModelsTrainParameters,
)
ws = Workspace.from_config()
store = ws.get_default_datastore()
sales = Dataset.Tabular.from_delimited_files(store.path("sales/"))
experiment = Experiment(ws, "sales")
"""
COMMON = "experiment=experiment, compute_target='cpu', node_count=2, process_count_per_node=8"
CONFIG = "AutoMLConfig(task='forecasting', label_column_name='y', iterations=3, forecasting_parameters=horizon)"
TRAIN = f"""\
horizon = ForecastingParameters(time_column_name='week', forecast_horizon=6, freq='W')
config = {CONFIG}
settings = ManyModelsTrainParameters(automl_settings=config, partition_column_names=['store'])
steps = AutoMLPipelineBuilder.get_many_models_train_steps(
    train_data=sales, train_pipeline_parameters=settings, {COMMON})
pipeline = Pipeline(ws, steps=steps)
"""


def converted(lines: str, *, left: int = 0) -> str:
    """What lines below the imports become, all of them but ``left`` uses."""
    found = convert(f"{HEAD}{lines}\n")
    assert not check_generated(found.text)
    stays = [finding for finding in found.findings if finding.status in (Status.MANUAL, Status.NO_EQUIVALENT)]
    assert len(stays) == left, stays
    return found.text.replace("'", '"')


def test_the_settings_are_the_file_that_the_component_reads() -> None:
    found = converted(TRAIN)
    assert '"forecasting": horizon,' in found and '"limits": {"max_trials": 3},' in found
    assert 'horizon = {"time_column_name": "week", "forecast_horizon": 6, "frequency": "W"}' in found
    assert 'settings = {**config, "partition_column_names": ["store"]}' in found
    assert 'with open("settings.yml", "w") as file:' in found and "yaml.safe_dump(settings, file)" in found
    assert 'automl_config=Input(type="uri_file", path="settings.yml")' in found


def test_the_data_is_the_folder_of_the_table() -> None:
    found = converted(TRAIN)
    assert 'raw_data=Input(\n            type="uri_folder",' in found and "paths/sales/" in found
    assert "parallel_step_timeout_in_seconds=3700" in found  # v1's default


def test_settings_of_the_forecast_in_two_places_are_one() -> None:
    found = converted(TRAIN.replace("iterations=3", "iterations=3, cv_step_size='auto'"))
    assert '"forecasting": {**horizon, "cv_step_size": "auto"}' in found and found.count('"forecasting":') == 1


def test_a_hierarchy_is_trained_by_its_component() -> None:
    lines = TRAIN.replace(
        "ManyModelsTrainParameters(automl_settings=config, partition_column_names=['store'])",
        "HTSTrainParameters(automl_settings=config, hierarchy_column_names=['state', 'sku'], training_level='sku')",
    )
    found = converted(lines)
    assert '"automl_hts_training"' in found and '"hierarchy_training_level": "sku"' in found


def test_the_dict_of_an_old_call_gets_the_names_of_v2_and_goes() -> None:
    found = converted(
        "automl_settings = {'task': 'forecasting', 'max_horizon': 5, 'label_column_name': 'y', 'iterations': 3}\n"
        "steps = AutoMLPipelineBuilder.get_many_models_train_steps(automl_settings=automl_settings, train_data=sales, "
        f"partition_column_names=['store'], {COMMON})\npipeline = Pipeline(ws, steps=steps)"
    )
    assert "max_horizon" not in found and '"forecast_horizon": 5' in found and found.count("automl_settings = ") == 1
    assert '"partition_column_names": ["store"]' in found


def test_settings_that_are_put_together_stay() -> None:
    found = convert(
        f"{HEAD}steps = AutoMLPipelineBuilder.get_many_models_train_steps(automl_settings=load('a.json'), "
        f"train_data=sales, {COMMON})\npipeline = Pipeline(ws, steps=steps)\n"
    )
    assert "written out as a dict" in found.text and "AutoMLPipelineBuilder.get_many_models_train_steps" in found.text


def test_the_table_of_an_earlier_step_is_an_edge() -> None:
    prepared = (
        "out = OutputFileDatasetConfig(name='out').as_upload()\nout = out.read_parquet_files()\n"
        "prepare = PythonScriptStep('p.py', arguments=['--in', sales.as_named_input('x'), '--out', out], "
        "compute_target='cpu')\nsales = out\n"
    )
    found = converted(prepared + TRAIN)
    assert "raw_data=prepare.outputs.out" in found and "sales = out" not in found


INFER = f"""\
out = OutputFileDatasetConfig(name='forecast', destination=(store, 'f/')).register_on_complete(name='f')
settings = ManyModelsInferenceParameters(partition_column_names=['store'], time_column_name='week')
steps = AutoMLPipelineBuilder.get_many_models_batch_inference_steps(
    inference_data=sales, inference_pipeline_parameters=settings, output_datastore=out, train_run_id=RUN,
    train_experiment_name='train', arguments=['--forecast_quantiles', 0.1, 0.9], {COMMON})
pipeline = Pipeline(ws, steps=steps)
run = experiment.submit(pipeline)
"""


def test_a_forecast_is_an_output_of_the_pipeline() -> None:
    found = converted(INFER)
    assert "automl_many_models_inference" in found and 'forecast_quantiles="0.1 0.9"' in found
    assert 'training_experiment_name="train"' in found and "train_run_id=RUN" in found
    assert ".outputs.raw_predictions = Output(" in found and 'name="f"' in found
    assert 'return {"forecast": models.outputs.raw_predictions}' in found


def test_the_file_of_a_forecast_is_made_of_the_output() -> None:
    found = converted(f"{INFER}path = get_output_from_mm_pipeline(run, 'results', 'forecast', 'rows.csv')")
    assert 'output_name="forecast"' in found and 'path = os.path.join("results", "rows.csv")' in found
    assert 'os.path.join("results", "named-outputs", "forecast")).to_csv(' in found


@pytest.mark.parametrize("parameters", ["", ", pipeline_parameters={'hierarchy_forecast_level': 'state'}"])
def test_the_level_of_a_hierarchy_is_a_parameter(parameters: str) -> None:
    lines = INFER.replace(
        "ManyModelsInferenceParameters(partition_column_names=['store'], time_column_name='week')",
        "HTSInferenceParameters(hierarchy_forecast_level='sku', allocation_method='average_historical_proportions')",
    ).replace("submit(pipeline)", f"submit(pipeline{parameters})")
    found = converted(lines)
    assert 'hierarchy_forecast_level="sku",' in found and "forecast_level=hierarchy_forecast_level" in found
    assert ('pipeline(hierarchy_forecast_level="state")' in found) is bool(parameters)


def test_the_settings_can_still_be_read_as_a_dict() -> None:
    found = converted(f"{TRAIN}print(config.as_serializable_dict())")
    assert 'print({**config, **config["forecasting"]})' in found


def test_variables_of_v1s_packages_go() -> None:
    found = convert(
        f"{HEAD}from azureml.core.runconfig import RunConfiguration\nrun_config = RunConfiguration()\n"
        "utilities.set_environment_variables_for_run(run_config)\n"
        "step = PythonScriptStep('p.py', compute_target='cpu', runconfig=run_config)\n"
        "pipeline = Pipeline(ws, steps=[step])\n"
    )
    assert "set_environment" not in found.text and "azureml.core" not in found.text
    said = next(f for f in found.findings if f.symbol == "set_environment_variables_for_run")
    assert said.status is Status.REVIEW and "AUTOML_IGNORE" in said.message


def test_explanations_are_no_output_of_sdk_v2() -> None:
    text = f"""{HEAD}from azureml.core import Run
made = HTSTrainParameters(automl_settings=config, hierarchy_column_names=["state"], training_level="state")
run = Run.get(ws, RUN_ID)
run.get_pipeline_output("explanations").download("e")
"""
    found = convert(text)
    assert 'get_pipeline_output("explanations").download("e")' in found.text
    assert any(
        finding.status is Status.NO_EQUIVALENT and "no output with explanations" in finding.message
        for finding in found.findings
    )
