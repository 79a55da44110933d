"""The blob endpoint in this process: conditions, bad names, blocks, lists, faults."""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from amlbridge.engine.blobs import STAGING
from tests.wire.blob_support import Blobs

BLOCK = {"x-ms-blob-type": "BlockBlob"}
IDS = [base64.b64encode(b"%04d" % number).decode() for number in range(6)]


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path)


def put(blobs: Blobs, name: str, body: bytes = b"x", **headers: str) -> int:
    more = {key.replace("_", "-"): value for key, value in headers.items()}
    return blobs.ask("PUT", f"/cont/{quote(name)}", body, BLOCK | more).status


@pytest.mark.parametrize(
    "path",
    [
        "/cont/../x",
        "/cont/a/../../x",
        "/cont/%2e%2e/x",
        "/cont/a/%2E%2E/%2e%2e/%2e%2e/x",
        "/cont/..%2Fx",
        "/cont/a%5C..%5Cx",
        "/cont/a\\x",
        "/cont/x%00y",
        "/cont//etc/passwd",
        "/cont/%2Fetc%2Fpasswd",
        "/cont/a/",
        "/cont/%FF",
        "/cont/" + "x" * 256,
        "/cont/" + "x/" * 600 + "x",
        "/../acct/cont/x",
        "/.staging/x",
        "/%2e%2e/x",
        "/co%2Fnt/../x",
    ],
)
def test_bad_names_write_nothing(blobs: Blobs, path: str) -> None:
    for method, query, headers in (
        ("PUT", "", BLOCK),
        ("PUT", "", {"x-ms-blob-type": "AppendBlob", "content-length": "0"}),
        ("PUT", f"?comp=block&blockid={IDS[0]}", {}),
        ("PUT", "?comp=metadata", {"x-ms-meta-a": "b"}),
    ):
        answer = blobs.ask(method, path + query, b"" if "AppendBlob" in headers.values() else b"x", headers)
        assert answer.status == 400, (query, answer.body)
        assert answer.body.startswith(b"<?xml")
    assert blobs.files() == set()


@pytest.mark.parametrize("path", ["/cont/./a/./x", "/cont/a/%2E/x", "/cont/a/x/.", "/cont/a//x", "/cont/a/./%2F/x"])
def test_segments_that_mean_nothing_are_left_out(blobs: Blobs, path: str) -> None:
    assert blobs.ask("PUT", path, b"x", BLOCK).status == 201
    assert [name for name in blobs.files() if not name.startswith(".properties")] == ["acct/cont/a/x"]
    assert blobs.ask("GET", path).body == blobs.ask("GET", "/cont/a/x").body == b"x"


@pytest.mark.parametrize(
    "name", ["a b", "ü/日本/é", "100%", "a+b", "#?&=", "%41", "x'(y)!*~$,;:@", "a.b..c", "...", " "]
)
def test_names_round_trip(blobs: Blobs, name: str) -> None:
    assert put(blobs, name, b"content") == 201
    assert blobs.store.path("acct", "cont", name).read_bytes() == b"content"
    assert blobs.ask("GET", f"/cont/{quote(name)}").body == b"content"
    listed = ElementTree.fromstring(
        blobs.ask("GET", "/cont?restype=container&comp=list&prefix=" + quote(name[:2])).body
    )
    assert [item.text for item in listed.iter("Name")] == [name]


def test_name_that_xml_cannot_hold(blobs: Blobs) -> None:
    base = os.fsencode(blobs.store.container("acct", "cont"))
    for raw in (b"bad-\xff", b"tab\tbell\x07"):
        with open(base + b"/" + raw, "wb") as file:  # noqa: PTH123 - Path takes no bytes
            file.write(raw)
        listed = ElementTree.fromstring(blobs.ask("GET", "/cont?restype=container&comp=list").body)
        (name,) = listed.iter("Name")
        assert name.attrib == {"Encoded": "true"}
        assert blobs.ask("GET", f"/cont/{name.text}").body == raw
        assert blobs.ask("DELETE", f"/cont/{name.text}").status == 202


