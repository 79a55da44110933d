"""AutoML of SDK v1 becomes AutoML of SDK v2, as a job and as a node."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from amlbridge.migrate.signatures.check import check_generated
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.automl.core.featurization import FeaturizationConfig
from azureml.automl.core.forecasting_parameters import ForecastingParameters
from azureml.core import Dataset, Experiment, Workspace
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline, PipelineData, TrainingOutput
from azureml.pipeline.steps import AutoMLStep, PythonScriptStep
from azureml.train.automl import AutoMLConfig
ws = Workspace.from_config()
table = Dataset.get_by_name(ws, "table")
"""
BASE = "task='classification', training_data=table, label_column_name='y', compute_target='cpu'"


def converted(lines: str) -> str:
    """What lines below the imports become."""
    found = convert(f"{HEAD}{lines}\n").text
    assert not check_generated(found)
    return found.replace("'", '"')


@pytest.mark.parametrize(
    ("given", "after"),
    [
        ("experiment_timeout_hours=0.3", "set_limits(timeout_minutes=18)"),
        ("experiment_timeout_hours=HOURS", "set_limits(timeout_minutes=round(60 * HOURS))"),
        ("experiment_timeout_minutes=7", "set_limits(timeout_minutes=7)"),
        ("iterations=5", "set_limits(max_trials=5)"),
        ("iteration_timeout_minutes=5", "set_limits(trial_timeout_minutes=5)"),
        ("max_cores_per_iteration=-1", "set_limits(max_cores_per_trial=-1)"),
        ("experiment_exit_score=0.9", "set_limits(exit_score=0.9)"),
        ("enable_early_stopping=True", "set_limits(enable_early_termination=True)"),
        ("whitelist_models=['KNN']", 'set_training(allowed_training_algorithms=["KNN"])'),
        ("blacklist_models=['KNN']", 'set_training(blocked_training_algorithms=["KNN"])'),
        ("enable_voting_ensemble=False", "set_training(enable_vote_ensemble=False)"),
        ("enable_ensembling=False", "set_training(enable_vote_ensemble=False)"),
        ("enable_onnx_compatible_models=True", "set_training(enable_onnx_compatible_models=True)"),
        ("featurization='off'", 'set_featurization(mode="off")'),
        ("preprocess=True", 'set_featurization(mode="auto")'),
        ("model_explainability=False", "enable_model_explainability=False"),
        ("validation_size=0.2", "validation_data_size=0.2"),
        ("weight_column_name='w'", 'weight_column_name="w"'),
    ],
)
def test_settings(given: str, after: str) -> None:
    assert after in converted(f"config = AutoMLConfig({BASE}, {given})")


def test_a_dict_of_settings_is_taken_in_and_goes() -> None:
    found = converted(f"settings = {{'iterations': 3, 'verbosity': 20}}\nconfig = AutoMLConfig({BASE}, **settings)")
    assert "settings" not in found and "set_limits(max_trials=3)" in found and "verbosity" not in found


def test_what_is_put_into_the_dict_below_it_is_a_setting() -> None:
    text = f"{HEAD}settings = {{'iterations': 3}}\nsettings['iterations'] = N\nc = AutoMLConfig({BASE}, **settings)\n"
    assert "c.set_limits(max_trials=N)" in convert(text).text


def test_a_dict_that_changes_in_a_branch_is_read() -> None:
    change = "if N:\n    settings['iterations'] = N\n"
    found = convert(f"{HEAD}settings = {{'iterations': 3}}\n{change}c = AutoMLConfig({BASE}, **settings)\n")
    assert 'c.set_limits(max_trials=settings["iterations"])' in found.text
    assert "settings = {'iterations': 3}\n" + change in found.text


def test_a_dict_that_loses_keys_in_a_branch_stays() -> None:
    change = "if N:\n    settings.pop('iterations')\n"
    found = convert(f"{HEAD}settings = {{'iterations': 3}}\n{change}c = AutoMLConfig({BASE}, **settings)\n")
    assert "AutoMLConfig(" in found.text and "changed where it cannot be followed" in found.text


def test_a_job_without_a_variable() -> None:
    found = converted(f"run = Experiment(ws, 'e').submit(AutoMLConfig({BASE}, iterations=2))")
    assert "automl_job.set_limits(max_trials=2)\nrun = ml_client.jobs.create_or_update(automl_job" in found


