"""Azure's management clients, which scripts use beside the SDKs, and addresses that only REST callers send."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def live(module_live: LiveService) -> LiveService:
    """Lists all resource groups."""
    return module_live


def test_groups_subscriptions_deployments_and_keys(live: LiveService) -> None:
    done = live.run(
        """
        import os
        from urllib.parse import parse_qs, urlsplit
        from azure.ai.ml import MLClient
        from azure.identity import DefaultAzureCredential
        from azure.mgmt.resource import ResourceManagementClient, SubscriptionClient
        from azure.mgmt.storage import StorageManagementClient
        from azureml.core import Workspace
        ws = Workspace.from_config()
        other = Workspace(ws.subscription_id, "second-group", "other")
        made = Workspace.create("made", subscription_id=ws.subscription_id, resource_group="third", location="eastus")
        credential = DefaultAzureCredential()
        arm = parse_qs(urlsplit(os.environ["ARM_CLOUD_METADATA_URL"]).query)["rm"][0].rstrip("/")
        options = {"base_url": arm, "credential_scopes": ["https://management.azure.com/.default"]}
        resources = ResourceManagementClient(credential, ws.subscription_id, **options)
        print("groups", sorted(group.name for group in resources.resource_groups.list()))
        print("exists", resources.resource_groups.check_existence("rg"))
        print("created", resources.resource_groups.create_or_update("new", {"location": "westeurope"}).name)
        print("nested", list(resources.deployments.list_at_subscription_scope()))
        name = "by-template"
        template = {"resources": [{"type": "Microsoft.MachineLearningServices/workspaces", "name": "templated"}]}
        properties = {"mode": "Incremental", "template": template}
        resources.deployments.begin_create_or_update("rg", name, {"properties": properties}).result()
        print("deployed", resources.deployments.get("rg", name).properties.provisioning_state)
        subscriptions = SubscriptionClient(credential, **options)
        print("subscription", subscriptions.subscriptions.get(ws.subscription_id).state)
        print("tenants", [tenant.tenant_id for tenant in subscriptions.tenants.list()])
        storage = StorageManagementClient(credential, ws.subscription_id, **options)
        account = ws.get_details()["storageAccount"].rpartition("/")[2]
        keys = [key.value for key in storage.storage_accounts.list_keys("rg", account).keys]
        print("keys", keys == [ws.list_keys()["userStorageKey"]] * 2)
        client = MLClient(credential, ws.subscription_id, "rg", "ws")
        print("all", sorted(item.name for item in client.workspaces.list(scope="subscription")))
        print("here", sorted(item.name for item in client.workspaces.list()))
        """
    )
    lines = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    assert lines["groups"] == "['rg', 'second-group', 'third']"
    assert (lines["exists"], lines["created"], lines["nested"]) == ("True", "new", "[]")
    assert (lines["deployed"], lines["subscription"]) == ("Succeeded", "Enabled")
    assert lines["tenants"] == "['11111111-1111-1111-1111-111111111111']"
    assert lines["keys"] == "True"
    assert lines["all"] == "['made', 'other', 'templated', 'ws']"
    assert lines["here"] == "['templated', 'ws']"


def test_a_workspace_is_put_over_rest(live: LiveService) -> None:
    scope = live.scope("put")
    with live.client() as client:
        made = client.put(scope, json={"location": "West Europe", "properties": {"friendlyName": "Put"}})
        assert made.status_code == 200
        assert client.get(scope).json()["properties"]["friendlyName"] == "Put"
        assert client.put(scope, json={"properties": {"friendlyName": 5}}).status_code == 400
        assert client.get(scope).json() == made.json()


def test_an_experiments_page_by_its_name(live: LiveService) -> None:
    with live.client() as client:
        runs = f"/history/v1.0{live.scope()}/experiments/by name/runs"
        assert client.patch(f"{runs}/r1", json={"runId": "r1"}).status_code == 200
        properties = client.get(live.scope()).json()["properties"]
        page = client.get(properties["discoveryUrl"]).json()["studio"]
        client.headers.pop("Authorization")
        found = client.get(f"{page}/experiments/by name")
        assert found.status_code == 200 and "Experiment by name" in found.text
        assert client.get(f"{page}/experiments/none").status_code == 404
        assert client.get(f"{page[:-1]}x/experiments/by name").status_code in (401, 403, 404)


def test_an_artifact_is_registered_over_rest(live: LiveService) -> None:
    base = f"/artifact/v2.0{live.scope()}/artifacts"
    body = {"origin": "LocalUpload", "container": "c", "path": "a/b.txt"}
    with live.client() as client:
        assert client.post(f"{base}/register", json=body).status_code == 404, "its file is not there"
        client.post(f"{base}/content/LocalUpload/c/a/b.txt", content=b"there")
        made = client.post(f"{base}/register", json=body)
        assert made.status_code == 200 and made.json()["artifactId"] == "LocalUpload/c/a/b.txt"
        assert client.get(f"{base}/metadata/LocalUpload/c/a/b.txt").json()["path"] == "a/b.txt"
        assert client.post(f"{base}/register", json={"origin": "LocalUpload"}).status_code == 400


def test_one_metric_of_the_first_service_is_logged_over_rest(live: LiveService) -> None:
    run = f"/history/v1.0{live.scope()}/experiments/first/runs/logged"
    with live.client() as client:
        assert client.patch(run, json={"runId": "logged"}).status_code == 200
        schema = {"numProperties": 1, "properties": [{"propertyId": "loss", "name": "loss", "type": "float"}]}
        body = {"metricType": "azureml.v1.scalar", "name": "loss", "cells": [{"loss": 0.5}], "schema": schema}
        answer = client.post(f"{run}/metrics", json=body)
        assert answer.status_code == 200, answer.text
        found = client.post(f"/metric/v2.0{live.scope()}/runs/logged/full", json={"metricName": "loss"}).json()
        assert [item["data"] for item in found["value"]] == [{"loss": 0.5}]
        assert client.post(f"{run}/metrics", json={"name": 5}).status_code == 400


def test_a_run_gets_a_new_token(live: LiveService) -> None:
    """What the v1 client does in a step before its token ends."""
    done = live.run(
        """
        from azureml.core import Experiment, Workspace
        run = Experiment(Workspace.from_config(), "tokens").start_logging(snapshot_directory=None)
        print(len(run._client.run.get_token().token.split(".")))
        """
    )
    assert done.stdout.splitlines()[-1] == "3"
