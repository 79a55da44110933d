"""The codemod needs the base install only."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_BLOCKED = (
    "azure",
    "azureml",
    "msrest",
    "mlflow",
    "starlette",
    "uvicorn",
    "sqlalchemy",
    "pandas",
    "psutil",
    "trustme",
    "jwt",
)
_PROGRAM = """
import sys
from importlib.abc import MetaPathFinder

class Blocked(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ImportError(f"{name} is not in the base install")

sys.meta_path.insert(0, Blocked())
import importlib, pkgutil
import amlbridge.migrate
for item in pkgutil.walk_packages(amlbridge.migrate.__path__, "amlbridge.migrate."):
    if not item.name.endswith("__main__"):
        importlib.import_module(item.name)
from amlbridge.cli.main import main
sys.argv = ["amlbridge", "migrate", *sys.argv[1:]]
main()
"""


def test_it_runs_without_any_azure_package_and_without_the_service(tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_text("from azureml.core import Workspace\n\nws = Workspace.from_config()\n")
    program = f"BLOCKED = {_BLOCKED!r}\n{_PROGRAM}"
    command = [sys.executable, "-c", program, "--write", str(path), "--report", str(tmp_path / "report.html")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1, done.stderr
    assert "from azure.ai.ml import MLClient" in path.read_text()
    assert "azureml" not in path.read_text()
    assert (tmp_path / "report.html").exists()
