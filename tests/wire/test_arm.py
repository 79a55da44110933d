"""The real v1 client finds its workspace, whatever it is called."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow


def test_workspace_by_config_constructor_and_get(live: LiveService) -> None:
    done = live.run(
        f"""
        from azureml.core import Workspace
        a = Workspace.from_config()
        b = Workspace("99999999-8888-7777-6666-555555555555", "other", "elsewhere")
        c = Workspace.get(name="ws", subscription_id=a.subscription_id, resource_group="{live.group}")
        print(a.name, a.resource_group, a.location, b.subscription_id, b._workspace_id != a._workspace_id,
              c._workspace_id == a._workspace_id)
        """
    )
    expected = f"ws {live.group} local 99999999-8888-7777-6666-555555555555 True True"
    assert done.stdout.strip().splitlines()[-1] == expected


def test_no_token_is_refused(live: LiveService) -> None:
    with live.client() as client:
        assert client.get(live.scope()).status_code == 200
        client.headers.pop("Authorization")
        answer = client.get(live.scope())
        assert answer.status_code == 401
        assert answer.json()["error"]["details"] == []
        assert client.post("/msi/wrong/token", data={"resource": "x"}).status_code == 401


def test_unknown_route_is_named(live: LiveService) -> None:
    with live.client() as client:
        answer = client.get("/nowhere/v1.0/things")
    assert answer.status_code == 501
    assert "GET /nowhere/v1.0/things" in answer.json()["error"]["message"]


def test_an_empty_name_is_told(live: LiveService) -> None:
    """Of two slashes the SDK makes one, and of a workspace without a name the list of all."""
    done = live.run(
        """
        from azureml.core import Workspace
        for group, name in (("rg", ""), ("", "ws")):
            try:
                print(Workspace("22222222-2222-2222-2222-222222222222", group, name))
            except Exception as error:
                print("ERROR", str(error).replace("\\n", " "))
        """
    )
    said = [line for line in done.stdout.splitlines() if line.startswith("ERROR")]
    assert "because the name of the workspace is empty: look where" in said[0] and '"status_code": 400' in said[0]
    assert "because the name of the resource group is empty: look where" in said[1] and '"status_code": 400' in said[1]
    scope = live.scope().rpartition("/ws")[0]
    with live.client() as client:
        assert client.get(scope).status_code == 200
        for path in (f"{scope}/", f"/history/v1.0{scope}//experiments/e/runs/r", f"/rp/workspaces{scope}//computes"):
            answer = client.get(path)
            assert answer.status_code == 400 and "is empty" in answer.json()["error"]["message"]
