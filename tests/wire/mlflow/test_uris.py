"""The tracking URIs of a workspace: that of `amlbridge env`, that of ARM, and Azure's own."""

from __future__ import annotations

import configparser
import os
from pathlib import Path

import pytest

from tests.support.live import LiveService
from tests.wire.mlflow.support import track

ROOT = Path(__file__).parents[3]
_PLUGINS = ("mlflow.tracking_store", "mlflow.model_registry_store")


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What setup.cfg declares for MLflow, as an installation makes it: this one may be older than setup.cfg."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    place = tmp_path / "declared-0.dist-info"
    place.mkdir()
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: declared\nVersion: 0\n")
    groups = config["options.entry_points"]
    (place / "entry_points.txt").write_text("".join(f"[{name}]\n{groups[name].strip()}\n" for name in _PLUGINS))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]).rstrip(":"))


@pytest.mark.slow
@pytest.mark.usefixtures("plugin")
def test_every_form_leads_to_the_workspace(live: LiveService) -> None:
    shown = track(
        live,
        """
        import os
        from azure.ai.ml import MLClient
        from azure.identity import DefaultAzureCredential
        from azureml.core import Experiment, Workspace
        ws = Workspace.from_config()
        own = os.environ["MLFLOW_TRACKING_URI"]
        arm = MLClient.from_config(DefaultAzureCredential()).workspaces.get("ws").mlflow_tracking_uri
        scope = own[own.index("/subscriptions/"):]
        azure = f"azureml://westeurope.api.azureml.ms/mlflow/v1.0{scope}"
        local = own.replace("http://", "azureml://").replace("/v1.0/", "/v2.0/")
        ids = []
        for uri in (own, arm, azure, local):
            mlflow.set_tracking_uri(uri)
            mlflow.set_experiment("uris")
            with mlflow.start_run() as run:
                mlflow.log_metric("a", 1)
                mlflow.log_text("x", "m/x.txt")
            ids.append(run.info.run_id)
            mlflow.register_model(f"runs:/{run.info.run_id}/m", "of-uris")
        show("arm", arm == own)
        show("v1", sorted(run.id for run in Experiment(ws, "uris").get_runs()) == sorted(ids))
        show("version", ws.models["of-uris"].version)
        del os.environ["ARM_CLOUD_METADATA_URL"]
        mlflow.set_tracking_uri(azure.replace("westeurope", "eastus"))
        show("away", code(lambda: mlflow.get_experiment_by_name("uris")))
        """,
    )
    assert shown == {"arm": True, "v1": True, "version": 4, "away": "INVALID_PARAMETER_VALUE"}


@pytest.mark.slow
def test_a_workspace_keeps_its_own(live: LiveService) -> None:
    script = 'show("found", [e.name for e in client.search_experiments(filter_string="name = \'mine\'")])'
    assert track(live, 'client.create_experiment("mine")\n' + script, workspace="a")["found"] == ["mine"]
    assert track(live, script, workspace="b")["found"] == []
