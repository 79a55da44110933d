"""AutoML: configurations, runs, constants and errors."""

from __future__ import annotations

_ERROR = "AutoML's checks are the service's: catch azure.core.exceptions.HttpResponseError, and read the job's status"
_CONFIG = (
    "the settings are keywords of automl.classification, regression and forecasting, or of set_limits and set_training"
)
_IMAGES = "call automl.image_classification, image_object_detection or image_instance_segmentation"
_FEATURES = "settings of the features are those of set_featurization of the AutoML job"
_FORECAST = "settings of a forecast are those of set_forecast_settings of the AutoML job"
_CONSTANT = "write the text: SDK v2 takes texts, and enumerations of azure.ai.ml.automl"
_HTS = "hierarchical and many-models training are parallel components of the registry azureml"

WAYS_OUT = {
    "AutoMLADBRun": "AutoML does not run on Databricks: submit an automl job to a cluster",
    "AutoMLConfig": _CONFIG,
    "AutoMLImageConfig": _IMAGES,
    "AutoMLPipelineScenario": _CONSTANT,
    "AutoMLRun": "read it of the job (ml_client.jobs.get(name)) and of its trials (mlflow.search_runs)",
    "ComputeTargets": "name the compute, or serverless resources",
    "Environments": _CONSTANT,
    "ExperimentObserver": "follow the job with ml_client.jobs.stream(name)",
    "FeaturizationConfig": _FEATURES,
    "ForecastingParameters": _FORECAST,
    "Framework": _CONSTANT,
    "HTSConstants": _HTS,
    "HTSSupportedInputType": _HTS,
    "InferenceTypes": _CONSTANT,
    "ModelProxy": "download the best model with the client and use it here",
    "ReinforcementLearningEstimator": "use a command with a Ray distribution (azure.ai.ml.RayDistribution)",
    "Scenarios": _CONSTANT,
    "SupportedInputDatatypes": "data of AutoML is an Input of type mltable",
    "SupportedModels": _CONSTANT,
    "Tasks": _CONSTANT,
    "TimeSeries": _CONSTANT,
    "get_sdk_dependencies": "jobs of AutoML run in an environment of the service",
}

#: Errors of AutoML.
_ERRORS = (
    "ApiInvocationException",
    "AuthorizationException",
    "AutoMLExperimentException",
    "BadArgumentException",
    "CacheException",
    "ClientException",
    "ConfigException",
    "DataException",
    "DataPrepValidationException",
    "DataScriptException",
    "DataValidationException",
    "DataprepException",
    "DatasetServiceException",
    "EarlyTerminationException",
    "FeatureUnavailableException",
    "FeaturizationException",
    "FetchNextIterationException",
    "FileNotFoundException",
    "ForecastingDataException",
    "InvalidRunState",
    "MalformedValueException",
    "MetricCalculationException",
    "MissingValueException",
    "ModelExplanationException",
    "ModelFitException",
    "NotFoundException",
    "OnnxConvertException",
    "OnnxException",
    "PostTrainingException",
    "PreTrainingException",
    "ProblemInfoException",
    "ServiceException",
    "SystemException",
    "TrainingException",
    "UnhashableEntryException",
    "ValidationException",
)
WAYS_OUT |= dict.fromkeys(_ERRORS, _ERROR)
