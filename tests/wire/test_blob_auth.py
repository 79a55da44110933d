"""Who may use the blob endpoint: signatures that the real client library makes, and forged ones."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from amlbridge.wire import blob_accounts
from tests.wire.blob_support import NOW, Blobs

azure = pytest.importorskip("azure.storage.blob")
BLOCK = {"x-ms-blob-type": "BlockBlob"}


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    made = Blobs(tmp_path)
    made.store.put("acct", "cont", "dir/a b", b"content")
    return made


def at(hours: float) -> datetime:
    return datetime.fromtimestamp(NOW, timezone.utc) + timedelta(hours=hours)


def sas(blobs: Blobs, kind: str, permission: str = "r", **options: Any) -> str:
    fixed: dict[str, Any] = {"account_name": "acct", "account_key": blobs.service.issuer.account_key("acct")}
    fixed |= {"permission": permission, "expiry": at(1), **options}
    if kind == "blob":
        return str(azure.generate_blob_sas(container_name="cont", blob_name="dir/a b", **fixed))
    if kind == "container":
        return str(azure.generate_container_sas(container_name="cont", **fixed))
    return str(azure.generate_account_sas(**{"resource_types": "co", **fixed}))


def status(blobs: Blobs, method: str, target: str, body: bytes = b"") -> tuple[int, str]:
    answer = blobs.ask(method, target, body, BLOCK if method == "PUT" else {}, signed=False)
    return answer.status, answer.code


@pytest.mark.parametrize("kind", ["blob", "container", "account"])
def test_signatures_of_users(blobs: Blobs, kind: str) -> None:
    read = sas(blobs, kind)
    assert status(blobs, "GET", f"/cont/dir/a%20b?{read}") == (200, "")
    assert status(blobs, "PUT", f"/cont/dir/a%20b?{read}", b"x") == (403, "AuthorizationPermissionMismatch")
    assert status(blobs, "DELETE", f"/cont/dir/a%20b?{read}") == (403, "AuthorizationPermissionMismatch")
    assert status(blobs, "GET", f"/cont/dir/a%20b?{read.replace('sp=r', 'sp=rwd')}") == (403, "AuthenticationFailed")
    expected = (403, "AuthenticationFailed") if kind == "blob" else (404, "BlobNotFound")
    assert status(blobs, "GET", f"/cont/other?{read}") == expected
    for times in ({"expiry": at(-1)}, {"start": at(1), "expiry": at(2)}):
        assert status(blobs, "GET", f"/cont/dir/a%20b?{sas(blobs, kind, **times)}") == (403, "AuthenticationFailed")
    elsewhere = sas(blobs, kind, ip="10.0.0.1-10.0.0.9")
    assert status(blobs, "GET", f"/cont/dir/a%20b?{elsewhere}")[0] == 403
    here = sas(blobs, kind, ip="127.0.0.0-127.0.0.9", protocol="https")
    assert status(blobs, "GET", f"/cont/dir/a%20b?{here}")[0] == 200
    foreign = sas(blobs, kind, account_key="A" * 86 + "==")
    assert status(blobs, "GET", f"/cont/dir/a%20b?{foreign}") == (403, "AuthenticationFailed")
    assert blobs.store.path("acct", "cont", "dir/a b").read_bytes() == b"content"


def test_an_account_that_the_address_names_is_tried_alone(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """To ask all datastores of all workspaces would be most of what such a request takes."""
    monkeypatch.setattr(blob_accounts, "likely", lambda *of: pytest.fail("all accounts are asked for"))
    named = {"authorization": "Basic " + base64.b64encode(b"acct.blob.core.windows.net:").decode()}
    assert blobs.ask("GET", f"/cont/dir/a%20b?{sas(blobs, 'blob')}", b"", named, signed=False).status == 200


def test_datastores_of_all_workspaces_are_read_for_no_account_that_is_known(
    blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a hundred workspaces that would take longer than the rest of the request."""
    monkeypatch.setattr(blob_accounts, "named", lambda service: pytest.fail("all datastores are read"))
    assert status(blobs, "GET", f"/cont/dir/a%20b?{sas(blobs, 'blob')}")[0] == 200
    workspace = blobs.service.records.workspaces.ensure("s", "g", "new")
    account = workspace.storage_account
    blobs.store.create_container(account, "cont")
    own = {"account_name": account, "account_key": blobs.service.issuer.account_key(account)}
    assert status(blobs, "GET", f"/cont/dir/a%20b?{sas(blobs, 'container', **own)}")[0] == 404
    monkeypatch.setattr(blobs.service.records.workspaces, "list", lambda: pytest.fail("all workspaces are read"))
    monkeypatch.setattr(type(blobs.store), "accounts", lambda store: pytest.fail("all folders are read"))
    for options, expected in (({}, 200), (own, 404), ({}, 200)):
        assert status(blobs, "GET", f"/cont/dir/a%20b?{sas(blobs, 'container', **options)}")[0] == expected


