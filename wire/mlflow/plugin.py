"""What lets MLflow's client understand ``azureml://…`` tracking URIs where azureml-mlflow is not installed.

MLflow finds it by the entry points of this package. Scripts that name the URI of a workspace in Azure
(``azureml://westeurope.api.azureml.ms/mlflow/v1.0/subscriptions/…``) then track to the workspace of those names here.
Where azureml-mlflow is installed, that is what answers, as in Azure.
"""

from __future__ import annotations

import importlib
import os
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

_REAL = "azureml.mlflow.entry_point_loaders"
#: Set by ``amlbridge env`` and for everything that ``run`` starts; it names the service.
_ADDRESS = "ARM_CLOUD_METADATA_URL"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def tracking_store(store_uri: str, artifact_uri: str | None = None, **_more: Any) -> Any:
    """MLflow's tracking store for an ``azureml://`` URI."""
    real = _real("azureml_store_builder")
    if real is not None:
        return real(store_uri=store_uri, artifact_uri=artifact_uri)
    from mlflow.store.tracking.rest_store import RestStore

    return RestStore(_credentials(store_uri))


def registry_store(store_uri: str, **_more: Any) -> Any:
    """MLflow's model registry store for an ``azureml://`` URI."""
    real = _real("azureml_model_registry_builder")
    if real is not None:
        return real(store_uri=store_uri)
    from mlflow.store.model_registry.rest_store import RestStore

    return RestStore(_credentials(store_uri))


def _real(name: str) -> Any:
    """A loader of azureml-mlflow; None where that is not installed."""
    if find_spec("azureml") is None or find_spec("azureml.mlflow") is None:
        return None
    return getattr(importlib.import_module(_REAL), name)


def _credentials(store_uri: str) -> Any:
    """What makes address and token of each request: the token is MLFLOW_TRACKING_TOKEN."""
    from mlflow.utils.credentials import get_default_host_creds

    address = service_uri(store_uri)
    return lambda: get_default_host_creds(address)


def service_uri(store_uri: str) -> str:
    """The http form of an ``azureml://`` URI, at the local service whatever host it names.

    Raises MlflowException where there is none.
    """
    from mlflow.exceptions import MlflowException

    parts = urlsplit(store_uri)
    if parts.hostname in _LOOPBACK:
        return f"http://{parts.netloc}{parts.path}"
    own = urlsplit(os.environ.get(_ADDRESS, ""))
    if own.hostname not in _LOOPBACK:
        raise MlflowException.invalid_parameter_value(
            f"{store_uri} leads to Azure, for which MLflow needs azureml-mlflow; for the local workspace start the "
            "script with `amlbridge run`"
        )
    return f"http://{own.netloc}{parts.path}"
