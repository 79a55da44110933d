"""Results on disk: whole or not at all, and never where git could not give the old ones back."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from amlbridge.migrate.findings import FileReport, FileStatus
from amlbridge.migrate.write import WriteError, uncommitted, write_all


def report(path: Path, after: bytes, created: dict[Path, bytes] | None = None) -> FileReport:
    return FileReport(path, FileStatus.MIGRATED, (), path.read_bytes(), after, created or {})


def git(folder: Path, *arguments: str) -> None:
    settings = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", "-C", str(folder), *settings, *arguments], check=True, capture_output=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "train.py"
    path.write_bytes(b"old\n")
    return path


def test_content_changes_and_mode_stays(file: Path) -> None:
    file.chmod(0o751)
    created = file.parent / "sub" / "train.yml"
    assert write_all([report(file, b"new\n", {created: b"yaml\n"})], [file.parent]) == [created, file]
    assert (file.read_bytes(), created.read_bytes()) == (b"new\n", b"yaml\n")
    assert file.stat().st_mode & 0o777 == 0o751
    assert {path.name for path in file.parent.iterdir()} == {"sub", "train.py"}


def test_a_link_stays_a_link(file: Path) -> None:
    link = file.parent / "link.py"
    link.symlink_to(file)
    write_all([report(link, b"new\n")], [file.parent])
    assert link.is_symlink() and file.read_bytes() == b"new\n"


def test_nothing_is_written_when_a_file_has_changed_meanwhile(file: Path) -> None:
    other = file.parent / "a.py"
    other.write_bytes(b"a\n")
    reports = [report(other, b"b\n"), report(file, b"new\n")]
    file.write_bytes(b"edited\n")
    with pytest.raises(WriteError, match="was changed while"):
        write_all(reports, [file.parent])
    assert other.read_bytes() == b"a\n"


def test_a_created_file_replaces_no_other(file: Path) -> None:
    there = file.parent / "train.yml"
    there.write_bytes(b"mine\n")
    made = [report(file, b"new\n", {there: b"ours\n"})]
    with pytest.raises(WriteError, match="is there already"):
        write_all(made, [file.parent])
    assert (file.read_bytes(), there.read_bytes()) == (b"old\n", b"mine\n")
    write_all(made, [file.parent], overwrite=True)
    assert there.read_bytes() == b"ours\n"


@pytest.mark.parametrize("name", ["../outside.yml", "link/outside.yml"])
def test_no_file_is_created_outside_of_the_folders_given(tmp_path: Path, name: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    file = root / "train.py"
    file.write_bytes(b"old\n")
    with pytest.raises(WriteError, match="outside"):
        write_all([report(file, b"new\n", {root / name: b"x"})], [root])
    assert not (tmp_path / "outside.yml").exists()


def test_two_files_do_not_create_one_with_different_contents(file: Path) -> None:
    other = file.parent / "a.py"
    other.write_bytes(b"a\n")
    target = file.parent / "c.yml"
    with pytest.raises(WriteError, match="two files"):
        write_all([report(file, b"n", {target: b"1"}), report(other, b"n", {target: b"2"})], [file.parent])


def test_git_is_clean(file: Path) -> None:
    git(file.parent, "init", "-q")
    git(file.parent, "add", "train.py")
    git(file.parent, "commit", "-qm", "x")
    (file.parent / "notes.txt").write_text("not known to git, and not written")
    assert uncommitted([file]) == []


@pytest.mark.parametrize("change", ["edited", "staged", "unknown", "another"])
def test_git_has_changes(file: Path, change: str) -> None:
    other = file.parent / "a b.py"
    other.write_text("x")
    git(file.parent, "init", "-q")
    git(file.parent, "add", *([other.name] if change == "unknown" else [other.name, "train.py"]))
    git(file.parent, "commit", "-qm", "x")
    if change in ("edited", "staged"):
        file.write_text("edited")
    if change == "staged":
        git(file.parent, "add", "train.py")
    if change == "another":
        other.write_text("edited")
    (line,) = uncommitted([file])
    assert line.endswith(other.name if change == "another" else "train.py")


def test_where_git_does_not_answer_nothing_is_taken_for_clean(file: Path) -> None:
    (file.parent / ".git").mkdir()
    with pytest.raises(WriteError, match="cannot be asked"):
        uncommitted([file])


def test_outside_of_git_there_is_nothing_to_ask(file: Path) -> None:
    assert uncommitted([file]) == []
