"""Several processes that upload one blob at once, each over several connections: one whole version wins.

Azure keeps one set of uncommitted blocks for each blob, whoever sent them: there, a list that is put together can mix
uploaders whose block ids are alike (those of the SDKs are numbers), and fails when another one has just succeeded.
"""

from __future__ import annotations

import base64
import ssl
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from amlbridge.server import certificates
from tests.support.live import LiveService

pytestmark = pytest.mark.slow

_UPLOADER = """
import base64, ssl, sys, httpx
from urllib.parse import quote
url, bundle, content = sys.argv[1], sys.argv[2], sys.argv[3].encode()
context = ssl.create_default_context(cafile=bundle)
connections = [httpx.Client(verify=context, trust_env=False, timeout=60) for _ in range(3)]
ids = [base64.b64encode(b"%05d" % number).decode() for number in range(3)]
for connection, block in zip(connections, ids):
    sent = connection.put(f"{url}&comp=block&blockid={quote(block)}", content=content * 1000)
    assert sent.status_code == 201, sent.text
print("sent", flush=True)
if not sys.stdin.readline():
    sys.exit()
xml = "<BlockList>" + "".join(f"<Latest>{block}</Latest>" for block in ids) + "</BlockList>"
print(connections[0].put(f"{url}&comp=blocklist", content=xml.encode()).status_code, flush=True)
"""


def _target(live: LiveService, name: str) -> tuple[str, str, Path]:
    """A signed URL, the bundle of the client, and where the blob will lie."""
    with live.client() as http:
        place = f"{live.url}/artifact/v2.0{live.scope()}/artifacts/write/LocalUpload/both/{name}"
        url = http.get(place).json()["contentUri"]
    account = url.split("//")[1].split(".")[0]
    bundle = str(certificates.bundle(live.home.certificates))
    return url, bundle, live.home.blobs / account / "azureml" / "LocalUpload" / "both" / name


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_blocks_of_the_same_names_do_not_mix(live: LiveService, order: tuple[int, int]) -> None:
    url, bundle, path = _target(live, f"raw{order[0]}")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    uploaders = []
    for letter in "AB":
        command = [sys.executable, "-c", _UPLOADER, url, bundle, letter]
        uploaders.append(subprocess.Popen(command, **pipes))  # type: ignore[call-overload]
        assert uploaders[-1].stdout.readline() == "sent\n"  # all blocks of A are there before the first of B
    for turn in order:
        out, _ = uploaders[turn].communicate("go\n", timeout=60)
        assert out == "201\n"
        assert path.read_bytes() == "AB"[turn].encode() * 3000
    left = list((live.home.blobs / ".blocks").glob("*/*/*/*"))
    assert left == []


def test_a_block_list_may_name_what_another_process_sent(live: LiveService) -> None:
    """A process that was forked to send blocks has ended when its parent puts them together."""
    url, bundle, path = _target(live, "forked")
    subprocess.run(
        [sys.executable, "-c", _UPLOADER, url, bundle, "C"], input="", check=True, capture_output=True, text=True
    )
    again = httpx.Client(verify=ssl.create_default_context(cafile=bundle), trust_env=False)
    block = base64.b64encode(b"00009").decode()
    assert again.put(f"{url}&comp=block&blockid={block}", content=b"end").status_code == 201
    committed = base64.b64encode(b"00001").decode()
    xml = f"<BlockList><Latest>{committed}</Latest><Latest>{block}</Latest></BlockList>"
    assert again.put(f"{url}&comp=blocklist", content=xml.encode()).status_code == 201
    assert path.read_bytes() == b"C" * 1000 + b"end"


_CLIENT = """
import sys
from azure.storage.blob import BlobClient
blob = BlobClient.from_blob_url(sys.argv[1], max_block_size=200_000, max_single_put_size=200_000)
for number in range(6):
    blob.upload_blob(sys.argv[2].encode() * 2_000_000, overwrite=True, max_concurrency=4)
"""


def test_storage_clients_that_upload_one_blob_at_once(live: LiveService) -> None:
    url, _bundle, path = _target(live, "clients")
    uploaders = [
        subprocess.Popen([sys.executable, "-c", _CLIENT, url, letter], env=live.environment()) for letter in "ABC"
    ]
    seen: set[bytes] = set()
    while any(uploader.poll() is None for uploader in uploaders):
        if path.exists():
            content = path.read_bytes()
            seen.add(content[:1])
            assert content == content[:1] * 2_000_000
        time.sleep(0.02)
    assert [uploader.returncode for uploader in uploaders] == [0, 0, 0]
    assert len(seen) > 1
