"""MLflow in a process that only writes models."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

#: The second time MLflow wants more of the SDK than the stand-in has.
SCRIPT = """
import sys
from amlbridge.engine.automl import mlflow_import

mlflow_import._NEEDED = sys.argv[1]
found = mlflow_import.mlflow_sklearn()
assert callable(found.save_model)
print("databricks" in sys.modules)
from databricks.sdk.errors.platform import NotFound
import mlflow.pyfunc
assert NotFound.__module__.startswith("databricks.")
"""


@pytest.mark.parametrize(("needed", "there"), [("NotFound", "False"), ("Another", "True")])
def test_the_sdk_is_imported_only_when_it_must(needed: str, there: str) -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT, needed], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [there]