def test_forecasts() -> None:
    found = converted(
        "parameters = ForecastingParameters(time_column_name='t', forecast_horizon=14, freq='D')\n"
        "parameters.time_series_id_column_names = ['store']\n"
        f"c = AutoMLConfig({BASE.replace('classification', 'forecasting')}, forecasting_parameters=parameters)"
    )
    assert 'parameters = ForecastingSettings(\n    time_column_name="t", forecast_horizon=14, frequency="D"\n)' in found
    assert "automl.forecasting(" in found and "forecasting_settings=parameters" in found


def test_old_keywords_of_forecasts() -> None:
    found = converted(
        f"c = AutoMLConfig({BASE.replace('classification', 'forecasting')}, max_horizon=3, "
        "time_column_name='t', grain_column_names=['g'])"
    )
    assert (
        'set_forecast_settings(\n    forecast_horizon=3, time_column_name="t", time_series_id_column_names=["g"]'
        in found
    )


def test_featurization_that_is_assigned() -> None:
    found = converted(
        f"""config = FeaturizationConfig()
config.blocked_transformers = ["LabelEncoder"]
config.column_purposes = {{"a": "Numeric"}}
config.add_prediction_transform_type("Integer")
job = AutoMLConfig({BASE}, featurization=config)"""
    )
    assert 'config.blocked_transformers = ["LabelEncoder"]' in found and "FeaturizationConfig" not in found
    assert 'config.column_name_and_types = {"a": "Numeric"}' in found and "prediction" not in found


def test_featurization() -> None:
    found = converted(
        "features = FeaturizationConfig()\n"
        "features.add_column_purpose('c', 'Categorical')\n"
        "features.add_transformer_params('HashOneHotEncoder', ['c'], {'number_of_bits': 3})\n"
        f"c = AutoMLConfig({BASE}, featurization=features)"
    )
    assert 'mode="custom", column_name_and_types={}, transformer_params={}' in found
    assert 'features.column_name_and_types["c"] = "Categorical"' in found
    assert 'features.transformer_params.setdefault("hash_one_hot_encoder", []).append(' in found
    assert "c.featurization = features" in found


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("task='image-classification', training_data=table, label_column_name='y'", "the task is none of"),
        ("task='regression', X=table, y=y", "one table with the target"),
        ("task='regression', X=x, compute_target='c'", "one table with the target"),
        ("task='regression', training_data=FRAME, label_column_name='y', compute_target='c'", "cannot be told"),
    ],
)
def test_what_stays(given: str, reason: str) -> None:
    found = convert(f"{HEAD}c = AutoMLConfig({given})\n")
    assert "AutoMLConfig(" in found.text and reason in found.text
    assert Status.MANUAL in {finding.status for finding in found.findings}


def test_the_table_of_a_step_is_described_where_it_is_written() -> None:
    found = converted(
        "out = OutputFileDatasetConfig('out')\n"
        "model = PipelineData('model', training_output=TrainingOutput(type='Model'))\n"
        "prepare = PythonScriptStep('prepare.py', arguments=['--out', out], compute_target='cpu', runconfig=env)\n"
        f"config = AutoMLConfig({BASE.replace('=table', '=out.read_delimited_files()')}, iterations=2)\n"
        "search = AutoMLStep('search', config, outputs=[model])\n"
        "use = PythonScriptStep('use.py', arguments=['--model', model], compute_target='cpu', runconfig=env)\n"
        "pipeline = Pipeline(ws, [use])"
    )
    assert '"out": Output(type="mltable")' in found and "/MLTable" in found
    assert "training_data=prepare.outputs.out" in found and "search.set_limits(max_trials=2)" in found
    assert "use = use_component(model=search.outputs.best_model)" in found


STEP = (
    "model = PipelineData('model', training_output=TrainingOutput(type='Model'))\n"
    f"config = AutoMLConfig({BASE}, validation_data=checked)\n"
    "search = AutoMLStep('search', config, outputs=[model])\n"
    "pipeline = Pipeline(ws, [search])\n"
)
CHECKED = "checked = Dataset.get_by_name(ws, 'checked')\n"


