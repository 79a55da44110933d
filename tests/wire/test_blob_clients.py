"""The real storage clients against the real blob endpoint: both Python clients, rslex, and a client that is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from amlbridge.engine.blobs import STAGING
from tests.support.live import LiveService

pytestmark = pytest.mark.slow

CLIENT = """
import os, sys, hashlib
import {module} as m
def service(**options):
    return m.BlobServiceClient("https://acct.blob.x@127.0.0.1:{port}",
                               credential={{"account_name": "acct", "account_key": {key!r}}}, **options)
"""

EVERYTHING = """
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
MB = 1 << 20
s = service(max_single_put_size=MB, max_block_size=MB, max_single_get_size=MB, max_chunk_get_size=MB)
c = s.get_container_client(sys.argv[1])
print("missing", c.exists())
c.create_container(metadata={"a": "b"})
try:
    c.create_container()
except ResourceExistsError as error:
    print("again", getattr(error.error_code, "value", error.error_code))
big = os.urandom((5 << 20) + 17)
c.upload_blob("big.bin", big, validate_content=True, max_concurrency=2)
print("big", c.download_blob("big.bin", max_concurrency=2).readall() == big,
      c.download_blob("big.bin", offset=9, length=3 * MB, validate_content=True).readall() == big[9:9 + 3 * MB],
      len(c.get_blob_client("big.bin").get_block_list()[0]))
odd = "dir/a b+c%d#e?&=~'(x)!*,;@$ é日.txt"
b = c.get_blob_client(odd)
b.upload_blob(b"hello", metadata={"k": "v"}, content_settings=m.ContentSettings(content_type="text/csv"))
p = b.get_blob_properties()
print("odd", b.download_blob().readall(), p.metadata, p.content_settings.content_type, p.size,
      getattr(p.blob_type, "value", p.blob_type))
try:
    b.upload_blob(b"other")
except ResourceExistsError as error:
    print("exists", error.error_code)
b.set_blob_metadata({"n": "w"})
try:
    b.upload_blob(b"other", overwrite=True, etag=p.etag, match_condition=MatchConditions.IfNotModified)
except ResourceModifiedError as error:
    print("modified", getattr(error.error_code, "value", error.error_code))
b.set_http_headers(m.ContentSettings(content_type="a/b"))
print("changed", b.get_blob_properties().metadata, b.get_blob_properties().content_settings.content_type)
c.upload_blob("empty", b"")
print("empty", c.download_blob("empty").readall())
log = c.get_blob_client("log")
log.upload_blob(b"one", blob_type="AppendBlob")
log.upload_blob(b"two", blob_type="AppendBlob")
print("log", log.download_blob().readall(), log.get_blob_properties().append_blob_committed_block_count)
copy = c.get_blob_client("copy")
print("copy", copy.start_copy_from_url(b.url)["copy_status"], copy.download_blob().readall(),
      copy.get_blob_properties().copy.status)
for i in range(7):
    c.upload_blob(f"p/{i % 3}/{i}", b"x", metadata={"i": str(i)})
print("list", sorted(x.name for x in c.list_blobs()) == [x.name for x in c.list_blobs(results_per_page=2)],
      [x.name for x in c.walk_blobs(delimiter="/")],
      [x.name for x in c.list_blobs(name_starts_with="dir/a b+")] == [odd],
      {x.name: x.metadata for x in c.list_blobs(name_starts_with="p/0", include=["metadata"])})
print("containers", [x.name for x in s.list_containers(name_starts_with=sys.argv[1])])
print("gone", c.get_blob_client("nope").exists())
for attempt in (lambda: c.download_blob("nope"), lambda: s.get_container_client("nowhere").upload_blob("a", b"x")):
    try:
        attempt()
    except ResourceNotFoundError as error:
        print("not found", error.error_code)
b.delete_blob()
print("deleted", b.exists())
url = m.BlobClient.from_blob_url(sys.argv[2])
url.upload_blob(b"by url", overwrite=True, validate_content=True)
print("url", m.BlobClient.from_blob_url(sys.argv[2]).download_blob().readall())
bad = m.BlobServiceClient(s.url, credential={"account_name": "acct", "account_key": "A" * 86 + "=="}, retry_total=0)
try:
    bad.get_container_client(sys.argv[1]).upload_blob("forged", b"x")
except HttpResponseError as error:
    print("forged", error.status_code, getattr(error.error_code, "value", error.error_code))