def test_link_out_of_the_container(blobs: Blobs, tmp_path: Path) -> None:
    (blobs.store.container("acct", "cont") / "out").symlink_to(tmp_path)
    assert put(blobs, "out/file") == 400
    assert blobs.ask("GET", "/cont/out/records.db").status == 400
    assert blobs.ask("GET", "/cont?restype=container&comp=list&prefix=out/").status == 400
    assert not (tmp_path / "file").exists()


def test_folder_against_blob(blobs: Blobs) -> None:
    put(blobs, "a/b")
    for name in ("a", "a/b/c"):
        answer = blobs.ask("PUT", f"/cont/{name}", b"x", BLOCK)
        assert (answer.status, answer.code) == (409, "PathConflict")
        assert b"file and a folder" in answer.body
    for method in ("HEAD", "GET", "DELETE"):
        assert blobs.ask(method, "/cont/a").code == "BlobNotFound"
        assert blobs.ask(method, "/cont/a/").code == "BlobNotFound"
    assert blobs.ask("GET", "/cont/a/b").body == b"x"


LONG_AGO = "Fri, 01 Jan 1999 00:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "read", "write"),
    [
        ({"if-match": '"0x1"'}, 412, 412),
        ({"if-match": "ETAG"}, 200, 201),
        ({"if-match": "*"}, 200, 201),
        ({"if-none-match": "ETAG"}, 304, 412),
        ({"if-none-match": '"0x1"'}, 200, 201),
        ({"if-none-match": "*"}, 304, 409),
        ({"if-modified-since": "DATE"}, 304, 412),
        ({"if-modified-since": LONG_AGO}, 200, 201),
        ({"if-unmodified-since": "DATE"}, 200, 201),
        ({"if-unmodified-since": LONG_AGO}, 412, 412),
        ({"if-none-match": '"0x1"', "if-modified-since": "DATE"}, 200, 201),
        ({"if-modified-since": "yesterday"}, 400, 400),
    ],
)
@pytest.mark.parametrize("size", [3, 2 << 20])
def test_conditions(blobs: Blobs, headers: dict[str, str], read: int, write: int, size: int) -> None:
    put(blobs, "a", b"old")
    head = blobs.ask("HEAD", "/cont/a").headers
    known = {"ETAG": head["etag"], "DATE": head["last-modified"]}
    wanted, headers = headers, {name: known.get(value, value) for name, value in headers.items()}
    assert blobs.ask("GET", "/cont/a", headers=headers).status == read
    assert blobs.ask("PUT", "/cont/a?comp=metadata", headers=headers).status == {201: 200, 409: 412}.get(write, write)
    put(blobs, "a", b"old")
    head = blobs.ask("HEAD", "/cont/a").headers
    known = {"ETAG": head["etag"], "DATE": head["last-modified"]}
    headers = {name: known.get(value, value) for name, value in wanted.items()}
    answer = blobs.ask("PUT", "/cont/a", b"x" * size, BLOCK | headers)
    assert answer.status == write
    assert answer.code == {409: "BlobAlreadyExists", 412: "ConditionNotMet", 400: "InvalidHeaderValue"}.get(write, "")
    assert blobs.store.path("acct", "cont", "a").stat().st_size == (size if write == 201 else 3)
    assert list((blobs.store.root / STAGING).iterdir()) == []


def test_conditions_on_a_blob_that_is_not_there(blobs: Blobs) -> None:
    assert put(blobs, "new", if_match="*") == 412
    assert not blobs.store.path("acct", "cont", "new").exists()
    assert put(blobs, "new", if_none_match="*") == 201


