"""AutoMLConfig's settings as the client sends them become the engine's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.engine.automl.settings import AutoMLSettings
from amlbridge.v1 import automl_request, automl_settings
from amlbridge.wire.errors import ServiceError

#: What the client says when the user has said nothing.
USUAL: dict[str, Any] = {
    "task_type": "classification",
    "primary_metric": "AUC_weighted",
    "label_column_name": "Survived",
    "is_timeseries": False,
    "iterations": 2,
    "iteration_timeout_minutes": 10,
    "experiment_timeout_minutes": 15,
    "experiment_exit_score": None,
    "n_cross_validations": None,
    "validation_size": 0.0,
    "test_size": 0.0,
    "max_cores_per_iteration": 1,
    "max_concurrent_iterations": 1,
    "whitelist_models": None,
    "blacklist_algos": None,
    "featurization": "auto",
    "preprocess": True,
    "enable_ensembling": False,
    "enable_stack_ensembling": False,
    "ensemble_iterations": None,
    "enable_early_stopping": True,
    "enable_dnn": False,
    "enable_tf": False,
    "enable_onnx_compatible_models": False,
    "enable_subsampling": False,
    "model_explainability": True,
    "mem_in_mb": None,
    "spark_service": None,
    "track_child_runs": True,
    "weight_column_name": None,
    "cv_split_column_names": None,
}


def read(**changes: Any) -> AutoMLSettings:
    return automl_settings.settings({**USUAL, **changes})


def test_the_settings_of_microsofts_article() -> None:
    found = read()
    assert (found.task, found.target_column, found.primary_metric) == ("classification", "Survived", "AUC_weighted")
    assert (found.max_trials, found.trial_timeout_minutes, found.timeout_minutes) == (2, 10, 15)
    assert (found.enable_voting_ensemble, found.enable_stack_ensemble) == (False, False)
    assert (found.validation_size, found.test_size, found.n_cross_validations) == (None, None, None)
    assert found.notes == ()


def test_what_a_user_can_choose_is_honoured() -> None:
    found = read(
        n_cross_validations=5,
        max_concurrent_iterations=3,
        max_cores_per_iteration=-1,
        experiment_exit_score=0.9,
        enable_early_stopping=False,
        whitelist_models=["LightGBM", "KNN"],
        blacklist_algos=["SVM"],
        weight_column_name="w",
        cv_split_column_names=["fold"],
        enable_ensembling=True,
        enable_stack_ensembling=True,
        ensemble_iterations=7,
        stack_meta_learner_type="LightGBMClassifier",
        stack_meta_learner_kwargs={"n_estimators": 3},
        random_state=3,
        test_size=0.2,
    )
    assert (found.n_cross_validations, found.max_concurrent_trials, found.max_cores_per_trial) == (5, 3, None)
    assert (found.exit_score, found.enable_early_termination, found.seed, found.test_size) == (0.9, False, 3, 0.2)
    assert (found.allowed_models, found.blocked_models) == (("LightGBM", "KNN"), ("SVM",))
    assert (found.weight_column, found.cv_split_columns) == ("w", ("fold",))
    assert (found.ensemble.iterations, found.ensemble.meta_learner) == (7, "LightGBMClassifier")
    assert found.ensemble.meta_learner_params == {"n_estimators": 3}


def test_a_featurization_config_is_read_by_its_attributes() -> None:
    found = read(
        featurization={
            "_blocked_transformers": ["LabelEncoder"],
            "_column_purposes": {"Age": "Numeric"},
            "_transformer_params": {"Imputer": [[["Age"], {"strategy": "median"}]]},
            "_dataset_language": None,
            "_drop_columns": ["Name"],
            "_prediction_transform_type": None,
        }
    ).featurization
    assert (found.mode, found.blocked_transformers, found.drop_columns) == ("custom", ("LabelEncoder",), ("Name",))
    assert found.column_purposes == {"Age": "Numeric"}
    assert found.transformer_params == {"Imputer": ((("Age",), {"strategy": "median"}),)}


def test_preprocess_of_old_clients_says_whether_there_is_featurization() -> None:
    content = {name: value for name, value in USUAL.items() if name != "featurization"}
    found = [automl_settings.settings({**content, "preprocess": value}) for value in (True, False)]
    assert [made.featurization.mode for made in found] == ["auto", "off"]
    assert all("preprocess is old: pass featurization, 'auto' or 'off'" in made.notes for made in found)
    assert not [note for note in read().notes if "preprocess" in note]


def test_forecasting_by_its_old_names() -> None:
    found = read(
        task_type="regression",
        is_timeseries=True,
        primary_metric="r2_score",
        time_column_name="day",
        grain_column_names="store",
        max_horizon=4,
        lags={"_automl_target_col": [1, 2]},
        window_size=3,
        freq="D",
        country_or_region="US",
        short_series_handling=False,
        target_aggregation_function="sum",
        drop_column_names=["note"],
        use_stl="season",
    )
    assert (found.task, found.drop_columns) == ("forecasting", ("note",))
    made = found.forecasting
    assert made is not None
    assert (made.time_column, made.time_series_ids, made.horizon, made.target_lags) == ("day", ("store",), 4, (1, 2))
    assert (made.rolling_window, made.frequency, made.country_or_region) == (3, "D", "US")
    assert (made.short_series_handling, made.aggregation, made.use_stl) == ("none", "sum", "season")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("enable_dnn", True, "no neural networks are tried"),
        ("enable_onnx_compatible_models", True, "ONNX"),
        ("enable_subsampling", True, "all rows"),
        ("positive_label", "yes", "positive_label"),
        ("mem_in_mb", 4000, "memory"),
        ("spark_service", "adb", "on this machine"),
    ],
)
def test_what_is_not_honoured_is_listed(name: str, value: Any, said: str) -> None:
    (note,) = read(**{name: value}).notes
    assert said in note


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"task_type": "image-classification"}, "the task 'image-classification' cannot run on this machine"),
        ({"data_script": "get_data.py"}, "pass a dataset as training_data"),
        ({"label_column_name": None}, "target column"),
        ({"n_cross_validations": 1}, "n_cross_validations is 1: it must be at least 2"),
        ({"validation_size": 2.0}, "validation_size is 2.0"),
        ({"featurization": "some"}, "featurization.mode is 'some'"),
    ],
)
def test_what_cannot_run_is_refused_with_what_to_change(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ServiceError) as caught:
        read(**changes)
    assert caught.value.status == 400
    assert said in caught.value.message


_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 3), st.floats(allow_nan=False), st.text(max_size=4), st.just("auto"),
    st.lists(st.text(max_size=3), max_size=2), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(sorted({*USUAL, "lags", "time_column_name", "max_horizon"})), _VALUES))
def test_any_setting_is_read_or_refused_with_a_sentence(changes: dict[str, Any]) -> None:
    try:
        found = read(**changes)
    except ServiceError as error:
        assert (error.status, bool(error.message)) == (400, True)
    else:
        assert AutoMLSettings.from_json(json.loads(json.dumps(found.to_json()))) == found


# -- what holds the settings -------------------------------------------------------------------------------------------


def test_data_of_the_client_have_their_quotes_escaped_once_more() -> None:
    text = json.dumps({"training_data": {"datasetId": "d1"}, "datasets": 0})
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    for data in (text, escaped):
        body = {"amlSettingsJsonString": json.dumps(USUAL), "dataPrepJsonString": data}
        assert automl_request.read(body).data == {"training_data": {"datasetId": "d1"}}


def test_x_and_y_are_tables_of_their_own() -> None:
    data = json.dumps({"X": '{"blocks": []}', "y": '{"blocks": []}', "sample_weight": "{}", "activities": 0})
    escaped = data.replace("\\", "\\\\").replace('"', '\\"')
    content = {**USUAL, "label_column_name": None}
    body = {"amlSettingsJsonString": json.dumps(content), "dataPrepJsonString": escaped}
    found = automl_request.read(body)
    assert found.data == {"X": '{"blocks": []}', "y": '{"blocks": []}', "sample_weight": "{}"}
    assert (found.settings.target_column, found.settings.weight_column) == ("y", "sample_weight")
    assert any("X and y are old" in note for note in found.settings.notes)


def test_a_step_of_an_old_client_has_a_parameter_for_each_setting() -> None:
    parameters = {name: str(value) for name, value in USUAL.items()} | {"blacklist_algos": "KNN,SVM", "Script": "None"}
    found = automl_request.read_flat(parameters, frozenset({"training_data"})).settings
    assert found == read(blacklist_algos=["KNN", "SVM"])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"amlSettingsJsonString": "{"},
        {"amlSettingsJsonString": "[]"},
        {"amlSettingsJsonString": json.dumps(USUAL), "dataPrepJsonString": "{{"},
        {"amlSettingsJsonString": json.dumps(USUAL), "dataPrepJsonString": '{"X": "{}"}'},
        {"amlSettingsJsonString": json.dumps(USUAL), "dataPrepJsonString": '{"cv_splits_indices": "{}"}'},
    ],
)
def test_malformed_requests_are_400(body: dict[str, Any]) -> None:
    with pytest.raises(ServiceError) as caught:
        automl_request.read(body)
    assert caught.value.status == 400