c.delete_container()
print("end", c.exists())
"""


def script(live: LiveService, body: str, module: str = "azure.storage.blob") -> str:
    return CLIENT.format(module=module, port=live.https_port, key=live.issuer.account_key("acct")) + body


def issued_url(live: LiveService, name: str) -> str:
    """A URL as Service.blob_url makes it. ``from_blob_url`` takes a host with 127.0.0.1 for an emulator and the first
    segment for the account; with at least three segments it comes to the same URL."""
    signature = live.issuer.sign(f"acct/issued/{name}")
    host = f"acct.blob.x@127.0.0.1:{live.https_port}"
    return f"https://{host}/issued/{name}?sv=2019-07-07&sr=b&sp=rcw&si=acct&sig={signature}"


@pytest.mark.parametrize("module", ["azure.storage.blob", "azureml._vendor.azure_storage.blob"])
def test_python_clients(live: LiveService, module: str) -> None:
    name = "c" + module.replace(".", "-").replace("_", "")
    done = live.run(script(live, EVERYTHING, module), name, issued_url(live, "dir/made-by-url"))
    assert done.stdout.splitlines() == [
        "missing False",
        "again ContainerAlreadyExists",
        "big True True 6",
        "odd b'hello' {'k': 'v'} text/csv 5 BlockBlob",
        "exists BlobAlreadyExists",
        "modified ConditionNotMet",
        "changed {'n': 'w'} a/b",
        "empty b''",
        "log b'onetwo' 2",
        "copy success b'hello' success",
        # The clients show the prefixes of a page before its blobs.
        "list True ['dir/', 'p/', 'big.bin', 'copy', 'empty', 'log'] True "
        "{'p/0/0': {'i': '0'}, 'p/0/3': {'i': '3'}, 'p/0/6': {'i': '6'}}",
        f"containers ['{name}']",
        "gone False",
        "not found BlobNotFound",
        "not found ContainerNotFound",
        "deleted False",
        "url b'by url'",
        "forged 403 AuthenticationFailed",
        "end False",
    ]
    assert not (live.home.blobs / "acct" / name).exists()


def test_v1_datasets_through_rslex(live: LiveService) -> None:
    """The native engine signs with SharedKey, lists, reads in ranges and writes; the SDK uploads and downloads."""
    done = live.run(
        """
        import os
        import pandas as pd
        from azureml.core import Dataset, Workspace
        ws = Workspace.from_config()
        store = ws.get_default_datastore()
        os.makedirs("src/sub dir")
        frame = pd.DataFrame({"a": range(10), "b": list("abcdefghij")})
        frame.to_csv("src/t.csv", index=False)
        frame.to_csv("src/sub dir/ü +#.csv", index=False)
        with open("src/big.bin", "wb") as file:
            file.write(os.urandom((9 << 20) + 3))
        print("@", store.upload("src", "up", show_progress=False).path_on_datastore)
        one = Dataset.Tabular.from_delimited_files((store, "up/t.csv")).to_pandas_dataframe()
        print("@", one.equals(frame))
        print("@", Dataset.Tabular.from_delimited_files(store.path("./up/t.csv")).to_pandas_dataframe().equals(frame))
        print("@", Dataset.Tabular.from_delimited_files((store, "up/**/*.csv")).to_pandas_dataframe().shape)
        Dataset.File.upload_directory("src", (store, "native"), show_progress=False)
        files = Dataset.File.from_files((store, "native"))
        files.download("down", overwrite=True)
        same = [open(f"{a}/big.bin", "rb").read() for a in ("src", "down")]
        print("@", same[0] == same[1], sorted(files.to_path()))
        """
    )
    assert [line[2:] for line in done.stdout.splitlines() if line.startswith("@")] == [
        "up",
        "True",
        "True",
        "(20, 2)",
        "True ['/big.bin', '/sub dir/ü +#.csv', '/t.csv']",
    ]


def test_v1_datasets_whose_paths_begin_with_a_dot(live: LiveService) -> None:
    """A file, a folder and a pattern are found as without the dot, in the client and where a run mounts them."""
    done = live.run(
        """
        import os
        from azureml.core import Dataset, Workspace
        ws = Workspace.from_config()
        store = ws.get_default_datastore()
        os.makedirs("dots/sub")
        for name in ("a.csv", "b.csv", "sub/c.csv"):
            open(f"dots/{name}", "w").write("x\\n1\\n")
        store.upload("dots", "dots", show_progress=False)
        for path in "dots/a.csv dots dots/ dots/*.csv dots/** dots/**/*.csv */a.csv dots/./sub/*".split():
            plain, dotted = (Dataset.File.from_files((store, p)) for p in (path, "./" + path))
            rows = Dataset.Tabular.from_delimited_files((store, "./" + path)).to_pandas_dataframe()
            dotted.download("got", overwrite=True)
            if path == "dots/":
                frame = Dataset.Tabular.register_pandas_dataframe(rows, (store, "twice/"), "twice", show_progress=False)
                print("@ REGISTERED", frame.to_pandas_dataframe().equals(rows))
            print("@", path, plain.to_path() == dotted.to_path(), len(rows), dotted.to_path())
        """,
        workspace="dots",
    )
    said = [line[2:] for line in done.stdout.splitlines() if line.startswith("@")]
    assert said == [
        "dots/a.csv True 1 ['/a.csv']",
        "dots True 3 ['/a.csv', '/b.csv', '/sub/c.csv']",
        "REGISTERED True",
        "dots/ True 3 ['/a.csv', '/b.csv', '/sub/c.csv']",
        "dots/*.csv True 2 ['/a.csv', '/b.csv']",
        "dots/** True 3 ['/a.csv', '/b.csv', '/sub/c.csv']",
        "dots/**/*.csv True 3 ['/a.csv', '/b.csv', '/sub/c.csv']",
        "*/a.csv True 1 ['/dots/a.csv']",
        "dots/./sub/* True 1 ['/c.csv']",
    ]


UPLOAD_AGAIN = """
c = service(max_single_put_size=int(sys.argv[1]), max_block_size=1 << 20).get_container_client("killed")
if not c.exists():
    c.create_container()
    c.upload_blob("a", b"old")
