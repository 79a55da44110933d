"""The packages of an environment: what SDK v2 needs where SDK v1 needed its own."""

from __future__ import annotations

import pytest

from amlbridge.migrate.requirements import converted


@pytest.mark.parametrize(
    "package", ["azureml-sdk[automl]", "azureml-sdk[notebooks,automl]==1.20", "azureml-train-automl"]
)
def test_models_of_automl_are_loaded_with_its_runtime(package: str) -> None:
    assert "azureml-train-automl-runtime" in converted([package, "pandas"])


@pytest.mark.parametrize("package", ["azureml-sdk", "azureml-sdk[notebooks]", "azureml-train-automl-client"])
def test_others_need_no_runtime_of_automl(package: str) -> None:
    assert "azureml-train-automl-runtime" not in converted([package, "pandas"])


def test_what_is_there_already_is_there_once() -> None:
    found = converted(["azureml-sdk[automl]", "azureml-train-automl-runtime==1.50", "azureml-core"], tracking=False)
    assert found == ["azure-ai-ml", "azure-identity", "azureml-train-automl-runtime"]
