"""The state folder: found where it should be, and never someone else's."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from amlbridge.engine.errors import StateError
from amlbridge.server import home as homes
from amlbridge.server.home import FOLDER, VARIABLE, Home


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


def test_beside_the_nearest_config_of_any_place(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    assert homes.find(deep).root == deep / FOLDER
    (tmp_path / "a" / ".azureml").mkdir()
    (tmp_path / "a" / ".azureml" / "config.json").write_text("{}")
    assert homes.find(deep).root == tmp_path / "a" / FOLDER
    assert homes.find_config(deep) == tmp_path / "a" / ".azureml" / "config.json"
    (deep / "config.json").write_text("{}")
    assert homes.find(deep).root == deep / FOLDER


def test_state_folder_above_is_found_without_a_config(tmp_path: Path) -> None:
    Home(tmp_path / FOLDER).create()
    (tmp_path / "sub" / FOLDER).mkdir(parents=True)  # a folder of this name that is not ours
    assert homes.find(tmp_path / "sub").root == tmp_path / FOLDER


def test_variable_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "elsewhere"))
    (tmp_path / "config.json").write_text("{}")
    assert homes.find(tmp_path).root == tmp_path / "elsewhere"


def test_created_closed_and_marked(tmp_path: Path) -> None:
    home = Home(tmp_path / "deep" / FOLDER)
    home.create()
    home.create()
    assert home.root.stat().st_mode & 0o077 == 0
    assert home.is_ours()
    assert (home.root / ".gitignore").read_text() == "*\n"


def test_created_by_many_at_once_with_one_id(tmp_path: Path) -> None:
    home = Home(tmp_path / FOLDER)
    errors: list[BaseException] = []
    seen: set[str] = set()

    def create() -> None:
        try:
            home.create()
            seen.add(home.marker.read_text())
        except BaseException as error:  # noqa: BLE001  # shown by the assertion below
            errors.append(error)

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(seen) == 1


def test_someone_elses_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(StateError, match="not a state folder of amlbridge"):
        Home(tmp_path).create()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_another_users_folder_is_refused(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12345)
    with pytest.raises(StateError, match="belongs to another user"):
        Home(tmp_path).create()


def test_newer_layout_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path / FOLDER)
    home.create()
    home.marker.write_text('{"kind": "amlbridge state folder", "layout": 2}')
    with pytest.raises(StateError, match="use the newer amlbridge"):
        home.create()


@pytest.mark.parametrize("content", ["", "[1]", "{", "null", "\x00"])
def test_damaged_address_counts_as_none(tmp_path: Path, content: str) -> None:
    home = Home(tmp_path)
    home.address.write_text(content)
    assert home.read_address() is None
