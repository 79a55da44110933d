"""Blobs as files: names, atomic versions, properties beside them, listing against a reference model."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amlbridge.engine.blobs import STAGING, Blob, BlobProperties, BlobStore, check_name
from amlbridge.engine.errors import ConflictError, InvalidNameError, NotFoundError

SLOW_DISK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = st.lists(
    st.lists(st.sampled_from(["a", "b", "a-b", "a.b", "A", "é", "0", "a b", "%41", "z" * 30]), min_size=1, max_size=3),
    max_size=12,
).map(lambda names: {"/".join(parts) for parts in names})


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    made = BlobStore(tmp_path / "blobs")
    made.create_container("acct", "cont")
    return made


def visible(store: BlobStore) -> list[str]:
    return [path.relative_to(store.root).as_posix() for path in store.root.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "name", ["", "..", "a/../b", "a//b", "/a", "a/", "a\\b", "a\0b", "x" * 256, "é" * 128, "a/" * 600]
)
def test_bad_names_are_refused_and_write_nothing(store: BlobStore, name: str) -> None:
    before = visible(store)
    with pytest.raises(InvalidNameError):
        store.put("acct", "cont", name, b"x")
    with pytest.raises(InvalidNameError):
        check_name(name)
    assert visible(store) == before


@pytest.mark.parametrize("account", ["..", ".staging", "a/b", ""])
def test_bad_accounts_are_refused(store: BlobStore, account: str) -> None:
    with pytest.raises(InvalidNameError):
        store.put(account, "cont", "a", b"x")


def test_links_that_lead_out_are_refused(store: BlobStore, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    base = store.container("acct", "cont")
    (base / "out").symlink_to(tmp_path)
    (base / "leaf").symlink_to(tmp_path / "secret")
    (base / "dangling").symlink_to(tmp_path / "new")
    for name in ("out/secret", "out/new", "leaf", "dangling"):
        with pytest.raises(InvalidNameError):
            store.put("acct", "cont", name, b"x")
        with pytest.raises(InvalidNameError):
            store.open("acct", "cont", name)
    with pytest.raises(InvalidNameError):
        list(store.list("acct", "cont", "out/"))
    assert list(store.list("acct", "cont")) == []
    assert (tmp_path / "secret").read_text() == "s"
    assert not (tmp_path / "new").exists()


def test_folder_and_blob_of_one_name_collide(store: BlobStore) -> None:
    store.put("acct", "cont", "a/b", b"x")
    with pytest.raises(ConflictError, match="file and a folder"):
        store.put("acct", "cont", "a", b"y")
    with pytest.raises(ConflictError, match="file and a folder"):
        store.put("acct", "cont", "a/b/c", b"y")
    assert [blob.name for blob in store.list("acct", "cont")] == ["a/b"]
    assert list((store.root / STAGING).iterdir()) == []


def test_a_staged_folder_does_not_replace_a_filled_one(store: BlobStore) -> None:
    store.put("acct", "cont", "a/b", b"x")
    aside = store.staging()
    aside.mkdir()
    (aside / "c").write_bytes(b"y")
    with pytest.raises(ConflictError):
        store.publish(aside, store.path("acct", "cont", "a"))
    store.publish(aside, store.path("acct", "cont", "d"))
    assert [blob.name for blob in store.list("acct", "cont")] == ["a/b", "d/c"]


def test_properties_belong_to_a_version(store: BlobStore) -> None:
    wanted = BlobProperties(content_type="text/csv", metadata={"k": "v"})
    blob = store.put("acct", "cont", "a", b"x", wanted)
    assert store.stat("acct", "cont", "a").properties == wanted
    changed = store.change_properties("acct", "cont", "a", lambda old: BlobProperties(metadata={"k": "w"}))
    assert changed.etag != blob.etag
    assert changed.properties.metadata == {"k": "w"}
    # A step rewrites the file: what was noted on the old content does not hold for the new.
    store.path("acct", "cont", "a").write_bytes(b"other")
    assert store.stat("acct", "cont", "a").properties == BlobProperties()
    assert [name for name in visible(store) if "/cont/" in name and not name.startswith(".")] == ["acct/cont/a"]


def test_versions_of_equal_size_have_different_etags(store: BlobStore) -> None:
    assert len({store.put("acct", "cont", "a", b"%4d" % number).etag for number in range(200)}) == 200


def test_overwrites_leave_nothing_behind(store: BlobStore) -> None:
    for number in range(5):
        store.put("acct", "cont", "d/a", b"x" * number, BlobProperties(metadata={"n": str(number)}))
    store.delete("acct", "cont", "d/a")
    assert visible(store) == [".properties/acct/cont.json"]
    assert not (store.container("acct", "cont") / "d").exists()
    with pytest.raises(NotFoundError):
        store.delete("acct", "cont", "d/a")


def test_a_reader_keeps_the_version_it_opened(store: BlobStore) -> None:
    store.put("acct", "cont", "a", b"old")
    descriptor, blob = store.open("acct", "cont", "a")
    store.put("acct", "cont", "a", b"newer")
    assert (os.read(descriptor, 10), blob.size) == (b"old", 3)
    os.close(descriptor)


def test_a_check_prevents_a_change(store: BlobStore) -> None:
    store.put("acct", "cont", "a", b"old")

    def refuse(blob: Blob | None) -> None:
        raise ConflictError(f"there is {blob.size if blob else 'nothing'}")

    with pytest.raises(ConflictError, match="there is 3"):
        store.put("acct", "cont", "a", b"new", check=refuse)
    with pytest.raises(ConflictError, match="nothing"):
        store.put("acct", "cont", "b", b"new", check=refuse)
    with pytest.raises(ConflictError):
        store.delete("acct", "cont", "a", refuse)
    assert store.path("acct", "cont", "a").read_bytes() == b"old"
    assert list((store.root / STAGING).iterdir()) == []


def test_writers_and_deleters_at_once(store: BlobStore) -> None:
    """Folders come and go under the writers; every write succeeds, and the last version is a whole one."""
    errors: list[BaseException] = []

    def work(letter: bytes) -> None:
        for _ in range(60):
            try:
                store.put("acct", "cont", "d/e/f", letter * 5000, BlobProperties(metadata={"by": letter.decode()}))
                store.delete("acct", "cont", "d/e/f")
            except NotFoundError:
                continue
            except BaseException as error:
                errors.append(error)
                raise

    threads = [threading.Thread(target=work, args=(letter,)) for letter in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    store.put("acct", "cont", "d/e/f", b"end")
    assert store.stat("acct", "cont", "d/e/f").size == 3


def test_append_is_whole_and_only_for_append_blobs(store: BlobStore) -> None:
    store.put("acct", "cont", "log", b"", BlobProperties(kind="append"))
    assert store.append("acct", "cont", "log", b"one")[1] == 0
    blob, offset = store.append("acct", "cont", "log", b"two")
    assert (offset, blob.size, blob.properties.appended) == (3, 6, 2)
    assert store.path("acct", "cont", "log").read_bytes() == b"onetwo"
    store.put("acct", "cont", "plain", b"x")
    with pytest.raises(ConflictError, match="no append blob"):
        store.append("acct", "cont", "plain", b"y")


def test_blocks_prefer_their_uploader_and_survive_a_restart(store: BlobStore) -> None:
    key = ("acct", "cont", "a")
    for owner, content in (("1", b"mine"), ("2", b"theirs")):
        for block in ("AAAA", "AAAB"):
            aside = store.staging()
            aside.write_bytes(content)
            store.blocks.add(*key, block, owner, aside)
    again = BlobStore(store.root)
    assert again.clear_staging() == 0
    assert {name: block.size for name, block in again.blocks.of(*key, "1").items()} == {"AAAA": 4, "AAAB": 4}
    assert {block.size for block in again.blocks.of(*key, "2").values()} == {6}
    with pytest.raises(InvalidNameError, match="equally long"):
        store.blocks.add(*key, "AAAAAAAA", "1", store.staging())
    assert list(store.list("acct", "cont")) == []
    again.blocks.finish(*key, "1", [])
    assert {block.owner for block in again.blocks.uploaded(*key)} == {"2"}
    assert again.blocks.sweep(age=-1) == 2


def test_delete_container(store: BlobStore) -> None:
    store.put("acct", "cont", "a/b", b"x", BlobProperties(content_type="text/plain"))
    assert not store.create_container("acct", "cont")
    store.delete_container("acct", "cont")
    assert visible(store) == []
    with pytest.raises(NotFoundError):
        store.delete_container("acct", "cont")


def fill(store: BlobStore, names: set[str]) -> list[str]:
    """Puts blobs of these names, as far as no folder is in the way; returns those in the order of a listing."""
    store.delete_container("acct", "cont")
    store.create_container("acct", "cont")
    for name in names:
        try:
            store.put("acct", "cont", name, b"x")
        except ConflictError:
            continue
    base = store.container("acct", "cont")
    return sorted(path.relative_to(base).as_posix() for path in base.rglob("*") if path.is_file())


def grouped(names: list[str], prefix: str, delimiter: str) -> list[str]:
    """What a listing shows: the reference for the walk."""
    shown: list[str] = []
    for name in names:
        if not name.startswith(prefix):
            continue
        cut = name.find(delimiter, len(prefix)) if delimiter else -1
        item = name if cut < 0 else name[: cut + len(delimiter)]
        if item not in shown:
            shown.append(item)
    return shown


@SLOW_DISK
@given(
    NAMES, st.sampled_from(["", "a", "a/", "a-", "é/", "b/a", "/", "..", "a//"]), st.sampled_from(["", "/", "-", "b/"])
)
def test_listing_is_that_of_the_model(store: BlobStore, names: set[str], prefix: str, delimiter: str) -> None:
    there = fill(store, names)
    expected = grouped(there, prefix, delimiter)
    found = [
        item if isinstance(item, str) else item.name for item in store.items("acct", "cont", prefix, "", delimiter)
    ]
    assert found == expected
    # Every page start continues where the page before ended.
    for start in expected:
        rest = [
            item if isinstance(item, str) else item.name
            for item in store.items("acct", "cont", prefix, start, delimiter)
        ]
        assert rest == expected[expected.index(start) :]
