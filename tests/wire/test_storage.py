"""Which folder stands behind a datastore."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.engine.errors import InvalidNameError
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.server.assembly import build_service
from amlbridge.server.home import Home
from amlbridge.wire import storage
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return build_service(Home(tmp_path / "home"))


@pytest.fixture
def workspace(service: Service) -> Workspace:
    return service.records.workspaces.ensure("s", "rg", "ws")


def test_roots_and_paths(service: Service, workspace: Workspace) -> None:
    root = storage.resolve(service, workspace, storage.DEFAULT, "")
    assert root.is_dir() and root.parent.name == workspace.storage_account
    for path in (".", "/", "./", "//"):
        assert storage.resolve(service, workspace, "WorkspaceBlobStore", path) == root
    for path in ("a/b", "/a/b", "a/b/", "./a//b"):
        assert storage.resolve(service, workspace, storage.DEFAULT, path) == root / "a/b"
    for path in ("..", "a/../../b", "a\\b", "a\0b"):
        with pytest.raises(InvalidNameError):
            storage.resolve(service, workspace, storage.DEFAULT, path)


@given(st.text())
def test_a_normal_path_is_stable_and_relative(path: str) -> None:
    once = storage.normal(path)
    assert storage.normal(once) == once
    assert not once.startswith("/") and "//" not in once


def test_share_and_container_of_one_name_are_apart(service: Service, workspace: Workspace) -> None:
    section = {"accountName": "a", "containerName": "same"}
    places = set()
    for name, kind in (("blob", storage.BLOB), ("share", storage.FILE), ("other", storage.BLOB)):
        store = storage.register(service, workspace, name, kind, section, {})
        places.add(storage.folder(service, store))
    assert len(places) == 2


def test_workspaces_do_not_share_datastores(service: Service, workspace: Workspace) -> None:
    storage.register(service, workspace, "mine", storage.BLOB, {"accountName": "a", "containerName": "c"}, {})
    other = service.records.workspaces.ensure("s", "rg", "other")
    with pytest.raises(ServiceError) as caught:
        storage.datastore(service, other, "mine")
    assert (caught.value.status, caught.value.message) == (404, "Could not find datastore: mine")
    one, two = (storage.resolve(service, item, storage.DEFAULT, "x") for item in (workspace, other))
    assert one != two


def test_a_database_has_no_folder(service: Service, workspace: Workspace) -> None:
    storage.register(service, workspace, "sql", "AzureSqlDatabase", {"serverName": "s", "databaseName": "d"}, {})
    with pytest.raises(ServiceError, match="export the data to files"):
        storage.resolve(service, workspace, "sql", "x")


def test_registrations_survive_a_restart(service: Service, workspace: Workspace, tmp_path: Path) -> None:
    storage.register(service, workspace, "mine", storage.BLOB, {"accountName": "a", "containerName": "c"}, {"k": "v"})
    storage.set_default(service, workspace, "mine")
    again = build_service(Home(tmp_path / "home"))
    found = storage.default_datastore(again, again.records.workspaces.ensure("s", "rg", "ws"))
    assert (found.name, found.account, found.container, found.tags) == ("mine", "a", "c", {"k": "v"})
