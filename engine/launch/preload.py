"""What the warm interpreters import beforehand. Two lists, because a fork copies the page tables of all of it.

Measured with Python 3.11 on two cores: forking the light one takes 0.3 ms, the heavy one (370 MB) 6 ms. So a script
that imports only the standard library gets the light one, see `scan.py`.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Sequence

#: For every Python step: what small scripts import most, a few milliseconds each in a fresh interpreter.
LIGHT = (
    "argparse", "collections", "concurrent.futures.thread", "contextlib", "copy", "csv", "dataclasses",
    "datetime", "functools", "glob", "hashlib", "inspect", "itertools", "json", "logging", "math", "pathlib",
    "pickle", "random", "re", "shutil", "string", "subprocess", "tempfile", "textwrap", "threading", "traceback",
    "typing", "urllib.parse", "urllib.request", "uuid",
)  # fmt: skip

#: For steps that import more than the standard library, what is imported together: a section comes whole when a step
#: names one of its modules, after those that it needs. A unit is one turn of the loop, so large libraries are preceded
#: by what they need. mlflow must come before azureml.core: its logging configuration shuts existing handlers down, and
#: shutting down azureml's telemetry handler starts five threads. azureml.core imports the native data library (rslex),
#: but nothing here starts its runtime: the only thread is that of pyarrow's jemalloc, which knows about fork. MLflow
#: imports IPython when it starts a run, to see whether it is in a notebook.
_SECTIONS = {
    "tables": ("numpy", "numpy.random", "pytz", "dateutil.parser", "pyarrow", "pandas"),
    "learning": (
        "scipy.sparse", "scipy.linalg", "scipy.special", "scipy.optimize", "scipy.stats", "joblib", "sklearn",
        "sklearn.metrics", "sklearn.linear_model", "sklearn.preprocessing", "sklearn.pipeline", "sklearn.compose",
        "sklearn.impute", "sklearn.model_selection", "sklearn.tree", "sklearn.ensemble", "sklearn.svm",
        "sklearn.neighbors", "sklearn.cluster", "sklearn.decomposition", "sklearn.datasets",
    ),
    "requests": ("requests", "yaml", "cryptography.hazmat.primitives.asymmetric.rsa"),
    "mlflow": (
        "google.protobuf.message", "pydantic", "opentelemetry.sdk.trace", "sqlparse", "jinja2", "IPython",
        "mlflow.entities", "mlflow", "mlflow.sklearn", "mlflow.pyfunc",
    ),
    "v1": (
        "msrest", "adal", "paramiko", "azure.mgmt.resource", "azure.mgmt.storage", "azure.mgmt.containerregistry",
        "azureml._common", "azureml._base_sdk_common", "azureml._restclient", "azureml.core.workspace", "azureml.core",
        "azureml.core.run", "azureml.data", "azureml.data.dataset_factory",
    ),
    "v2": ("jsonschema", "marshmallow", "azure.ai.ml.entities", "azure.ai.ml", "azure.storage.blob"),
    "rslex": ("azureml.dataprep.rslex",),
}  # fmt: skip
_NEEDS = {
    "learning": ("tables",),
    "mlflow": ("tables", "requests"),
    "v1": ("tables", "requests", "mlflow", "rslex"),
    "v2": ("tables", "requests", "mlflow", "v1", "rslex"),
}
HEAVY = (*LIGHT, *itertools.chain.from_iterable(_SECTIONS.values()))


def wanted(units: Sequence[str], names: Iterable[str]) -> list[str]:
    """Which of these units to import, in their order, for a step that names these modules.

    A module of which nothing is known may import any of them. Units in no section are imported for every step.
    """
    chosen: set[str] = set()
    for name in names:
        if (top := name.partition(".")[0]) in sys.stdlib_module_names:
            continue
        found = _sections(name) or _sections(top) or set(_SECTIONS)
        chosen |= found.union(*(_NEEDS.get(section, ()) for section in found))
    later = {unit for section, units in _SECTIONS.items() if section not in chosen for unit in units}
    return [unit for unit in units if unit not in later]


def _sections(name: str) -> set[str]:
    return {section for section, units in _SECTIONS.items() if any(part_of(unit, name) for unit in units)}


def part_of(unit: str, name: str) -> bool:
    """Say whether a module is imported with another one, or from it."""
    return f"{unit}.".startswith(f"{name}.") or f"{name}.".startswith(f"{unit}.")


#: Packages whose own code runs when a step wants something of them, see `deferred.py`: MLflow imports a class of
#: exceptions from a module of Databricks' SDK, which would be a third of all the computing of the imports.
DEFERRED = ("databricks.sdk",)

#: (module, attribute, variable): module-level values that libraries read from the environment when they are imported,
#: and that differ from step to step. They are set again in every step.
REBIND = (
    ("azureml.dataprep.api._loggerfactory", "run_id", "AZUREML_RUN_ID"),
    ("azureml.dataprep.api._loggerfactory", "node_rank", "AZUREML_CR_NODE_RANK"),
)
