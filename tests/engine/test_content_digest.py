"""Digests follow the content of files, and a file that did not change is not read again."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from amlbridge.engine import content_digest
from amlbridge.engine.content_digest import ContentDigests


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    (made / "sub").mkdir(parents=True)
    (made / "a").write_text("aa")
    (made / "sub" / "b").write_text("bb")
    return made


def test_names_and_contents_count_and_times_do_not(folder: Path, tmp_path: Path) -> None:
    digests = ContentDigests()
    before = digests.of_path(folder)
    assert sorted(before.files or {}) == ["a", "sub/b"]
    os.utime(folder / "a", (1, 1))
    assert digests.of_path(folder) == before
    (folder / "a").write_text("ab")
    changed = digests.of_path(folder)
    assert changed.differences(before) == ["a changed"]
    (folder / "a").rename(folder / "c")
    assert digests.of_path(folder).differences(changed) == ["c is new", "a is missing"]
    assert digests.of_path(folder / "c").files == {"c": (changed.files or {})["a"]}
    absent = digests.of_path(tmp_path / "nothing")
    assert absent.differences(changed) == ["it is missing"]
    (tmp_path / "empty").mkdir()
    assert digests.of_path(tmp_path / "empty").digest != absent.digest


def test_a_settled_file_is_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Path] = []
    hashed = content_digest._hashed
    monkeypatch.setattr(content_digest, "_hashed", lambda path: (reads.append(path), hashed(path))[1])
    digests = ContentDigests()
    time.sleep(0.15)
    first = digests.of_path(folder)
    assert digests.of_path(folder) == first
    assert len(reads) == 2
    # The size and the modification time are the same; the inode's own time is not.
    before = (folder / "a").stat()
    (folder / "a").write_text("zz")
    os.utime(folder / "a", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert digests.of_path(folder).differences(first) == ["a changed"]
    monkeypatch.setattr(content_digest, "_SETTLED", 10**12)
    # A file that was written this moment is not trusted to stay as it is.
    assert digests.of_path(folder) == digests.of_path(folder)
    assert reads.count(folder / "a") >= 3


def test_links_and_special_files(folder: Path) -> None:
    (folder / "loop").symlink_to(folder)
    (folder / "gone").symlink_to(folder / "nowhere")
    (folder / "link").symlink_to(folder / "a")
    os.mkfifo(folder / "pipe")
    files = ContentDigests().of_path(folder).files or {}
    assert sorted(files) == ["a", "link", "pipe", "sub/b"]
    assert files["link"] == files["a"]


def test_large_files_and_many(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = ContentDigests()
    monkeypatch.setattr(content_digest, "LARGE", 1)
    before = digests.of_path(folder)
    os.utime(folder / "a", (1, 1))
    assert digests.of_path(folder).differences(before) == ["a changed"]
    monkeypatch.setattr(content_digest, "MOST_NAMED", 1)
    many = digests.of_path(folder)
    assert many.files is None
    (folder / "n").write_text("n")
    assert digests.of_path(folder).differences(many) == ["2 files became 3"]
