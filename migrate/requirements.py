"""Which packages SDK v2 needs where SDK v1 needed azureml-*."""

from __future__ import annotations

import re
from collections.abc import Collection

#: Packages below azureml-* that belong to SDK v2, or that it uses as well.
_STAY = frozenset(
    {"azureml-mlflow", "azureml-fsspec", "azureml-metrics", "azureml-evaluate-mlflow", "azureml-inference-server-http"}
    | {"azureml-ai-monitoring"}
    # Models that AutoML has trained are loaded with them.
    | {"azureml-automl-runtime", "azureml-train-automl-runtime", "azureml-training-tabular"}
    | {"azureml-automl-dnn-nlp", "azureml-automl-dnn-vision"}
)
#: v1 package -> what does its work in v2. What is not here needs nothing.
_INSTEAD = {
    "azureml-sdk": ("azure-ai-ml", "azure-identity"),
    "azureml-core": ("azure-ai-ml", "azure-identity"),
    "azureml-defaults": ("azureml-inference-server-http",),
    "azureml-contrib-services": ("azureml-inference-server-http",),
    "azureml-dataset-runtime": ("mltable",),
    "azureml-dataprep": ("mltable",),
    "azureml-train-automl": ("azureml-train-automl-runtime",),
    "azureml-interpret": ("interpret-community",),
    "azureml-contrib-interpret": ("interpret-community",),
    "azureml-explain-model": ("interpret-community",),
    "azureml-contrib-fairness": ("fairlearn",),
    "azureml-monitoring": ("azureml-ai-monitoring",),
    "azureml-model-management-sdk": ("inference-schema",),
    "azureml-pipeline": ("azure-ai-ml", "azure-identity"),
    "azureml-pipeline-core": ("azure-ai-ml", "azure-identity"),
    "azureml-pipeline-steps": ("azure-ai-ml", "azure-identity"),
}
#: What every environment of a run needs to log to its run.
TRACKING = ("mlflow", "azureml-mlflow")
_AUTOML = re.compile(r"\[[^\]]*\bautoml\b")
_NAME = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


def package_of(requirement: str) -> str:
    """The normalized name of the package that a requirement line names, or "" when it names none."""
    found = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", found[1]).lower() if found else ""


def converted(requirements: list[str], *, tracking: bool = True, kept: Collection[str] = ()) -> list[str]:
    """Requirement lines for SDK v2: what is not of SDK v1 keeps its place and text. ``tracking``: with what a run
    script needs to log. ``kept``: packages of SDK v1 that something still needs."""
    result: list[str] = []
    names: set[str] = set()
    for requirement in requirements:
        name = package_of(requirement)
        new = (requirement,)
        if name.startswith("azureml-") and name not in _STAY and name not in kept:
            new = _INSTEAD.get(name, ())  # type: ignore[assignment]
            if name == "azureml-sdk" and _AUTOML.search(requirement):
                new += _INSTEAD["azureml-train-automl"]  # type: ignore[assignment]
        for line in new:
            if package_of(line) not in names or not package_of(line):
                names.add(package_of(line))
                result.append(line)
    if tracking:
        result += [line for line in TRACKING if line not in names]
    return result
