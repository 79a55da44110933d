"""Copies of files and folders: what lands where, what stays, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from amlbridge.engine import kinds
from amlbridge.engine.transfer import copy


def transfer(tmp_path: Path, source: Path, destination: Path, **types: str) -> int:
    settings = {"source": str(source), "destination": str(destination), "source_type": None, "destination_type": None}
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({**settings, **types}))
    return copy.main(str(path))


def tree(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("new a")
    (folder / "deep" / "b.txt").write_text("b")
    return folder


def test_a_folder_is_merged_into_what_is_there(tmp_path: Path, source: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "a.txt").write_text("old a, which was longer")
    (there / "kept.txt").write_text("kept")
    assert transfer(tmp_path, source, there) == 0
    assert tree(there) == {"a.txt": "new a", "deep/b.txt": "b", "kept.txt": "kept"}


def test_a_file_as_a_file_and_into_a_folder(tmp_path: Path, source: Path) -> None:
    assert transfer(tmp_path, source / "a.txt", tmp_path / "out" / "x.txt") == 0
    assert transfer(tmp_path, source / "a.txt", tmp_path / "out" / "dir", destination_type="directory") == 0
    assert transfer(tmp_path, source / "a.txt", tmp_path / "out") == 0
    assert tree(tmp_path / "out") == {"x.txt": "new a", "dir/a.txt": "new a", "a.txt": "new a"}


@pytest.mark.parametrize(
    ("place", "destination", "types", "words"),
    [
        ("nothing", "out", {}, "there is nothing at the source 'nothing'"),
        (".", "out", {"source_type": "file"}, "source_reference_type is 'file', but the source is a directory"),
        ("a.txt", "source/deep", {"destination_type": "file"}, "a directory lies at the destination"),
        (".", "out", {"destination_type": "file"}, "a directory cannot be copied to a file"),
        (".", "source/deep", {}, "the destination lies in the source"),
    ],
)
def test_what_cannot_be_copied_says_why(
    tmp_path: Path,
    source: Path,
    place: str,
    destination: str,
    types: dict[str, str],
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = tree(tmp_path / "source")
    assert transfer(tmp_path, source / place, tmp_path / destination, **types) == kinds.SAID_WHY
    assert words in capsys.readouterr().err
    assert tree(tmp_path / "source") == before
    assert not (tmp_path / "out").exists()
