"""Lists of large folders: a page costs what is on it, and what was kept of a folder is never out of date."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from amlbridge.engine import blob_listing
from amlbridge.engine.blob_listing import walk


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Folders that were scanned; every folder is large and has not changed for long."""
    monkeypatch.setattr(blob_listing, "_LARGE", 1)
    monkeypatch.setattr(blob_listing, "_SETTLED", 0)
    seen: list[str] = []
    scandir = blob_listing.os.scandir

    def counted(path: str) -> object:
        seen.append(path)
        return scandir(path)

    monkeypatch.setattr(blob_listing.os, "scandir", counted)
    return seen


def _names(folder: Path, prefix: str = "", start: str = "") -> list[str]:
    return [found.name for found in walk(str(folder), prefix, start)]


def test_a_folder_is_scanned_again_only_when_its_names_change(tmp_path: Path, scans: list[str]) -> None:
    tmp_path = tmp_path.resolve()
    (tmp_path / "a").write_text("1")
    time.sleep(0.05)
    assert _names(tmp_path) == _names(tmp_path) == ["a"]
    assert len(scans) == 1
    (tmp_path / "a").write_text("22")
    assert [found.status.st_size for found in walk(str(tmp_path)) if found.status] == [2]
    assert len(scans) == 1
    changes: list[tuple[Callable[[], object], list[str]]] = [
        (lambda: (tmp_path / "b").write_text(""), ["a", "b"]),
        (lambda: (tmp_path / "b").rename(tmp_path / "c"), ["a", "c"]),
        (lambda: (tmp_path / "a").unlink(), ["c"]),
        (lambda: (tmp_path / "c").unlink(), []),
        (lambda: (tmp_path / "c").mkdir(), []),
        (lambda: (tmp_path / "c" / "d").write_text(""), ["c/d"]),
    ]
    for change, expected in changes:
        time.sleep(0.05)
        change()
        time.sleep(0.05)
        assert _names(tmp_path) == expected


def test_what_has_just_changed_is_not_kept(tmp_path: Path, scans: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blob_listing, "_SETTLED", 10**12)
    (tmp_path / "a").write_text("1")
    _names(tmp_path.resolve())
    _names(tmp_path.resolve())
    assert len(scans) == 2


def test_the_names_that_are_kept_have_a_bound(
    tmp_path: Path, scans: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = blob_listing._Cache()
    monkeypatch.setattr(blob_listing, "_cache", cache)
    monkeypatch.setattr(blob_listing, "_MOST_NAMES", 30)
    base = tmp_path.resolve()
    for folder in ("x", "y", "z", "large"):
        (base / folder).mkdir()
        for number in range(40 if folder == "large" else 12):
            (base / folder / f"{number:02}").write_text("")
    time.sleep(0.05)
    for _ in range(2):
        assert len(_names(base)) == 76
    assert sum(len(kept) for _, kept in cache._kept.values()) <= 30


def test_a_page_looks_at_no_file_of_another_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    look = blob_listing._Walk._file

    def counted(self: blob_listing._Walk, name: str) -> object:
        looked.append(name)
        return look(self, name)

    monkeypatch.setattr(blob_listing._Walk, "_file", counted)
    names = [f"{folder}{number:03}" for folder in ("", "deep/a/", "other/") for number in range(50)]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    base = tmp_path.resolve()
    assert _names(base, start="deep/a/040") == names[90:]
    assert looked == names[90:]
    looked.clear()
    assert _names(base, prefix="deep/a/02", start="deep/a/025") == names[75:80]
    assert looked == names[75:80]
