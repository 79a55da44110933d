"""What packages beside the four of SDK v1 have as a whole, by the name of the module that a script imports."""

from __future__ import annotations

_INNER = "an inner part of SDK v1: call the operations of ml_client"
_AUTOML = "a part of AutoML that runs inside of jobs: score and plot with scikit-learn, or read the job's metrics"
_INTERPRET = "explain the model with interpret-community, or the Responsible AI components of v2"
_MANY = "hierarchical and many-models training are parallel components of the registry azureml"
_CACHE = "v2 has no data cache: mount the data (mode ro_mount), which caches by itself"

PACKAGES = {
    "azure.ml.component": (
        "load components with azure.ai.ml.load_component or ml_client.components.get(name, version), and write "
        "pipelines with azure.ai.ml.dsl.pipeline"
    ),
    "azureml._": _INNER,
    "azureml.accel": "models on FPGAs have ended: deploy to a managed online endpoint with GPUs",
    "azureml.automl": _AUTOML,
    "azureml.automl.core.onnx_convert": "convert the best model with skl2onnx or onnxmltools",
    "azureml.automl.runtime.onnx_convert": "convert the best model with skl2onnx or onnxmltools",
    "azureml.contrib": "a preview of SDK v1 that v2 has not; look for the feature in azure.ai.ml",
    "azureml.contrib.automl": _MANY,
    "azureml.contrib.dataset": "read the files with pandas, or with an MLTable file",
    "azureml.contrib.fairness": "measure it with fairlearn, and show it with the Responsible AI components of v2",
    "azureml.contrib.interpret": _INTERPRET,
    "azureml.contrib.explain": _INTERPRET,
    "azureml.contrib.notebook": "run the notebook with papermill in a command component",
    "azureml.contrib.pipeline.steps": "use azure.ai.ml.parallel.parallel_run_function",
    "azureml.contrib.services": "take them from azureml_inference_server_http in the scoring script",
    "azureml.contrib.tensorboard": "run TensorBoard on the downloaded logs, or look at the metrics in MLflow",
    "azureml.contrib.train.rl": "use a command with a Ray distribution (azure.ai.ml.RayDistribution)",
    "azureml.data": "data assets of v2 are files: read and transform them with mltable or pandas",
    "azureml.data.datacache": _CACHE,
    "azureml.data.datastore_client": "use ml_client.datastores",
    "azureml.data.dataset_definition": "data assets of v2 are files: transform them with mltable or pandas",
    "azureml.data.dataset_profile": "v2 makes no profiles: describe the data with pandas",
    "azureml.data.dataset_snapshot": "v2 has no snapshots: register a version of the data asset",
    "azureml.datadrift": "monitor the data with a schedule of v2 (azure.ai.ml.entities.MonitorSchedule)",
    "azureml.dataprep": "read and transform the data with mltable or pandas",
    "azureml.exceptions": "catch azure.core.exceptions (ResourceNotFoundError, HttpResponseError)",
    "azureml.explain": _INTERPRET,
    "azureml.history": "an inner part of SDK v1",
    "azureml.interpret": _INTERPRET,
    "azureml.metrics": "compute them with scikit-learn",
    "azureml.mlmodelmonitoring": "monitor it with a schedule of v2 (azure.ai.ml.entities.MonitorSchedule)",
    "azureml.monitoring": "use azureml-ai-monitoring and DataCollector of the deployment",
    "azureml.opendatasets": "read the public files with pandas or an Input with their URL",
    "azureml.pipeline.steps_internal": "its steps are for users inside of Microsoft: public v2 has no such nodes",
    "azureml.pipeline.wrapper": "write a function with @dsl.pipeline",
    "azureml.services": "an inner part of SDK v1",
    "azureml.studio": "components of the designer are in the registry azureml",
    "azureml.telemetry": "an inner part of SDK v1",
    "azureml.tensorboard": "run TensorBoard on the downloaded logs, or look at the metrics in MLflow",
    "azureml.train.automl.runtime": _AUTOML,
    "azureml.train.automl.runtime._hts": _MANY,
    "azureml.train.automl.runtime._many_models": _MANY,
    "azureml.train.automl.utilities": _AUTOML,
    "azureml.train.restclients": _INNER,
    "azureml.widgets": "follow the job with ml_client.jobs.stream(name), or open studio_url",
}
