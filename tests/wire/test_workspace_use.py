"""What scripts do with a workspace once they have it, with the real client."""

from __future__ import annotations

import pytest

from tests.support.live import SUBSCRIPTION, LiveService

pytestmark = pytest.mark.slow


def test_config_default_datastore_tags_and_collections(live: LiveService) -> None:
    done = live.run(
        """
        import json, os
        from azureml.core import Datastore, Experiment, Workspace
        ws = Workspace.from_config()
        os.mkdir("elsewhere")
        ws.write_config(path="elsewhere", file_name="mine.json")
        print(json.load(open("elsewhere/.azureml/mine.json"))["Scope"])
        print(Workspace.from_config(path="elsewhere/.azureml/mine.json")._workspace_id == ws._workspace_id)
        print(ws.get_default_datastore().name)
        store = Datastore.register_azure_blob_container(ws, "other", "files", "account", account_key="a2V5")
        store.set_as_default()
        print(Workspace.from_config().get_default_datastore().name)
        ws.set_default_datastore("workspaceblobstore")
        print(Workspace.from_config().get_default_datastore().name)
        try:
            ws.set_default_datastore("nowhere")
        except Exception as error:
            print("nowhere" in str(error))
        ws.update(tags={"team": "x"})
        print(Workspace.from_config().tags, Workspace.from_config().get_details()["tags"])
        Experiment(ws, "tried")
        print(sorted(ws.datastores), list(ws.compute_targets), list(ws.datasets), list(ws.models))
        print(ws.subscription_id, ws.resource_group, ws.location, bool(ws.discovery_url), ws.sku)
        """
    )
    lines = done.stdout.strip().splitlines()
    assert lines[0] == live.scope()
    assert lines[1:6] == ["True", "workspaceblobstore", "other", "workspaceblobstore", "True"]
    assert lines[6] == "{'team': 'x'} {'team': 'x'}"
    assert "other" in lines[7] and "workspacefilestore" in lines[7] and lines[7].endswith("] [] [] []")
    assert lines[8] == f"{SUBSCRIPTION} {live.group} local True Basic"
