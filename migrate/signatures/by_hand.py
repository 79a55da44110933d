"""Symbols of packages that are not installed beside the others, kept by hand from their public reference."""

from __future__ import annotations

from typing import Any

#: SDK v1: what scripts import of further packages. Nothing is known of their members.
V1: dict[str, dict[str, Any]] = {
    path: {"is": kind, "takes": ["*args", "**"], "open": True}
    for path, kind in {
        "azureml.contrib.dataset.FileHandlingOption": "class",
        "azureml.contrib.fairness.download_dashboard_by_upload_id": "function",
        "azureml.contrib.fairness.upload_dashboard_dictionary": "function",
        "azureml.contrib.notebook.NotebookRunConfig": "class",
        "azureml.contrib.notebook.NotebookRunnerStep": "class",
        "azureml.contrib.pipeline.steps.ParallelRunConfig": "class",
        "azureml.contrib.pipeline.steps.ParallelRunStep": "class",
        "azureml.contrib.services.aml_request.AMLRequest": "class",
        "azureml.contrib.services.aml_request.rawhttp": "function",
        "azureml.contrib.services.aml_response.AMLResponse": "class",
        "azureml.contrib.train.rl.Ray": "class",
        "azureml.contrib.train.rl.ReinforcementLearningEstimator": "class",
        "azureml.contrib.train.rl.WorkerConfiguration": "class",
        "azureml.interpret.ExplanationClient": "class",
        "azureml.monitoring.ModelDataCollector": "class",
        "azureml.opendatasets.Diabetes": "class",
        "azureml.opendatasets.MNIST": "class",
        "azureml.opendatasets.NoaaIsdWeather": "class",
        "azureml.opendatasets.NycTlcGreen": "class",
        "azureml.opendatasets.NycTlcYellow": "class",
        "azureml.opendatasets.OjSalesSimulated": "class",
        "azureml.opendatasets.PublicHolidays": "class",
        "azureml.tensorboard.Tensorboard": "class",
        "azureml.widgets.RunDetails": "class",
    }.items()
}


def _method(*parameters: str, gives: str = "") -> dict[str, Any]:
    return {"is": "method", "takes": [*parameters], **({"gives": [gives]} if gives else {})}


_VAULT = "azure.keyvault.secrets"
#: azure-keyvault-secrets 4.x, mltable 1.x, and a class of azure-ai-ml that takes any hyperparameter.
V2: dict[str, dict[str, Any]] = {
    "azure.ai.ml.automl.SearchSpace": {"is": "class", "takes": ["**"], "open": True},
    _VAULT: {"is": "module"},
    f"{_VAULT}.SecretClient": {"is": "class", "takes": ["vault_url", "credential", "**"], "open": False},
    f"{_VAULT}.SecretClient.get_secret": _method("name", "version=", "**", gives=f"{_VAULT}.KeyVaultSecret"),
    f"{_VAULT}.SecretClient.set_secret": _method(
        *("name", "value", "*", "enabled=", "tags=", "content_type=", "not_before=", "expires_on=", "**"),
        gives=f"{_VAULT}.KeyVaultSecret",
    ),
    f"{_VAULT}.SecretClient.begin_delete_secret": _method("name", "**"),
    f"{_VAULT}.SecretClient.list_properties_of_secrets": _method("**", gives=f"each:{_VAULT}.SecretProperties"),
    f"{_VAULT}.SecretClient.close": _method(),
    f"{_VAULT}.KeyVaultSecret": {"is": "class", "takes": ["properties", "value"]},
    f"{_VAULT}.KeyVaultSecret.id": {"is": "property"},
    f"{_VAULT}.KeyVaultSecret.name": {"is": "property"},
    f"{_VAULT}.KeyVaultSecret.value": {"is": "property"},
    f"{_VAULT}.KeyVaultSecret.properties": {"is": "property", "gives": [f"{_VAULT}.SecretProperties"]},
    f"{_VAULT}.SecretProperties": {"is": "class", "takes": ["*args", "**"], "open": True},
    "mltable": {"is": "module"},
    "mltable.DataType": {"is": "class", "takes": [], "open": True},
    "mltable.MLTable": {"is": "class", "takes": [], "open": True},
    "mltable.MLTableFileEncoding": {"is": "class", "takes": [], "open": True},
    "mltable.MLTableHeaders": {"is": "class", "takes": [], "open": True},
    **{
        f"mltable.{name}": {"is": "function", "takes": ["*args", "**"], "gives": ["mltable.MLTable"], "open": True}
        for name in (
            *("from_delimited_files", "from_delta_lake", "from_json_lines_files", "from_parquet_files", "from_paths"),
            "load",
        )
    },
}