def test_levels_of_signatures(blobs: Blobs) -> None:
    one, all_of = sas(blobs, "blob", "rwd"), sas(blobs, "container", "rl")
    listing = "/cont?restype=container&comp=list&"
    assert status(blobs, "GET", listing + one)[0] == 403
    assert status(blobs, "GET", listing + all_of)[0] == 200
    assert status(blobs, "GET", f"/?comp=list&{all_of}")[0] == 403
    objects, service = sas(blobs, "account", "rl", resource_types="o"), sas(blobs, "account", "rl", resource_types="s")
    assert status(blobs, "GET", listing + objects) == (403, "AuthorizationResourceTypeMismatch")
    assert status(blobs, "GET", f"/?comp=list&{service}")[0] == 200
    create = sas(blobs, "container", "c")
    assert status(blobs, "PUT", f"/cont/new?{create}", b"x")[0] == 201
    assert status(blobs, "PUT", f"/cont/new?{create}", b"y") == (403, "UnauthorizedBlobOverwrite")
    typed = blobs.ask("GET", f"/cont/new?{sas(blobs, 'container', content_type='text/plain')}", signed=False)
    assert typed.headers["content-type"] == "text/plain"


def test_urls_of_ours(blobs: Blobs) -> None:
    url = urlsplit(blobs.service.blob_url("acct", "cont", "dir/a b"))
    assert status(blobs, "GET", f"{url.path}?{url.query}")[0] == 200
    assert status(blobs, "PUT", f"{url.path}?{url.query}", b"new")[0] == 201
    assert status(blobs, "GET", f"/cont/other?{url.query}") == (403, "AuthenticationFailed")
    assert status(blobs, "DELETE", f"{url.path}?{url.query}") == (403, "AuthorizationPermissionMismatch")
    # The Python clients drop parameters that no SAS has.
    kept = "&".join(part for part in url.query.split("&") if not part.startswith("ska="))
    assert status(blobs, "GET", f"{url.path}?{kept}")[0] == 200
    fresh = urlsplit(blobs.service.blob_url("acct", "made", "a"))
    assert status(blobs, "PUT", f"{fresh.path}?{fresh.query}", b"x")[0] == 201


def test_nothing_without_proof(blobs: Blobs) -> None:
    before = blobs.files()
    for headers in (
        {},
        {"authorization": "Basic YWNjdC5ibG9iLng6"},
        {"authorization": "Bearer x.y.z"},
        {"authorization": "SharedKey acct:AAAA"},
        {"authorization": "SharedKey ../x:AAAA"},
        {"authorization": "SharedKeyLite acct:AAAA"},
    ):
        for method, target in (("PUT", "/cont/new"), ("DELETE", "/cont/dir/a%20b"), ("GET", "/cont/dir/a%20b")):
            answer = blobs.ask(method, target, b"x" * 10, BLOCK | headers, signed=False)
            assert (answer.status, answer.code) == (403, "AuthenticationFailed")
            assert answer.body.startswith(
                b'<?xml version="1.0" encoding="utf-8"?><Error><Code>AuthenticationFailed</Code>'
            )
            assert b"content" not in answer.body.replace(b"content-", b"")
    assert blobs.files() == before


def test_a_token_needs_a_container_that_one_account_has(blobs: Blobs) -> None:
    bearer = {"authorization": f"Bearer {blobs.token}"}
    assert blobs.ask("GET", "/cont/dir/a%20b", headers=bearer, signed=False).body == b"content"
    assert blobs.ask("GET", "/nowhere/a", headers=bearer, signed=False).code == "ContainerNotFound"
    blobs.store.create_container("other", "cont")
    answer = blobs.ask("GET", "/cont/dir/a%20b", headers=bearer, signed=False)
    assert (answer.status, b"acct, other" in answer.body) == (400, True)


def test_what_is_no_blob_request_stays_unknown(blobs: Blobs) -> None:
    answer = blobs.ask("GET", "/history/v9/things", bare=True)
    assert (answer.status, b"does not serve GET /history/v9/things" in answer.body) == (501, True)
