"""`env` beside a config.json: MLFLOW_TRACKING_URI names the workspace, and MLflow needs nothing else."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.command import Command

pytestmark = pytest.mark.slow


def test_mlflow_tracks_to_the_workspace_of_the_config(shared: Command) -> None:
    assert "MLFLOW_TRACKING_URI" not in shared.json("env", "--json")
    names = {"subscription_id": "s", "resource_group": "g", "workspace_name": "w"}
    config = shared.write("config.json", json.dumps(names))
    try:
        printed = shared.json("env", "--json")
    finally:
        config.unlink()
    uri = printed["MLFLOW_TRACKING_URI"]
    scope = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
    assert uri.endswith(f"/mlflow/v1.0{scope}")
    script = "import mlflow; mlflow.set_experiment('from env'); print(len(mlflow.search_experiments()))"
    own = {name: value for name, value in printed.items() if name.startswith("MLFLOW_")}
    env = {**shared.environment, **own, "NO_PROXY": "127.0.0.1"}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "1", done.stderr
