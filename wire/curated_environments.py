"""Microsoft's curated environments, by name.

Their images cannot be had offline, so a curated environment stands for the interpreter behind the client. Its
definition is marked user managed, and lists the packages that its name speaks of without versions.
"""

from __future__ import annotations

import re
from typing import Any

#: Users have environments that are called "automl-…", as Microsoft's own notebooks do.
_PREFIX = re.compile(r"((?i:AzureML)|AutoML)-[\w.-]+")
#: What Environment.list shows of them. Any other AzureML-* or AutoML-* name is served, too.
NAMES = (
    "AzureML-ACPT-pytorch-1.13-py38-cuda11.7-gpu",
    "AzureML-AutoML",
    "AzureML-AutoML-DNN",
    "AzureML-AutoML-GPU",
    "AzureML-lightgbm-3.2-ubuntu18.04-py37-cpu",
    "AzureML-Minimal",
    "AzureML-minimal-ubuntu18.04-py37-cpu-inference",
    "AzureML-PyTorch-1.6-CPU",
    "AzureML-pytorch-1.10-ubuntu18.04-py38-cuda11-gpu",
    "AzureML-responsibleai-0.20-ubuntu20.04-py38-cpu",
    "AzureML-Scikit-learn-0.20.3",
    "AzureML-sklearn-0.24-ubuntu18.04-py37-cpu",
    "AzureML-sklearn-1.0-ubuntu20.04-py38-cpu",
    "AzureML-TensorFlow-2.2-CPU",
    "AzureML-tensorflow-2.7-ubuntu20.04-py38-cuda11-gpu",
    "AzureML-Tutorial",
)
_PACKAGES = {
    "sklearn": ("scikit-learn", "pandas"),
    "scikit-learn": ("scikit-learn", "pandas"),
    "lightgbm": ("lightgbm", "pandas"),
    "xgboost": ("xgboost", "pandas"),
    "pytorch": ("torch",),
    "tensorflow": ("tensorflow",),
    "automl": ("azureml-train-automl-client", "pandas"),
    "responsibleai": ("responsibleai", "pandas"),
    "tutorial": ("scikit-learn", "pandas", "matplotlib"),
    "forecast": ("pandas",),
}


def is_curated(name: str) -> bool:
    """Whether a name is one that Microsoft keeps for itself."""
    return _PREFIX.fullmatch(name) is not None


def definition(name: str, version: str | None = None) -> dict[str, Any]:
    """The definition of a curated environment, as the client reads it."""
    packages = ["azureml-defaults"]
    for word, needed in _PACKAGES.items():
        if word in name.lower():
            packages += [package for package in needed if package not in packages]
    number = version if version is not None and version.lower() != "latest" else "1"
    image = name.partition("-")[2].lower()
    return {
        "name": name,
        "version": number,
        "python": {
            "interpreterPath": "python",
            "userManagedDependencies": True,
            "baseCondaEnvironment": None,
            "condaDependencies": {
                "channels": ["conda-forge"],
                "dependencies": ["python", {"pip": packages}],
                "name": "project_environment",
            },
        },
        "environmentVariables": {"EXAMPLE_ENV_VAR": "EXAMPLE_VALUE"},
        "docker": {
            "baseImage": f"mcr.microsoft.com/azureml/curated/{image}:{number}",
            "platform": {"os": "Linux", "architecture": "amd64"},
            "baseDockerfile": None,
            "baseImageRegistry": {"address": None, "username": None, "password": None, "registryIdentity": None},
            "enabled": False,
            "arguments": [],
        },
        "spark": {"repositories": [], "packages": [], "precachePackages": True},
        "inferencingStackVersion": None,
        "r": None,
    }
