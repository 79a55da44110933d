"""Workspaces with the real client: create, list, update, keys, delete."""

from __future__ import annotations

import json

import pytest

from tests.support.live import GROUP, SUBSCRIPTION, LiveService

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def live(module_live: LiveService) -> LiveService:
    """Lists and deletes resource groups."""
    return module_live


def test_create_list_update_and_delete(live: LiveService) -> None:
    done = live.run(
        f"""
        import json
        from azureml.core import Workspace, Experiment
        s = "{SUBSCRIPTION}"
        options = dict(subscription_id=s, resource_group="new-group", create_resource_group=True,
                       location="West Europe", tags={{"team": "x"}}, friendly_name="Mine")
        ws = Workspace.create(name="fresh", show_output=True, **options)
        print("made", ws.name, ws.location, ws.tags["team"])
        try:
            Workspace.create(name="fresh", **options)
        except Exception as error:
            print("already exists" in str(error))
        print(Workspace.create(name="fresh", exist_ok=True, **options)._workspace_id == ws._workspace_id)
        Workspace(s, "new-group", "second")
        Workspace(s, "old-group", "fresh")
        print(sorted((name, sorted(w.resource_group for w in items)) for name, items in Workspace.list(s).items()))
        print(sorted(Workspace.list(s, resource_group="new-group")))
        print(Workspace.get(name="second", subscription_id=s, resource_group="new-group").resource_group)
        ws.update(friendly_name="Renamed", description="What it is", tags={{"team": "y"}}, image_build_compute="cpu")
        details = ws.get_details()
        keys = ("name", "location", "type", "tags", "friendlyName", "description", "sku", "imageBuildCompute")
        print(json.dumps({{key: details[key] for key in keys}}))
        print(sorted(ws.list_keys()), len(ws.list_keys()["userStorageKey"]) > 60)
        ws.sync_keys()
        print(sorted(ws.diagnose_workspace({{"value": {{}}}}))[:1])
        before = ws._workspace_id
        ws.delete(delete_dependent_resources=True)
        print(sorted(Workspace.list(s, resource_group="new-group")))
        print(Workspace(s, "new-group", "fresh")._workspace_id != before)
        """
    )
    lines = done.stdout.strip().splitlines()
    assert "Deployed Workspace with name fresh. Took 0.0 seconds." in lines
    rest = lines[next(i for i, line in enumerate(lines) if line.startswith("made")) :]
    assert rest[0] == "made fresh westeurope x"
    assert rest[1:3] == ["True", "True"]
    # The workspace of config.json counts only once it is used, which this script does not.
    assert rest[3] == "[('fresh', ['new-group', 'old-group']), ('second', ['new-group'])]"
    assert rest[4] == "['fresh', 'second']"
    assert rest[5] == "new-group"
    assert json.loads(rest[6]) == {
        "name": "fresh",
        "location": "westeurope",
        "type": "Microsoft.MachineLearningServices/workspaces",
        "tags": {"team": "y"},
        "friendlyName": "Renamed",
        "description": "What it is",
        "sku": "Basic",
        "imageBuildCompute": "cpu",
    }
    assert rest[7].endswith("True") and "userStorageKey" in rest[7]
    assert rest[-2:] == ["['second']", "True"]


def test_deleting_takes_everything_of_this_workspace_and_nothing_else(live: LiveService) -> None:
    with live.client() as client:
        for workspace in ("kept", "deleted"):
            secret = {"name": "a", "value": workspace}
            assert client.put(f"/credential/v2.0{live.scope(workspace)}/secrets", json=secret).status_code == 200
        account = client.get(live.scope("deleted")).json()["properties"]["storageAccount"].rpartition("/")[2]
        (live.home.blobs / account / "azureml").mkdir(parents=True)
        assert client.delete(live.scope("deleted")).status_code == 200
        assert not (live.home.blobs / account).exists()
        assert client.get(f"/credential/v2.0{live.scope('deleted')}/secrets").json()["value"] == []
        assert client.get(f"/credential/v2.0{live.scope('kept')}/secrets/a").json()["value"] == "kept"
        gone = live.scope("never-used")
        assert client.delete(gone).status_code == 204
        assert client.patch(gone, json={"tags": {}}).status_code == 404


def test_a_workspace_with_active_runs_is_not_deleted(live: LiveService) -> None:
    with live.client() as client:
        runs = f"/history/v1.0{live.scope('busy')}/experiments/e/runs"
        assert client.patch(f"{runs}/r1", json={"runId": "r1", "status": "Running"}).status_code == 200
        answer = client.delete(live.scope("busy"))
        assert answer.status_code == 409 and "r1" in answer.json()["error"]["message"]
        assert client.get(f"{runs}/r1").status_code == 200


def test_bad_requests_and_refusals(live: LiveService) -> None:
    scope = live.scope("strict")
    subscription = f"/subscriptions/{SUBSCRIPTION}"
    deployment = f"{subscription}/resourcegroups/{GROUP}/providers/Microsoft.Resources/deployments/d"
    with live.client() as client:
        before = client.get(scope).json()
        for body in (
            {"tags": {"a": 1}},
            {"tags": []},
            {"properties": {"friendlyName": 1}},
            {"properties": {"hbiWorkspace": "perhaps"}},
            {"location": 5},
            [],
        ):
            answer = client.patch(scope, json=body)
            assert answer.status_code == 400 and answer.json()["error"]["details"] == [], body
        assert client.get(scope).json() == before
        assert client.get(f"{subscription}/resources", params={"$filter": "tagName eq 'x'"}).status_code == 400
        found = client.get(f"{subscription}/resources", params={"$filter": "resourceType eq 'Microsoft.Compute/disks'"})
        assert found.json()["value"] == []
        for template in ({}, {"resources": [{"type": "Microsoft.Storage/storageAccounts"}]}, {"resources": ["x"]}):
            answer = client.put(deployment, json={"properties": {"template": template}})
            assert answer.status_code == 400, template
        assert client.get(deployment).status_code == 404
        answer = client.put(f"{scope}/linkedServices/x", json={})
        assert answer.status_code == 400 and answer.json()["error"]["message"], answer.text
        for method, path in (
            ("DELETE", f"{subscription}/resourceGroups/{GROUP}"),
            ("PUT", f"{scope}/privateEndpointConnections/x"),
        ):
            answer = client.request(method, path, json={})
            assert answer.status_code == 501 and len(answer.json()["error"]["message"]) > 40


def test_a_look_at_the_resource_group_hides_no_workspace_that_exists(live: LiveService) -> None:
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
    with live.client() as client:
        assert client.get(live.scope("used")).status_code == 200
        assert client.get(group).json()["name"] == GROUP
        assert client.get(live.scope("used")).status_code == 200
        client.get(group)
        # A workspace that Workspace.create is about to make is not there; asked for once more, it is made.
        assert client.get(live.scope("unused")).status_code == 404
        assert client.get(live.scope("unused")).status_code == 200
