"""`ws.get_default_keyvault()` with the real client."""

from __future__ import annotations

import json
import stat

import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow


def test_set_get_list_delete(live: LiveService) -> None:
    done = live.run(
        """
        import json
        from azureml.core import Workspace
        vault = Workspace.from_config().get_default_keyvault()
        vault.set_secret("First", "one")
        vault.set_secrets({"second": "zwei ü", "third": ""})
        vault.set_secret("first", "new")
        got = vault.get_secrets(["first", "second", "nothing"])
        print(json.dumps({
            "one": vault.get_secret("FIRST"), "got": got, "type": vault.get_secret_content_type("second"),
            "names": sorted(item["name"] for item in vault.list_secrets()),
        }))
        vault.delete_secret("second")
        vault.delete_secrets(["third"])
        print(json.dumps([item["name"] for item in vault.list_secrets()]))
        for name, value in (("under_score", "x"), ("a" * 200, "x"), ("big", "x" * 30000)):
            try:
                vault.set_secret(name, value)
            except Exception as error:
                print(type(error).__name__, "(400)" in str(error) or "400" in str(error))
        try:
            vault.get_secret("second")
        except Exception as error:
            print("second" in str(error))
        """
    )
    lines = done.stdout.strip().splitlines()
    assert json.loads(lines[0]) == {
        "one": "new",
        "got": {"first": "new", "second": "zwei ü", "nothing": None},
        "type": "application/NotProvided",
        "names": ["first", "second", "third"],
    }
    assert json.loads(lines[1]) == ["first"]
    assert [line.split()[-1] for line in lines[2:]] == ["True"] * 4, done.stdout


def test_secrets_stay_in_their_workspace_and_in_a_folder_of_their_owner(live: LiveService) -> None:
    with live.client() as client:
        base = f"/credential/v2.0{live.scope('vault')}"
        assert client.put(f"{base}/secrets", json={"name": "a", "value": "hidden-value"}).status_code == 200
        assert client.get(f"{base}/secrets/a").json()["value"] == "hidden-value"
        assert "hidden-value" not in client.get(f"{base}/secrets").text
        assert client.get(f"/credential/v2.0{live.scope('other')}/secrets/a").status_code == 404
        batch = {"secrets": [{"name": "good", "value": "1"}, {"name": "not good", "value": "2"}]}
        assert client.put(f"{base}/secrets:putbatch", json=batch).status_code == 400
        assert client.get(f"{base}/secrets/good").status_code == 404
        for body in ({"name": "a"}, {"name": "a", "value": 1}, {"value": "x"}, []):
            answer = client.put(f"{base}/secrets", json=body)
            assert answer.status_code == 400 and answer.json()["error"]["details"] == []
        assert client.post(f"{base}/secrets:getbatch", json={"secrets": ["a"]}).status_code == 400
        assert client.delete(f"{base}/secrets/nothing").status_code == 404
    assert stat.S_IMODE(live.home.root.stat().st_mode) == 0o700
    assert b"hidden-value" not in live.log.read_bytes()