print("ready", flush=True)
while True:
    c.upload_blob("a", os.urandom(60 << 20), overwrite=True)
"""


@pytest.mark.parametrize("single", [1 << 30, 1 << 20], ids=["one-request", "blocks"])
def test_killed_client_leaves_a_whole_blob(live: LiveService, tmp_path: Path, single: int) -> None:
    (tmp_path / "main.py").write_text(script(live, UPLOAD_AGAIN))
    blob = live.home.blobs / "acct" / "killed" / "a"
    staging = live.home.blobs / STAGING
    # A failed step of another module may have left an output that could not be put in its place.
    others = set(staging.iterdir())
    for pause in (0.1, 0.25):
        process = subprocess.Popen(
            [sys.executable, "main.py", str(single)], cwd=tmp_path, env=live.environment(), stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert blob.stat().st_size in (3, 60 << 20)
        deadline = time.monotonic() + 90
        while set(staging.iterdir()) - others and time.monotonic() < deadline:
            time.sleep(0.05)
        assert set(staging.iterdir()) <= others
        assert [path.name for path in blob.parent.iterdir()] == ["a"]


WRITE_MANY = """
import os
c = service(max_single_put_size=int(sys.argv[2]), max_block_size=1 << 20).get_container_client("both")
try:
    c.create_container()
except Exception as error:
    assert error.error_code == "ContainerAlreadyExists"
while not os.path.exists("stop"):
    c.upload_blob("a", sys.argv[1].encode() * (6 << 20), overwrite=True)
"""


@pytest.mark.parametrize("single", [1 << 30, 1 << 20], ids=["one-request", "blocks"])
def test_two_clients_at_once(live: LiveService, tmp_path: Path, single: int) -> None:
    (tmp_path / "main.py").write_text(script(live, WRITE_MANY))
    blob = live.home.blobs / "acct" / "both" / "a"
    clients = [
        subprocess.Popen(
            [sys.executable, "main.py", letter, str(single)],
            cwd=tmp_path,
            env=live.environment(),
            stderr=subprocess.PIPE,
        )
        for letter in "ab"
    ]
    seen = [b""]
    try:
        # However slow a client starts: until the one has written over the other several times.
        while len(seen) < 6 and all(client.poll() is None for client in clients):
            if blob.exists():
                content = blob.read_bytes()
                assert len(content) == 6 << 20
                assert len(set(content)) == 1, "the blob is a mixture"
                seen += [content[:1]] if content[:1] != seen[-1] else []
    finally:
        (tmp_path / "stop").touch()
        errors = [client.communicate()[1].decode() for client in clients]
    assert [client.returncode for client in clients] == [0, 0], errors
    assert set(seen[1:]) == {b"a", b"b"}


def test_service_killed_between_blocks(own_live: LiveService) -> None:
    body = """
        c = service().get_container_client("restart")
        if sys.argv[1] == "first":
            c.create_container()
            c.get_blob_client("a").stage_block("0001", b"one")
        else:
            b = c.get_blob_client("a")
            b.stage_block("0002", b"two")
            b.commit_block_list([m.BlobBlock("0001"), m.BlobBlock("0002")])
            print(b.download_blob().readall(), b.get_block_list()[1])
    """
    own_live.run(script(own_live, textwrap.dedent(body)), "first")
    own_live.kill()
    own_live.start()
    done = own_live.run(script(own_live, textwrap.dedent(body)), "second")
    assert done.stdout.strip() == "b'onetwo' []"