def test_ranges_and_md5(blobs: Blobs) -> None:
    content = os.urandom(3 << 20)
    put(blobs, "a", content)
    whole = blobs.ask("GET", "/cont/a")
    digest = base64.b64encode(hashlib.md5(content).digest()).decode()
    assert (whole.body, whole.headers["content-md5"]) == (content, digest)
    part = blobs.ask("GET", "/cont/a", headers={"range": "bytes=0-1", "x-ms-range": "bytes=10-2000000"})
    assert (part.status, part.body) == (206, content[10:2000001])
    assert part.headers["content-range"] == f"bytes 10-2000000/{3 << 20}"
    assert "content-md5" not in part.headers
    small = blobs.ask("GET", "/cont/a", headers={"range": "bytes=5-8", "x-ms-range-get-content-md5": "true"})
    assert base64.b64decode(small.headers["content-md5"]) == hashlib.md5(content[5:9]).digest()
    assert blobs.ask("GET", "/cont/a", headers={"range": f"bytes={3 << 20}-"}).code == "InvalidRange"
    put(blobs, "empty", b"")
    assert blobs.ask("GET", "/cont/empty", headers={"x-ms-range": "bytes=0-100"}).status == 416
    assert blobs.ask("GET", "/cont/empty").status == 200


@pytest.mark.parametrize("size", [10, 3 << 20])
def test_wrong_md5_writes_nothing(blobs: Blobs, size: int) -> None:
    put(blobs, "a", b"old")
    wrong = {"content-md5": base64.b64encode(b"0" * 16).decode()}
    for query, headers in (("", BLOCK), (f"?comp=block&blockid={IDS[0]}", {})):
        answer = blobs.ask("PUT", "/cont/a" + query, b"x" * size, headers | wrong)
        assert (answer.status, answer.code) == (400, "Md5Mismatch")
    assert blobs.ask("GET", "/cont/a").body == b"old"
    assert blobs.ask("GET", "/cont/a?comp=blocklist&blocklisttype=all").body.count(b"<Block>") == 0
    assert list((blobs.store.root / STAGING).iterdir()) == []