def test_data_of_a_node_go_through_a_parameter_of_the_pipeline() -> None:
    """The client writes an Input that an AutoML node has itself as a text, which the service cannot read."""
    found = converted(f"{CHECKED}{STEP}run = pipeline.submit('e')")
    text = "".join(found.split()).replace(",)", ")")
    kind = 'Input(type="mltable")'
    assert f"defpipeline(search_training_data:{kind},search_validation_data:{kind}):" in text
    assert "training_data=search_training_data," in text and "validation_data=search_validation_data," in text
    assert 'search_validation_data=Input(type="mltable",path=checked.id)' in text
    assert 'search_training_data=Input(type="mltable",path=table.id)' in text


def test_a_published_search_asks_for_its_data() -> None:
    found = convert(f"{HEAD}{CHECKED}{STEP}published = pipeline.publish(name='search')\n")
    assert "search_training_data=Input(" in found.text
    assert any("search_training_data" in finding.message for finding in found.findings)


def test_text_is_classified_with_fewer_settings() -> None:
    """The tasks on text have no early termination: dropped, and said."""
    data = "training_data=table, validation_data=table, label_column_name='y'"
    limits = "enable_early_stopping=True, experiment_timeout_hours=1"
    text = converted(f"run = exp.submit(AutoMLConfig(task='text-classification', {data}, {limits}))")
    assert "automl.text_classification(" in text
    assert ".set_limits(timeout_minutes=60)" in text


def test_text_needs_no_mode_of_featurization() -> None:
    data = "training_data=table, validation_data=table, label_column_name='y', featurization='auto'"
    found = convert(f"{HEAD}run = exp.submit(AutoMLConfig(task='text-classification', {data}))\n")
    assert "automl.text_classification(" in found.text and "featurization" not in found.text
    assert any("no mode of featurization" in finding.message for finding in found.findings)


@pytest.mark.parametrize("more", ["", "validation_data=table, n_cross_validations=3"])
def test_settings_that_tasks_on_text_lack_stay(more: str) -> None:
    data = f"training_data=table, label_column_name='y', {more}"
    assert "AutoMLConfig(" in converted(f"run = exp.submit(AutoMLConfig(task='text-classification', {data}))")


@pytest.mark.parametrize("compute", ["", ", compute_target='local'"])
def test_a_data_frame_of_a_local_search_is_saved_as_a_table(compute: str) -> None:
    found = converted(f"config = AutoMLConfig(task='regression', training_data=frame, label_column_name='y'{compute})")
    assert 'frame.to_csv("frame_table/rows.csv", index=False)' in found
    assert 'training_data=Input(type="mltable", path="frame_table")' in found


def test_unknown_data_of_a_search_on_a_cluster_stays() -> None:
    found = convert(
        f"{HEAD}config = AutoMLConfig(task='regression', training_data=d, label_column_name='y', compute_target='c')\n"
    )
    assert any(finding.status is Status.MANUAL for finding in found.findings)


@pytest.mark.parametrize(
    ("given", "after"),
    [
        ("preprocess=OFF", 'mode="off"'),
        ("preprocess=args.clean", 'mode="auto" if args.clean else "off"'),
        ("concurrent_iterations=2", "max_concurrent_trials=2"),
        ("exit_score=0.9", "exit_score=0.9"),
    ],
)
def test_settings_of_early_versions(given: str, after: str) -> None:
    assert after in converted(f"OFF = False\nconfig = AutoMLConfig({BASE}, {given})")


def test_features_and_target_become_one_table() -> None:
    found = convert(
        f"""{HEAD}settings = {{"task": "regression", "iterations": 5}}
config = AutoMLConfig(
    X=X_train, y=y_train, X_valid=dev[["a"]], y_valid=dev["b"], sample_weight=w, **settings
)
"""
    )
    assert {"AutoMLConfig"} == {finding.symbol for finding in found.findings if finding.status is Status.REVIEW}
    text = " ".join(found.text.split())
    frame = "pandas.DataFrame(X_train).assign( target=numpy.ravel(y_train), weight=numpy.ravel(w) )"
    assert f'{frame}.to_csv("training_table/rows.csv", index=False)' in text
    assert 'pandas.DataFrame(dev[["a"]]).assign(target=numpy.ravel(dev["b"])).to_csv(' in text
    assert 'training_data=Input(type="mltable", path="training_table")' in text
    assert 'validation_data=Input(type="mltable", path="validation_table")' in text
    assert 'target_column_name="target", weight_column_name="weight"' in text
    assert "import numpy" in text and "import pandas" in text and "import mltable" in text


