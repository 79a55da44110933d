"""Which workspace a command means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from amlbridge.cli.output import Failure
from amlbridge.cli.published_run import body
from amlbridge.cli.service_client import AskedWorkspace, ServiceClient, WorkspaceNames
from amlbridge.server.home import Home
from amlbridge.server.lifecycle import Address

NOTHING = AskedWorkspace(None, None, None)
A, B, OTHER = (WorkspaceNames(*names) for names in (("s", "g", "a"), ("s", "g", "b"), ("t", "h", "a")))


class Client(ServiceClient):
    """A service that has these workspaces."""

    known: tuple[WorkspaceNames, ...] = ()

    def send(self, method: str, path: str, body: Any = None) -> Any:
        assert (method, path, body) == ("GET", "/amlbridge/status", None)
        return {
            "workspaces": [
                {
                    "subscription_id": item.subscription_id,
                    "resource_group": item.resource_group,
                    "name": item.workspace_name,
                }
                for item in self.known
            ]
        }


def client(*known: WorkspaceNames) -> ServiceClient:
    made = type("Known", (Client,), {"known": known})
    found: ServiceClient = made(Home(Path("/nowhere")), Address(1, 2, 3, 4, "5", 6.0), "token")
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def configure(folder: Path, content: Any) -> None:
    (folder / "config.json").write_text(json.dumps(content))


def test_the_configured_one(folder: Path) -> None:
    configure(folder, {"subscription_id": "S", "resource_group": "g", "workspace_name": "B"})
    assert client(A, B).workspace(NOTHING) == B
    with pytest.raises(Failure, match="there is no workspace B"):
        client(A).workspace(NOTHING)
    assert client(A).workspace(NOTHING, new=True).workspace_name == "B"
    assert client(A, B).workspace(AskedWorkspace("A", None, None)) == A
    assert client(A, OTHER).workspace(AskedWorkspace("a", None, None)) == A, "the one beside the project's own"
    assert client(A, OTHER).workspace(AskedWorkspace("a", "h", None)) == OTHER
    assert client(A).workspace(AskedWorkspace("c", None, None), new=True) == WorkspaceNames("S", "g", "c")


def test_without_a_config(folder: Path) -> None:
    assert client(A).workspace(NOTHING) == A
    with pytest.raises(Failure) as caught:
        client(A, B).workspace(NOTHING)
    assert "--workspace" in caught.value.do and "a (g, s), b (g, s)" in caught.value.why
    with pytest.raises(Failure) as caught:
        client().workspace(NOTHING)
    assert "no workspace yet" in caught.value.why
    assert client().workspace(NOTHING, new=True).workspace_name == "local"


@pytest.mark.parametrize("content", [[], {}, {"subscription_id": 1}, {"Scope": "/a"}])
def test_a_config_that_names_none(folder: Path, content: Any) -> None:
    configure(folder, content)
    with pytest.raises(Failure, match="names no workspace"):
        client(A).workspace(NOTHING)


def test_what_a_call_assigns() -> None:
    saved = "5e3f8a52-9f0a-4b0e-8d0f-3d3f9a0c1b2e"
    found = body(
        ("a=b=c", "d="), ("t=sales:2", "u=sales", "v=a:b:latest", f"w={saved}"), ("p=store/x/y", "q=store"), ()
    )
    assert found["ParameterAssignments"] == {"a": "b=c", "d": ""}
    assert found["DataSetDefinitionValueAssignments"] == {
        "t": {"DataSetReference": {"Name": "sales", "Version": "2"}},
        "u": {"DataSetReference": {"Name": "sales"}},
        "v": {"DataSetReference": {"Name": "a:b"}},
        "w": {"SavedDataSetReference": {"Id": saved}},
    }
    assert found["DataPathAssignments"] == {
        "p": {"DataStoreName": "store", "RelativePath": "x/y"},
        "q": {"DataStoreName": "store", "RelativePath": ""},
    }
