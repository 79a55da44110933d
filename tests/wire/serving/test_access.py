"""Keys and tokens of endpoints."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlbridge.engine.blobs import BlobStore
from amlbridge.wire.context import Service
from amlbridge.wire.errors import ServiceError
from amlbridge.wire.identity import TokenIssuer
from amlbridge.wire.serving import access, files
from amlbridge.wire.serving.records import Deployment, Endpoint

NOW = [1_000_000.0]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    home = tmp_path_factory.mktemp("home")
    records: Any = None
    return Service(
        home, records, BlobStore(home / "blobs"), TokenIssuer(b"s" * 32, lambda: NOW[0]), clock=lambda: NOW[0]
    )


ENDPOINT = Endpoint("w", "online", "e", "managed", "key", "primary-key", "secondary-key")


def allowed(service: Service, endpoint: Endpoint, **headers: str) -> bool:
    try:
        access.check(service, endpoint, headers)
    except ServiceError as error:
        assert error.status in (401, 403)
        return False
    return True


def test_keys(service: Service) -> None:
    assert allowed(service, ENDPOINT, authorization="Bearer primary-key")
    assert allowed(service, ENDPOINT, authorization="bearer  secondary-key")
    for wrong in (
        "",
        "Bearer",
        "Bearer primary",
        "Basic primary-key",
        "primary-key",
        "Bearer primary-key2",
        "Bearer é",
    ):
        assert not allowed(service, ENDPOINT, authorization=wrong)
    assert not allowed(service, ENDPOINT)


@given(st.text(max_size=60))
def test_no_other_text_is_a_key_or_a_token(text: str) -> None:
    service = Service(Path(), None, None, TokenIssuer(b"s" * 32), clock=lambda: 0.0)  # type: ignore[arg-type]
    if text.strip() not in ("primary-key", "secondary-key"):
        for auth in ("key", "token", "aad"):
            assert not allowed(service, replace(ENDPOINT, auth=auth), authorization=f"Bearer {text}")


def test_tokens_are_for_one_endpoint_and_end(service: Service) -> None:
    endpoint = replace(ENDPOINT, auth="token")
    token, expiry = access.token(service, endpoint)
    header = f"Bearer {token}"
    assert allowed(service, endpoint, authorization=header)
    assert not allowed(service, replace(endpoint, name="other"), authorization=header)
    assert not allowed(service, replace(endpoint, primary="changed"), authorization=header)
    assert not allowed(service, endpoint, authorization=f"Bearer {expiry + 1}.{token.partition('.')[2]}")
    assert service.issuer.verify(token) is None  # it opens nothing else
    NOW[0] += access.TOKEN_LIFETIME + 1
    assert not allowed(service, endpoint, authorization=header)


def test_workspace_tokens(service: Service) -> None:
    endpoint = replace(ENDPOINT, auth="aad")
    token, _ = service.issuer.issue("https://ml.azure.com")
    assert allowed(service, endpoint, authorization=f"Bearer {token}")
    assert not allowed(service, replace(endpoint, auth="key"), authorization=f"Bearer {token}")


def test_web_pages_are_refused_without_authentication(service: Service) -> None:
    endpoint = replace(ENDPOINT, auth="none")
    assert allowed(service, endpoint)
    assert not allowed(service, endpoint, origin="http://page")
    assert not allowed(service, endpoint, **{"sec-fetch-site": "cross-site"})


@given(st.text(min_size=1, max_size=20))
def test_no_name_leaves_the_folder(name: str) -> None:
    service = Service(Path("/home/x"), None, None, TokenIssuer(b"s" * 32))  # type: ignore[arg-type]
    deployment: Any = type("D", (), {"workspace": "w", "flavor": "online", "endpoint": name, "name": "d"})()
    place: Deployment = deployment
    try:
        folder = files.folder(service, place)
    except ServiceError as error:
        assert error.status == 400
        return
    assert folder.parts[:5] == ("/", "home", "x", "serving", "w") and len(folder.parts) == 8