def test_tables_of_two_searches_are_kept_apart() -> None:
    call = "AutoMLConfig(task='regression', X={}, y=b)"
    found = converted(f"one = {call.format('a')}\ntwo = {call.format('c')}")
    assert 'path="training_table")' in found and 'path="training_table_2")' in found


def test_features_and_target_of_one_dataset_are_that_dataset() -> None:
    found = converted(
        "X = table.drop_columns(columns=['y'])\ny = table.keep_columns(columns=['y'])\n"
        "config = AutoMLConfig(task='classification', X=X, y=y, compute_target='cpu')"
    )
    assert 'training_data=Input(type="mltable", path=table.id)' in found and 'target_column_name="y"' in found


def test_parts_of_different_columns_stay() -> None:
    text = (
        "X = table.drop_columns(columns=['z'])\ny = table.keep_columns(columns=['y'])\n"
        "config = AutoMLConfig(task='classification', X=X, y=y, compute_target='cpu')\n"
    )
    assert "AutoMLConfig(" in convert(f"{HEAD}{text}").text


def test_a_script_that_gives_the_data_is_called() -> None:
    found = converted(
        "folder = 'automl'\nconfig = AutoMLConfig(task='regression', data_script=folder + '/get_data.py', path=folder, "
        "compute_target='cpu')"
    )
    assert 'data = runpy.run_path(folder + "/get_data.py")["get_data"]()' in found
    assert 'pandas.DataFrame(data["X"]).assign(target=numpy.ravel(data["y"])).to_csv(' in found


def test_a_task_that_is_chosen_at_run_time() -> None:
    found = convert(f"{HEAD}config = AutoMLConfig({BASE.replace(repr('classification'), 'args.task')})\n")
    assert "config = getattr(automl, args.task)(" in found.text
    assert any("chosen at run time" in finding.message for finding in found.findings)


def test_the_machine_of_the_client_is_no_compute() -> None:
    found = convert(
        """\
from azureml.core import Dataset, Experiment, Workspace
from azureml.core.compute_target import LocalTarget
from azureml.train.automl import AutoMLConfig

ws = Workspace.from_config()
table = Dataset.get_by_name(ws, "houses")
config = AutoMLConfig(
    task="regression", training_data=table, label_column_name="price", compute_target=LocalTarget(),
    enable_local_managed=True,
)
run = Experiment(ws, "e").submit(config)
"""
    )
    assert "azureml.core" not in found.text and "compute=" not in found.text
    assert any("not on the machine of the client" in finding.message for finding in found.findings)


def test_the_compute_of_a_run_configuration_is_that_of_the_job() -> None:
    head = "from azureml.core.runconfig import RunConfiguration\nrc = RunConfiguration()\nrc.target = 'gpu'\n"
    given = BASE.replace("compute_target='cpu'", "run_configuration=rc")
    assert given != BASE
    text = convert(f"{HEAD}{head}c = AutoMLConfig({given})\n").text
    assert 'compute="gpu"' in text.replace("'", '"')


def test_a_file_that_is_looked_up_for_automl_is_registered_as_a_table() -> None:
    text = convert(
        """\
from azureml.core import Dataset, Workspace
from azureml.train.automl import AutoMLConfig

ws = Workspace.from_config()
Dataset.Tabular.from_delimited_files("https://example.org/a.csv").register(ws, "rows")
rows = ws.datasets.get("rows")
config = AutoMLConfig(task="regression", training_data=rows, label_column_name="y", compute_target="cpu")
"""
    ).text
    assert 'Input(type="mltable", path=rows.id)' in text and "uri_file" not in text


def test_a_dict_of_settings_beside_something_else_in_its_statement_stays() -> None:
    text = converted(f"settings, name = {{'iterations': 5}}, 'a'\njob = AutoMLConfig({BASE}, **settings)\nprint(name)")
    assert 'settings, name = {"iterations": 5}, "a"' in text and "max_trials=5" in text
