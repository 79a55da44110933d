"""Code snapshots: equal content has one digest, checkouts are the owner's, names never leave their folder."""

from __future__ import annotations

import io
import stat
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlbridge.engine import snapshots
from amlbridge.engine.errors import ConflictError, InvalidNameError, NotFoundError
from amlbridge.engine.snapshots import SnapshotFile, SnapshotStore

WORKSPACE = "6a5e57f1-0f2b-4e59-9f0e-9e37c6f7a001"


@pytest.fixture
def store(tmp_path: Path) -> SnapshotStore:
    return SnapshotStore(tmp_path / "snapshots")


def folder(root: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def read(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


SEGMENT = st.text("abcß .-_", min_size=1, max_size=6).filter(lambda text: text not in (".", ".."))
FILES = st.dictionaries(
    st.lists(SEGMENT, min_size=1, max_size=3).map(lambda parts: "/".join(f"{part}x" for part in parts)),
    st.binary(max_size=200),
    max_size=8,
).filter(lambda files: not any(b.startswith(f"{a}/") for a in files for b in files))


@settings(deadline=None, max_examples=40)
@given(FILES, st.booleans())
def test_a_checkout_gives_back_what_was_stored(files: dict[str, bytes], cached: bool) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        store = SnapshotStore(root / "s")
        digest = store.import_folder(folder(root / "source", files) if files else _empty(root / "source"))
        with pytest.MonkeyPatch.context() as patch:
            if not cached:
                patch.setattr(snapshots, "_LARGEST_CACHED", -1)
            store.checkout(WORKSPACE, digest, root / "out")
        assert read(root / "out") == files
        archive = io.BytesIO()
        store.zip(WORKSPACE, digest, archive)
        assert {name: zipfile.ZipFile(archive).read(name) for name in zipfile.ZipFile(archive).namelist()} == files
        assert SnapshotStore(root / "other").import_zip(zipfile.ZipFile(archive)) == digest


def _empty(path: Path) -> Path:
    path.mkdir()
    return path


def test_the_digest_is_of_names_contents_and_executable_bits(store: SnapshotStore, tmp_path: Path) -> None:
    a = folder(tmp_path / "a", {"run.py": b"1", "lib/x.py": b"2"})
    digest = store.import_folder(a)
    assert store.import_folder(folder(tmp_path / "b", {"lib/x.py": b"2", "run.py": b"1"})) == digest
    assert store.import_folder(folder(tmp_path / "c", {"lib/x.py": b"2", "ran.py": b"1"})) != digest
    assert store.import_folder(folder(tmp_path / "d", {"lib/x.py": b"3", "run.py": b"1"})) != digest
    (a / "run.py").chmod(0o755)
    executable = store.import_folder(a)
    assert executable != digest
    store.checkout(WORKSPACE, executable, tmp_path / "out")
    assert (tmp_path / "out/run.py").stat().st_mode & stat.S_IXUSR
    assert not (tmp_path / "out/lib/x.py").stat().st_mode & stat.S_IXUSR


@pytest.mark.parametrize("largest_cached", [-1, 1024])
def test_what_a_step_does_to_its_copy_stays_there(
    store: SnapshotStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, largest_cached: int
) -> None:
    monkeypatch.setattr(snapshots, "_LARGEST_CACHED", largest_cached)
    digest = store.import_folder(folder(tmp_path / "a", {"run.py": b"original"}))
    store.checkout(WORKSPACE, digest, tmp_path / "one")
    with (tmp_path / "one/run.py").open("r+b") as file:
        file.write(b"CHANGED!")
    (tmp_path / "one/run.py").chmod(0o000)
    store.checkout(WORKSPACE, digest, tmp_path / "two")
    assert (tmp_path / "two/run.py").read_bytes() == b"original"


def test_ids_are_scoped_and_survive_a_restart(store: SnapshotStore, tmp_path: Path) -> None:
    digest = store.import_folder(folder(tmp_path / "a", {"run.py": b"1"}))
    store.name(WORKSPACE, "one", digest, {"git": "abc"})
    again = SnapshotStore(store.root)
    assert again.digest(WORKSPACE, "one") == digest
    assert again.details(WORKSPACE, "one") == {"git": "abc"}
    assert [file.name for file in again.files(WORKSPACE, "one")] == ["run.py"]
    assert again.exists(WORKSPACE, "one") and not again.exists("other-workspace", "one")
    with pytest.raises(NotFoundError):
        again.checkout("other-workspace", "one", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_id_never_changes_its_meaning(store: SnapshotStore, tmp_path: Path) -> None:
    first = store.import_folder(folder(tmp_path / "a", {"run.py": b"1"}))
    second = store.import_folder(folder(tmp_path / "b", {"run.py": b"2"}))
    store.name(WORKSPACE, "one", first)
    store.name(WORKSPACE, "one", first)
    with pytest.raises(ConflictError):
        store.name(WORKSPACE, "one", second)
    for malformed in ("../one", "", "a/b", "f" * 64, ".hidden"):
        with pytest.raises(InvalidNameError):
            store.name(WORKSPACE, malformed, first)
        assert malformed == "f" * 64 or not store.exists(WORKSPACE, malformed)


@pytest.mark.parametrize("name", ["../out.py", "/etc/out.py", "a/../../out.py", "a//b", "a/./b", "a\\b", "x" * 256])
def test_a_name_that_would_leave_its_folder_is_refused(store: SnapshotStore, name: str) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr("good.py", "1")
        target.writestr(name, "2")
    before = read(store.root)
    with pytest.raises(InvalidNameError):
        store.import_zip(zipfile.ZipFile(archive))
    with pytest.raises(InvalidNameError):
        store.create([SnapshotFile(name, "0" * 64, 1)])
    assert read(store.root) == before


def test_a_zip_may_hold_no_link_no_name_twice_and_no_file_that_is_a_folder(store: SnapshotStore) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    for entries in ([(link, "/etc/passwd")], [("a", "1"), ("a", "2")], [("a", "1"), ("a/b", "2")]):
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as target, pytest.MonkeyPatch.context() as patch:
            patch.setattr("warnings.warn", lambda *_, **__: None)
            for name, content in entries:
                target.writestr(name, content)
        with pytest.raises(InvalidNameError):
            store.import_zip(zipfile.ZipFile(archive))


def test_links_are_followed_but_not_in_circles(store: SnapshotStore, tmp_path: Path) -> None:
    shared = folder(tmp_path / "shared", {"lib.py": b"lib"})
    source = folder(tmp_path / "a", {"run.py": b"1"})
    (source / "linked").symlink_to(shared)
    digest = store.import_folder(source)
    assert [file.name for file in store.files(WORKSPACE, digest)] == ["linked/lib.py", "run.py"]
    (source / "again").symlink_to(source)
    with pytest.raises(InvalidNameError, match="again"):
        store.import_folder(source)


def test_the_memory_for_small_trees_is_bounded(
    store: SnapshotStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "_CACHE_SIZE", 1000)
    for number in range(10):
        digest = store.import_folder(folder(tmp_path / f"a{number}", {"run.py": bytes([number]) * 300}))
        store.checkout(WORKSPACE, digest, tmp_path / f"out{number}")
        assert (tmp_path / f"out{number}/run.py").read_bytes() == bytes([number]) * 300
        assert sum(len(content) for tree in store._small.values() for content in tree) <= 1000
