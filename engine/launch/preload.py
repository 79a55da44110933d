"""What the warm interpreters import beforehand. Two lists, because a fork copies the page tables of all of it.

Measured with Python 3.11 on two cores: forking the light one takes 0.3 ms, the heavy one (370 MB) 6 ms. So a script
that imports only the standard library gets the light one, see `scan.py`.
"""

from __future__ import annotations

#: For every Python step: what small scripts import most, a few milliseconds each in a fresh interpreter.
LIGHT = (
    "argparse", "collections", "concurrent.futures.thread", "contextlib", "copy", "csv", "dataclasses",
    "datetime", "functools", "glob", "hashlib", "inspect", "itertools", "json", "logging", "math", "pathlib",
    "pickle", "random", "re", "shutil", "string", "subprocess", "tempfile", "textwrap", "threading", "traceback",
    "typing", "urllib.parse", "urllib.request", "uuid",
)  # fmt: skip

#: For steps that import more than the standard library. A unit is one turn of the loop, so large libraries are preceded
#: by what they need. mlflow must come before azureml.core: its logging configuration shuts existing handlers down, and
#: shutting down azureml's telemetry handler starts five threads. azureml.core imports the native data library (rslex),
#: but nothing here starts its runtime: the only thread is that of pyarrow's jemalloc, which knows about fork. MLflow
#: imports IPython when it starts a run, to see whether it is in a notebook.
HEAVY = (
    *LIGHT, "numpy", "numpy.random", "pytz", "dateutil.parser", "pyarrow", "pandas", "scipy.sparse", "scipy.linalg",
    "scipy.special", "scipy.optimize", "scipy.stats", "joblib", "sklearn", "sklearn.metrics", "sklearn.linear_model",
    "sklearn.preprocessing", "sklearn.pipeline", "sklearn.compose", "sklearn.impute", "sklearn.model_selection",
    "sklearn.tree", "sklearn.ensemble", "sklearn.svm", "sklearn.neighbors", "sklearn.cluster", "sklearn.decomposition",
    "sklearn.datasets", "requests", "yaml", "cryptography.hazmat.primitives.asymmetric.rsa", "google.protobuf.message",
    "pydantic", "opentelemetry.sdk.trace", "sqlparse", "jinja2", "IPython", "mlflow.entities", "mlflow",
    "mlflow.sklearn", "mlflow.pyfunc", "msrest", "adal", "paramiko", "azure.mgmt.resource", "azure.mgmt.storage",
    "azure.mgmt.containerregistry", "azureml._common", "azureml._base_sdk_common", "azureml._restclient",
    "azureml.core.workspace", "azureml.core", "azureml.core.run", "azureml.data", "azureml.data.dataset_factory",
    "jsonschema", "marshmallow", "azure.ai.ml.entities", "azure.ai.ml", "azure.storage.blob", "azureml.dataprep.rslex",
)  # fmt: skip

#: Packages whose own code runs when a step wants something of them, see `deferred.py`: MLflow imports a class of
#: exceptions from a module of Databricks' SDK, which would be a third of all the computing of the imports.
DEFERRED = ("databricks.sdk",)

#: (module, attribute, variable): module-level values that libraries read from the environment when they are imported,
#: and that differ from step to step. They are set again in every step.
REBIND = (
    ("azureml.dataprep.api._loggerfactory", "run_id", "AZUREML_RUN_ID"),
    ("azureml.dataprep.api._loggerfactory", "node_rank", "AZUREML_CR_NODE_RANK"),
)
