"""The state of a project lies outside of it, can be found again, and is never uploaded by the SDK."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from amlbridge.server.home import Home
from amlbridge.server.home_places import place_of
from tests.support.command import Command

pytestmark = pytest.mark.slow


@pytest.fixture
def project(amlbridge: Command) -> Iterator[Command]:
    """The command in a project beside the user's home folder, as in life."""
    found = Command(amlbridge.folder / "project")
    found.folder.mkdir()
    found.environment["HOME"] = str(amlbridge.folder / "user")
    found.home = Home(place_of(found.folder, found.environment))
    yield found
    found("down", code=None)


def _states(command: Command) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = command.json("status", "--all", "--json")
    return found


def test_the_client_uploads_nothing_of_the_state(project: Command) -> None:
    """source_directory="." with a state of more than the 300 MB that the client takes. The service would record
    whatever the client uploads, but for folders of the name .amlbridge, and this is none."""
    project.write(
        "submit.py",
        """
        import zipfile
        from azureml.core import Experiment, ScriptRunConfig, Workspace
        ws = Workspace.from_config()
        run = Experiment(ws, "place").submit(ScriptRunConfig(source_directory=".", script="train.py"))
        run.wait_for_completion(raise_on_error=True)
        print("names", sorted(zipfile.ZipFile(run.restore_snapshot(path="../restored.zip")).namelist()))
        """,
    )
    project.write("train.py", "print('trained')")
    assert project.json("up", "--json")["home"] == str(project.home.root)
    assert project.home.root.is_relative_to(project.folder.parent / "user" / ".local" / "state" / "amlbridge")
    (project.home.blobs / "account" / "container").mkdir(parents=True)
    with (project.home.blobs / "account" / "container" / "large").open("wb") as file:
        file.truncate(400 * 1024**2)
    for _ in range(2):
        assert "names ['config.json', 'submit.py', 'train.py']" in project("run", "submit.py").stdout
    assert sorted(path.name for path in project.folder.iterdir()) == ["config.json", "submit.py", "train.py"]


def test_states_are_listed_and_orphans_told(project: Command) -> None:
    assert _states(project) == []
    assert "no state folder yet" in project("status", "--all").stdout
    project("up")
    (state,) = _states(project)
    assert (state["home"], state["project"]) == (str(project.home.root), str(project.folder))
    assert (state["state"], state["orphaned"]) == ("up", False)
    assert state["size"] > 10_000
    project("down")
    moved = project.folder.with_name("moved")
    project.folder.rename(moved)
    project.folder = moved
    assert "is gone" in project("status", "--all").stdout
    assert project("reset", "--yes").stdout.startswith("there is no state folder")
    orphan = next(item for item in project.json("doctor", "--json")["findings"] if item["check"] == "states")
    assert orphan["state"] == "warning"
    assert orphan["do"].endswith(f"AMLBRIDGE_HOME={project.home.root} amlbridge reset")
    project.environment["AMLBRIDGE_HOME"] = str(project.home.root)
    removed = project("reset", "--yes").stdout
    assert f"removed {project.home.root} (the state of {moved.with_name('project')})" in removed
    assert not project.home.root.exists()


def test_here_keeps_the_state_in_the_project(project: Command) -> None:
    inside = project.folder / ".amlbridge"
    assert project.json("up", "--here", "--json")["home"] == str(inside)
    assert project.json("status", "--json")["home"] == str(inside)
    assert _states(project)[0]["project"] == str(project.folder)
    warned = [item for item in project.json("doctor", "--json")["findings"] if item["check"] == "home"]
    assert any("lies within the project" in item["detail"] for item in warned)
    project("reset", "--yes")
    assert project.json("up", "--json")["home"] == str(project.home.root)
    refused = project("up", "--here", code=2)
    assert f"has a state folder already: {project.home.root}" in refused.stderr
    assert not inside.exists()


@pytest.mark.parametrize("command", [("up",), ("status",), ("reset", "--yes"), ("run", "x.py")])
def test_without_a_home_each_command_names_the_variable(project: Command, command: tuple[str, ...]) -> None:
    del project.environment["HOME"]
    project.write("x.py", "")
    failed = project(*command, code=69)
    assert "set AMLBRIDGE_HOME to a folder" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_doctor_without_a_home(project: Command) -> None:
    del project.environment["HOME"]
    findings = {item["check"]: item for item in project.json("doctor", "--json", code=1)["findings"]}
    assert findings["home"]["do"] == "set AMLBRIDGE_HOME to a folder"
    assert findings["Python"]["state"] == "ok"
