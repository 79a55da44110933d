"""The state folder: found where it should be, and never someone else's."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from amlbridge.engine.errors import StateError
from amlbridge.server import home as homes
from amlbridge.server.home import FOLDER, VARIABLE, Home
from amlbridge.server.home_places import place_of


@pytest.fixture(autouse=True)
def _place(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """No AMLBRIDGE_HOME, and a user's folder for state."""
    monkeypatch.delenv(VARIABLE, raising=False)
    place = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("XDG_STATE_HOME", str(place))
    return place / "amlbridge"


def test_outside_of_the_project_of_the_nearest_config_in_any_place(tmp_path: Path, _place: Path) -> None:
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    own = homes.find(deep).root
    assert own.parent == _place
    assert own.name.startswith("c-")
    (tmp_path / "a" / ".azureml").mkdir()
    (tmp_path / "a" / ".azureml" / "config.json").write_text("{}")
    assert homes.find(deep) == homes.find(tmp_path / "a")
    assert homes.find(deep).root.name.startswith("a-")
    assert homes.find_config(deep) == tmp_path / "a" / ".azureml" / "config.json"
    (deep / "config.json").write_text("{}")
    assert homes.find(deep).root == own


def test_made_private_and_with_the_projects_name(tmp_path: Path, _place: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "project")
    home = homes.find(tmp_path / "link")
    home.create()
    assert home.read_project() == tmp_path / "project"
    assert home == homes.find(tmp_path / "project")
    assert [path.stat().st_mode & 0o777 for path in (_place, home.root)] == [0o700, 0o700]


def test_moved_or_copied_project_has_a_state_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "one" / "project").mkdir(parents=True)
    first = homes.find(tmp_path / "one" / "project")
    first.create()
    (tmp_path / "one").rename(tmp_path / "two")
    assert homes.find(tmp_path / "two" / "project").root != first.root


def test_another_projects_state_is_refused(tmp_path: Path) -> None:
    """Should two paths ever have the same digits, or should someone copy a state folder."""
    mine, theirs = homes.find(tmp_path / "mine"), homes.find(tmp_path / "theirs")
    theirs.create()
    theirs.root.rename(mine.root)
    with pytest.raises(StateError, match=r"belongs to the project .*theirs"):
        mine.create()


@pytest.mark.parametrize("name", ["a b", "näme", "new\nline", "x" * 200, "-rf", "\udce9", "$(id)"])
def test_any_name_of_a_project_gives_a_harmless_one(tmp_path: Path, name: str, _place: Path) -> None:
    root = place_of(tmp_path / name)
    assert root.parent == _place
    assert len(os.fsencode(root.name)) < 200
    assert not set(root.name) & set(" \n/$()\udce9")


def test_state_folder_inside_of_a_project_is_used_where_it_was_made(tmp_path: Path) -> None:
    homes.local(tmp_path).create()
    (tmp_path / "sub" / FOLDER).mkdir(parents=True)  # a folder of this name that is not ours
    assert homes.find(tmp_path / "sub").root == tmp_path / FOLDER
    assert homes.find(tmp_path).read_project() == tmp_path


@pytest.mark.parametrize("value", [None, "", "relative"])
def test_without_a_home_the_error_names_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert homes.find(tmp_path).root.is_relative_to(tmp_path / ".local" / "state" / "amlbridge")
    if value is None:
        monkeypatch.delenv("HOME")
    else:
        monkeypatch.setenv("HOME", value)
    with pytest.raises(StateError, match=VARIABLE):
        homes.find(tmp_path)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "named"))
    assert homes.find(tmp_path).root == tmp_path / "named"


def test_a_place_that_cannot_be_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(StateError, match=f"cannot use the state folder .* set {VARIABLE}"):
        homes.find(tmp_path).create()


def test_folder_that_the_user_made_is_closed(tmp_path: Path) -> None:
    home = Home(tmp_path / "open")
    home.root.mkdir(mode=0o755)
    home.create()
    assert home.root.stat().st_mode & 0o777 == 0o700


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
