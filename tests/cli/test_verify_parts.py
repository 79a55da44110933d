"""The parts of `amlbridge verify` that need no service."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from amlbridge.cli.compare_sides import State
from amlbridge.cli.output import Failure
from amlbridge.cli.verify_copy import Project, copy_state
from amlbridge.cli.verify_scripts import Script, chosen, entries
from amlbridge.cli.verify_sides import last_words, migrate
from amlbridge.server.home import Home
from amlbridge.server.url_map import UrlMap
from amlbridge.v1.data_versions import ASSETS
from amlbridge.v1.dataset_assets import datasets
from amlbridge.v2.assets.data import V1_DATASETS, v1_view

_SUBMITS = "from azureml.core import Experiment\nExperiment(ws, 'e').submit(config)\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "project"
    files = {
        "call.py": _SUBMITS,
        "publish.py": _SUBMITS.replace("submit(", "publish("),
        "src/train.py": "from azureml.core import Run\nrun = Run.get_context()\n",
        "other.py": "pool.submit(1)\n",
        "notes.ipynb": '{"cells": [{"source": "import azureml; exp.submit(1)"}]}',
        ".git/config": "",
        ".venv/lib/x.py": _SUBMITS,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_of_a_folder_those_that_publish_come_first(root: Path) -> None:
    assert [path.name for path in entries(root)] == ["publish.py", "call.py", "notes.ipynb"]


def test_copies_that_are_kept_in_the_project_are_not_copied(root: Path) -> None:
    project = Project.of(root / "call.py", root)
    (root / "deep" / "kept").mkdir(parents=True)
    for side in ("v2", "v1"):
        project.copy(root / "deep" / "kept" / side)
        assert sorted(path.name for path in (root / "deep" / "kept" / side).iterdir()) == [
            "call.py",
            "deep",
            "notes.ipynb",
            "other.py",
            "publish.py",
            "src",
        ]
        assert not list((root / "deep" / "kept" / side / "deep").iterdir())


def test_sockets_and_pipes_of_running_processes_are_not_copied(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(root / "src" / "pipe")
    monkeypatch.chdir(root)  # the path of a socket is limited
    with socket.socket(socket.AF_UNIX) as open_socket:
        open_socket.bind("docker.sock")
        Project.of(root / "call.py", root).copy(root.parent / "copy")
    copied = {path.name for path in (root.parent / "copy").rglob("*")}
    assert "call.py" in copied and not copied & {"docker.sock", "pipe"}


def test_what_is_run(root: Path) -> None:
    first = chosen(root, Path("call.py"), ["--week", "45"], ["publish.py --release '1 0'"])
    assert first == [Script(Path("publish.py"), ("--release", "1 0")), Script(Path("call.py"), ("--week", "45"))]
    assert str(first[0]) == "publish.py --release '1 0'"
    assert chosen(root, Path(), [], ["call.py"]) == [Script(Path("call.py"))]
    with pytest.raises(Failure, match=r"there is no gone.py"):
        chosen(root, Path("call.py"), [], ["gone.py"])
    (root / "call it.py").write_text(_SUBMITS)
    assert chosen(root, Path(), [], ["call it.py"]) == [Script(Path("call it.py"))]


def test_a_project_is_copied_without_what_is_not_its_own(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root.parent / "config.json").write_text("{}")
    monkeypatch.chdir(root / "src")
    project = Project.of(root / "call.py", root)
    assert (project.script, project.current) == (Path("call.py"), Path("src"))
    project.copy(tmp_path / "copy")
    assert (tmp_path / "copy" / "src" / "train.py").exists()
    assert (tmp_path / "copy" / "config.json").read_text() == "{}", "the SDK would find it above"
    assert not (tmp_path / "copy" / ".git").exists() and not (tmp_path / "copy" / ".venv").exists()
    # Without --project: a script beside the current folder is copied with its own folder, and run in it.
    beside = Project.of(root / "call.py", None)
    assert (beside.root, beside.current) == (root, Path("src"))


def test_a_large_project_has_to_be_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    with (root / "data.bin").open("wb") as file:
        file.truncate(3 * 1024**3)
    with pytest.raises(Failure, match=r"has 3\.0 GB"):
        Project.of(Path("call.py"), None)
    assert Project.of(Path("call.py"), root).root == root


def test_why_a_script_has_ended() -> None:
    lines = [
        "working",
        "Traceback (most recent call last):",
        '  File "a.py", line 1, in <module>',
        "azureml.core.ComputeTargetException: no such cluster",
        "\tMessage: no such cluster",
        "amlbridge: stopped",
        "step  status",
    ]
    assert last_words(lines) == "azureml.core.ComputeTargetException: no such cluster"
    assert last_words(["usage: a.py", "a.py: error: --x is missing", "", "amlbridge: a service"]) == (
        "a.py: error: --x is missing"
    )
    assert last_words([]) == "it printed nothing"
    lines[3:5] = ["x.JobException: Exception : ", " {", '    "error": {', '        "message": "it ended with \\"1\\"",']
    assert last_words(lines) == "x.JobException: Exception : it ended with"
    lines[4:7] = ["\tMessage: no such cluster", "{"]
    assert last_words(lines) == "x.JobException: Exception : Message: no such cluster"


def test_why_a_notebook_has_ended() -> None:
    lines = [
        "Traceback (most recent call last):",
        "nbclient.exceptions.CellExecutionError: An error occurred while executing the following cell:",
        "------------------",
        "run = runs[0]",
        "------------------",
        "\x1b[0;31mIndexError\x1b[0m: list index out of range",
        "step  status",
    ]
    assert last_words(lines) == "IndexError: list index out of range"
    lines[5:6] = [
        "\x1b[0;31mComputeTargetException\x1b[0m: ComputeTargetException:",
        "\tMessage: none",
        "\tErrorResponse",
    ]
    assert last_words(lines) == "ComputeTargetException: ComputeTargetException: Message: none"
    lines[5:8] = [
        "\x1b[0;31mMlException\x1b[0m: ",
        "\x1b[37m",
        "1) Resource was not found.",
        "\x1b[39m(x) Asset a:1 is not there.",
    ]
    assert last_words(lines) == "MlException: (x) Asset a:1 is not there."
    stopped = "stopped the connection to a.blob.core.windows.net: it is a real Azure host"
    assert last_words([*lines, f"amlbridge: {stopped}"]) == stopped


def test_urls_are_mapped_in_the_copies_before_a_service_has_run(tmp_path: Path) -> None:
    mine, copy = Home(tmp_path / "mine", tmp_path), Home(tmp_path / "copy", tmp_path)
    mine.create()
    UrlMap(mine.url_map).add("https://a.example.org/t.csv", tmp_path)
    copy_state(mine, copy)
    assert UrlMap(copy.url_map).urls() == UrlMap(mine.url_map).urls() != {}


def test_files_of_datastores_are_in_the_copies_before_a_service_has_run(tmp_path: Path) -> None:
    mine, copy = Home(tmp_path / "mine", tmp_path), Home(tmp_path / "copy", tmp_path)
    table = mine.blobs / "shop" / "orders" / "may" / "orders.csv"
    table.parent.mkdir(parents=True)
    table.write_text("a,b\n1,2\n")
    copy_state(mine, copy)
    assert (copy.blobs / "shop" / "orders" / "may" / "orders.csv").read_text() == "a,b\n1,2\n"


def test_a_state_that_is_read_without_its_service_has_the_assets_of_both_sdks(tmp_path: Path) -> None:
    home = Home(tmp_path / "mine", tmp_path)
    home.create()
    parts = State(home).service.parts
    assert parts[V1_DATASETS] is datasets and parts[ASSETS] is v1_view


def test_what_the_migration_leaves_is_listed(tmp_path: Path) -> None:
    kept = "ws = Workspace.from_config()  # amlbridge: ignore\n"
    (tmp_path / "a.py").write_text(f"from azureml.core import Run, Workspace\n{kept}Run.get_context().log('a', 1)\n")
    (tmp_path / "b.py").write_bytes(b"from azureml.core import Run\nx = (\n")
    changed, notes = migrate(tmp_path, tmp_path)
    assert changed >= 1
    assert {note.place.partition(",")[0] for note in notes} == {"a.py", "b.py"}
    assert {"manual", "ignored"} <= {note.status for note in notes}
    assert len(notes) == len(set(notes))