@pytest.mark.parametrize("size", [100, 5 << 20])
def test_a_client_that_goes_away_leaves_the_old_blob(blobs: Blobs, size: int) -> None:
    put(blobs, "a", b"old")
    before = blobs.files()
    for query in ("", f"?comp=block&blockid={IDS[0]}"):
        blobs.ask("PUT", "/cont/a" + query, b"x" * size, BLOCK, gone_after=size // 2)
    assert blobs.ask("GET", "/cont/a").body == b"old"
    assert blobs.files() == before


def commit(*parts: tuple[str, str]) -> bytes:
    rows = "".join(f"<{kind}>{name}</{kind}>" for kind, name in parts)
    return f'<?xml version="1.0" encoding="utf-8"?><BlockList>{rows}</BlockList>'.encode()


def test_blocks(blobs: Blobs) -> None:
    for name, content in zip(IDS, (b"aa", b"bbb", b"c" * (2 << 20)), strict=False):
        assert blobs.ask("PUT", f"/cont/big?comp=block&blockid={quote(name, '')}", content).status == 201
    assert blobs.ask("GET", "/cont/big").code == "BlobNotFound"
    assert blobs.ask("GET", "/cont?restype=container&comp=list").body.count(b"<Blob>") == 0
    bad = blobs.ask("PUT", "/cont/big?comp=blocklist", commit(("Latest", IDS[0]), ("Latest", IDS[5])))
    assert (bad.status, bad.code) == (400, "InvalidBlockList")
    order = commit(*(("Latest", name) for name in (IDS[1], IDS[2], IDS[0])))
    assert blobs.ask("PUT", "/cont/big?comp=blocklist", order, {"x-ms-blob-content-type": "t/t"}).status == 201
    whole = blobs.ask("GET", "/cont/big")
    assert whole.body == b"bbb" + b"c" * (2 << 20) + b"aa"
    assert whole.headers["content-type"] == "t/t"
    # Parts of the committed blob with a new block between them.
    blobs.ask("PUT", f"/cont/big?comp=block&blockid={quote(IDS[3], '')}", b"new")
    order = commit(("Committed", IDS[1]), ("Uncommitted", IDS[3]), ("Latest", IDS[0]), ("Committed", IDS[0]))
    assert blobs.ask("PUT", "/cont/big?comp=blocklist", order).status == 201
    assert blobs.ask("GET", "/cont/big").body == b"bbbnewaaaa"
    listed = ElementTree.fromstring(blobs.ask("GET", "/cont/big?comp=blocklist&blocklisttype=all").body)
    assert [item.text for item in listed.iter("Name")] == [IDS[1], IDS[3], IDS[0], IDS[0]]
    assert not [name for name in blobs.files() if name.startswith((STAGING, ".blocks"))]


@pytest.mark.parametrize(
    "body",
    [b"", b"<BlockList>", b"<Other/>", b"<BlockList><X>AA==</X></BlockList>", b"<!DOCTYPE a><BlockList/>", b"\xff"],
)
def test_malformed_block_list(blobs: Blobs, body: bytes) -> None:
    put(blobs, "a", b"old")
    assert blobs.ask("PUT", "/cont/a?comp=blocklist", body).code == "InvalidXmlDocument"
    assert blobs.ask("GET", "/cont/a").body == b"old"


def test_two_uploaders_of_one_blob_do_not_mix(blobs: Blobs) -> None:
    order = commit(("Latest", IDS[0]), ("Latest", IDS[1]))
    for name in IDS[:2]:
        for port, content in ((1, b"A"), (2, b"B")):
            blobs.ask("PUT", f"/cont/a?comp=block&blockid={quote(name, '')}", content, port=port)
    assert blobs.ask("PUT", "/cont/a?comp=blocklist", order, port=1).status == 201
    assert blobs.ask("GET", "/cont/a").body == b"AA"
    assert blobs.ask("PUT", "/cont/a?comp=blocklist", order, port=2).status == 201
    assert blobs.ask("GET", "/cont/a").body == b"BB"


def test_append(blobs: Blobs) -> None:
    assert blobs.ask("PUT", "/cont/log?comp=appendblock", b"x").code == "BlobNotFound"
    assert blobs.ask("PUT", "/cont/log", headers={"x-ms-blob-type": "AppendBlob"}).status == 201
    first = blobs.ask("PUT", "/cont/log?comp=appendblock", b"x" * (2 << 20))
    assert (first.headers["x-ms-blob-append-offset"], first.headers["x-ms-blob-committed-block-count"]) == ("0", "1")
    late = blobs.ask("PUT", "/cont/log?comp=appendblock", b"y", {"x-ms-blob-condition-appendpos": "5"})
    assert (late.status, late.code) == (412, "AppendPositionConditionNotMet")
    full = blobs.ask("PUT", "/cont/log?comp=appendblock", b"y", {"x-ms-blob-condition-maxsize": "5"})
    assert (full.status, full.code) == (412, "MaxBlobSizeConditionNotMet")
    head = blobs.ask("HEAD", "/cont/log")
    assert (head.headers["content-length"], head.headers["x-ms-blob-type"]) == (str(2 << 20), "AppendBlob")
    put(blobs, "plain")
    assert blobs.ask("PUT", "/cont/plain?comp=appendblock", b"y").code == "InvalidBlobType"


def test_properties_and_metadata(blobs: Blobs) -> None:
    put(blobs, "a", x_ms_meta_k="v", content_type="text/csv", x_ms_blob_cache_control="no-store")
    head = blobs.ask("HEAD", "/cont/a").headers
    assert (head["x-ms-meta-k"], head["content-type"], head["cache-control"]) == ("v", "text/csv", "no-store")
    assert blobs.ask("PUT", "/cont/a?comp=properties", headers={"x-ms-blob-content-type": "a/b"}).status == 200
    assert blobs.ask("PUT", "/cont/a?comp=metadata", headers={"x-ms-meta-bad name": "1"}).code == "InvalidMetadata"
    assert blobs.ask("PUT", "/cont/a?comp=metadata", headers={"x-ms-meta-m": "z" * 9000}).code == "MetadataTooLarge"
    head = blobs.ask("HEAD", "/cont/a?comp=metadata").headers
    assert (head["x-ms-meta-k"], "cache-control" in head) == ("v", False)
    listed = blobs.ask("GET", "/cont?restype=container&comp=list&include=metadata").body
    assert b"<Metadata><k>v</k></Metadata>" in listed
    assert b"<Content-Type>a/b</Content-Type>" in listed
    put(blobs, "a")
    assert "x-ms-meta-k" not in blobs.ask("HEAD", "/cont/a").headers


def test_pages(blobs: Blobs) -> None:
    names = [f"d{number}/{letter}" for number in range(3) for letter in "ab"] + ["x", "y"]
    for name in names:
        put(blobs, name)
    for delimiter, expected in (("", names), ("/", ["d0/", "d1/", "d2/", "x", "y"])):
        found, marker = [], ""
        for _ in range(20):
            query = f"restype=container&comp=list&maxresults=2&delimiter={delimiter}&marker={quote(marker)}"
            page = ElementTree.fromstring(blobs.ask("GET", f"/cont?{query}").body)
            items = [item.text for item in page.iter("Name")]
            assert len(items) <= 2
            found += items
            marker = page.findtext("NextMarker") or ""
            if not marker:
                break
        assert found == expected
    for query in ("maxresults=0", "maxresults=x", "marker=%21%21"):
        assert blobs.ask("GET", f"/cont?restype=container&comp=list&{query}").status == 400


def test_what_is_not_served_is_named(blobs: Blobs) -> None:
    put(blobs, "a")
    for method, target, headers, word in (
        ("PUT", "/cont/a?comp=lease", {}, b"comp=lease"),
        ("PUT", "/cont/a?comp=tags", {}, b"comp=tags"),
        ("PUT", "/cont/a", {"x-ms-blob-type": "PageBlob"}, b"PageBlob"),
        ("PUT", "/cont/a", {"x-ms-blob-type": "BlockBlob", "x-ms-tags": "a=b"}, b"x-ms-tags"),
        ("GET", "/cont/a?snapshot=2020-01-01", {}, b"snapshot"),
        ("GET", "/cont?restype=container&comp=acl", {}, b"comp=acl"),
        ("POST", "/?restype=service&comp=batch", {}, b"comp=batch"),
        ("GET", "/cont?restype=container&comp=list&include=uncommittedblobs", {}, b"uncommittedblobs"),
        ("PUT", "/cont/b", {"x-ms-copy-source": "https://a.blob.core.windows.net/c/b"}, b"a.blob.core.windows.net"),
    ):
        answer = blobs.ask(method, target, headers=headers)
        assert (answer.status, answer.code) == (501, "NotImplemented"), target
        assert word in answer.body
    assert blobs.ask("GET", "/cont/a").body == b"x"


def test_containers(blobs: Blobs) -> None:
    assert blobs.ask("PUT", "/new-one?restype=container", headers={"x-ms-meta-a": "b"}).status == 201
    assert blobs.ask("PUT", "/new-one?restype=container").code == "ContainerAlreadyExists"
    assert blobs.ask("PUT", "/Bad_Name?restype=container").code == "InvalidResourceName"
    assert blobs.ask("HEAD", "/new-one?restype=container").headers["x-ms-meta-a"] == "b"
    listed = ElementTree.fromstring(blobs.ask("GET", "/?comp=list&maxresults=1").body)
    assert [item.text for item in listed.iter("Name")] == ["cont"]
    marker = listed.findtext("NextMarker")
    listed = ElementTree.fromstring(blobs.ask("GET", f"/?comp=list&marker={marker}").body)
    assert [item.text for item in listed.iter("Name")] == ["new-one"]
    assert blobs.ask("DELETE", "/new-one?restype=container").status == 202
    for method, target in (("DELETE", "/new-one?restype=container"), ("GET", "/new-one/a"), ("PUT", "/new-one/a")):
        assert blobs.ask(method, target, headers=BLOCK).code == "ContainerNotFound"
    assert not (blobs.store.root / "acct" / "new-one").exists()


def test_a_full_disk_is_said_once(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    put(blobs, "a", b"old")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("amlbridge.wire.blob_stream._write", full)
    answer = blobs.ask("PUT", "/cont/a", b"x" * (3 << 20), BLOCK)
    monkeypatch.undo()
    assert (answer.status, answer.code) == (409, "InsufficientStorage")
    assert blobs.ask("GET", "/cont/a").body == b"old"
    assert list((blobs.store.root / STAGING).iterdir()) == []
