"""AutoML jobs and nodes of SDK v2 become the engine's settings, the same from both."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.engine.automl.settings import AutoMLSettings
from amlbridge.v2.jobs import automl
from amlbridge.v2.jobs.reading import Section
from amlbridge.wire.errors import ServiceError

JOB: dict[str, Any] = {
    "taskType": "Classification",
    "targetColumnName": "y",
    "primaryMetric": "AUCWeighted",
    "weightColumnName": "w",
    "cvSplitColumnNames": ["c"],
    "nCrossValidations": {"value": 5, "mode": "Custom"},
    "validationDataSize": 0.2,
    "testDataSize": 0.1,
    "featurizationSettings": {
        "mode": "custom",
        "blockedTransformers": ["LabelEncoder"],
        "columnNameAndTypes": {"a": "Categorical"},
        "transformerParams": {"Imputer": [{"fields": ["a"], "parameters": {"strategy": "median"}}]},
    },
    "limitSettings": {
        "maxTrials": 5,
        "maxConcurrentTrials": 4,
        "maxCoresPerTrial": 1,
        "timeout": "PT10H",
        "trialTimeout": "PT20M",
        "exitScore": 0.9,
        "enableEarlyTermination": True,
    },
    "trainingSettings": {
        "blockedTrainingAlgorithms": ["LogisticRegression"],
        "enableStackEnsemble": False,
        "enableVoteEnsemble": True,
        "enableModelExplainability": True,
        "stackEnsembleSettings": {"stackMetaLearnerType": "LightGBMClassifier"},
    },
}
NODE: dict[str, Any] = {
    "type": "automl",
    "task": "classification",
    "target_column_name": "y",
    "primary_metric": "auc_weighted",
    "weight_column_name": "w",
    "cv_split_column_names": "['c']",
    "n_cross_validations": 5,
    "validation_data_size": 0.2,
    "test_data_size": 0.1,
    "featurization": {
        "mode": "custom",
        "blocked_transformers": ["label_encoder"],
        "column_name_and_types": {"a": "categorical"},
        "transformer_params": {"imputer": [{"fields": ["a"], "parameters": {"strategy": "median"}}]},
    },
    "limits": {
        "max_trials": 5,
        "max_concurrent_trials": 4,
        "max_cores_per_trial": 1,
        "timeout_minutes": 600,
        "trial_timeout_minutes": 20,
        "exit_score": 0.9,
        "enable_early_termination": True,
    },
    "training": {
        "blocked_training_algorithms": ["logistic_regression"],
        "enable_stack_ensemble": False,
        "enable_vote_ensemble": True,
        "enable_model_explainability": True,
        "stack_ensemble_settings": {"stack_meta_learner_type": "LightGBMClassifier"},
    },
}


def read(content: dict[str, Any]) -> AutoMLSettings:
    return automl.settings(Section(content, "jobs.train"))


def test_a_job_and_a_node_that_say_the_same_are_the_same() -> None:
    found = read(JOB)
    assert found == read(NODE)
    assert (found.primary_metric, found.timeout_minutes, found.trial_timeout_minutes) == ("AUC_weighted", 600, 20)
    assert (found.n_cross_validations, found.validation_size, found.test_size) == (5, 0.2, 0.1)
    assert (found.blocked_models, found.ensemble.meta_learner) == (("LogisticRegression",), "LightGBMClassifier")
    assert found.featurization.transformer_params == {"Imputer": ((("a",), {"strategy": "median"}),)}
    assert (found.enable_voting_ensemble, found.enable_stack_ensemble, found.notes) == (True, False, ())


def test_what_a_job_leaves_out_is_as_azures_service_has_it() -> None:
    found = read({"taskType": "Regression", "targetColumnName": "y"})
    assert (found.max_trials, found.timeout_minutes, found.trial_timeout_minutes) == (1000, 360, 30)
    assert (found.enable_voting_ensemble, found.enable_stack_ensemble) == (True, True)


def test_ensembles_are_those_of_sdk_v1() -> None:
    """azureml-train-automl-client: none where fewer than two trials are left beside them; no stack of forecasters."""

    def made(trials: int, **more: Any) -> tuple[bool, bool, int]:
        job = {"taskType": "Regression", "targetColumnName": "y", "limitSettings": {"maxTrials": trials}, **more}
        found = read(job)
        return found.enable_voting_ensemble, found.enable_stack_ensemble, found.ensemble.iterations

    assert made(3) == (False, False, 15)
    assert made(4) == (True, True, 4)
    assert made(3, trainingSettings={"enableStackEnsemble": False}) == (True, False, 3)
    forecast = {"taskType": "Forecasting", "forecastingSettings": {"timeColumnName": "t"}}
    assert made(20, **forecast) == (True, False, 15)
    assert made(20, **forecast, trainingSettings={"enableStackEnsemble": True}) == (True, True, 15)


def test_forecasting_of_a_job_and_of_a_node() -> None:
    job = {
        "timeColumnName": "t",
        "forecastHorizon": {"value": 4, "mode": "Custom"},
        "timeSeriesIdColumnNames": ["b"],
        "targetLags": {"values": [1, 2], "mode": "Custom"},
        "targetRollingWindowSize": {"mode": "Auto"},
        "seasonality": {"mode": "Auto"},
        "frequency": "D",
        "featureLags": "auto",
        "useStl": "SeasonTrend",
        "shortSeriesHandlingConfig": "Pad",
        "targetAggregateFunction": "None",
        "cvStepSize": 2,
        "countryOrRegionForHolidays": "US",
    }
    node = {
        "time_column_name": "t",
        "forecast_horizon": 4,
        "time_series_id_column_names": "['b']",
        "target_lags": [1, 2],
        "target_rolling_window_size": "auto",
        "seasonality": "auto",
        "frequency": "D",
        "feature_lags": "auto",
        "use_stl": "season_trend",
        "short_series_handling_config": "pad",
        "cv_step_size": 2,
        "country_or_region_for_holidays": "US",
    }
    of_job = read({"taskType": "Forecasting", "targetColumnName": "y", "forecastingSettings": job})
    assert of_job == read({"task": "forecasting", "target_column_name": "y", "forecasting": node})
    made = of_job.forecasting
    assert made is not None
    assert (made.horizon, made.time_series_ids, made.target_lags, made.rolling_window) == (4, ("b",), (1, 2), "auto")
    assert (made.use_stl, made.short_series_handling, made.aggregation) == ("season_trend", "pad", None)


def test_what_is_not_honoured_is_listed() -> None:
    training = {"enableDnnTraining": True, "enableOnnxCompatibleModels": True, "trainingMode": "Distributed"}
    notes = read({**JOB, "trainingSettings": training}).notes
    assert [word for word in ("neural", "ONNX", "training_mode") if any(word in note for note in notes)] == [
        "neural",
        "ONNX",
        "training_mode",
    ]


@pytest.mark.parametrize("task", ["ImageClassification", "TextNER", "image_object_detection"])
def test_tasks_of_images_and_texts_are_refused_with_the_way_out(task: str) -> None:
    with pytest.raises(ServiceError) as caught:
        read({**JOB, "taskType": task})
    assert caught.value.code == "JobTypeNotSupported"
    assert "run a training script in a command" in caught.value.message


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"targetColumnName": ""}, "target column"),
        ({"limitSettings": {"maxTrials": "many"}}, "limits.max_trials: must be a whole number"),
        ({"limitSettings": {"timeout": "soon"}}, "'soon' is no duration"),
        ({"nCrossValidations": {"mode": "Custom", "value": 1}}, "n_cross_validations is 1"),
        ({"taskType": "Forecasting"}, "time_column_name: is missing"),
        ({"cvSplitColumnNames": 3}, "must be a list of names"),
    ],
)
def test_wrong_values_name_the_field(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ServiceError) as caught:
        read({**JOB, **changes})
    assert caught.value.status == 400
    assert said in caught.value.message


_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 3), st.floats(allow_nan=False), st.text(max_size=4), st.just("auto"),
    st.lists(st.text(max_size=3), max_size=2), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip


@given(st.sampled_from([JOB, NODE]), st.data())
def test_any_field_is_read_or_refused_with_a_sentence(whole: dict[str, Any], data: st.DataObject) -> None:
    changes = data.draw(st.dictionaries(st.sampled_from(sorted(whole)), _VALUES))
    try:
        found = read({**whole, **changes})
    except ServiceError as error:
        assert (error.status, bool(error.message)) == (400, True)
    else:
        assert AutoMLSettings.from_json(json.loads(json.dumps(found.to_json()))) == found
