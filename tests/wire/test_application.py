"""What the application does for every operation: bodies, errors, tokens; requests as raw as a stranger sends them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amlbridge.engine.blobs import BlobStore
from amlbridge.engine.errors import ConflictError, NotFoundError
from amlbridge.engine.records.store import Records
from amlbridge.wire.application import LARGEST_BODY, Application
from amlbridge.wire.context import Call, Service
from amlbridge.wire.identity import TokenIssuer
from amlbridge.wire.routing import Reply, Router, Routes

routes = Routes("things", "/things/v1.0/WS")
WS = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"


@routes.post("/echo")
def echo(call: Call) -> Reply:
    """Gives the body back."""
    return call.object


@routes.post("/number")
def number(call: Call) -> Reply:
    """Reads a number."""
    return {"n": call.field("n", float), "flag": call.field("flag", bool, False)}


@routes.get("/lost/{name}")
def lost(call: Call) -> Reply:
    """Is not there."""
    raise NotFoundError(f"there is no {call.params['name']}")


@routes.get("/taken")
def taken(call: Call) -> Reply:
    """Is taken."""
    raise ConflictError("it is taken")


@routes.get("/broken")
def broken(call: Call) -> Reply:
    """Has a bug."""
    raise ZeroDivisionError("a bug")


@routes.operation("GET", "/cloud", refused="it needs a cloud; use the ground")
def cloud(call: Call) -> Reply:
    """Never called."""


class Caller:
    """Sends requests to an application in this process."""

    def __init__(self, folder: Path) -> None:
        records = Records(f"sqlite:///{folder / 'records.db'}")
        self.service = Service(folder, records, BlobStore(folder / "blobs"), TokenIssuer(b"secret"))
        self.application = Application(self.service, Router(routes))
        self.token = self.service.issuer.issue("x")[0]

    def __call__(self, method: str, path: str, content: bytes = b"", **headers: str) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.application)  # type: ignore[arg-type]
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                given = {"Authorization": f"Bearer {self.token}", **headers}
                return await client.request(method, f"/things/v1.0{WS}{path}", content=content, headers=given)

        return asyncio.run(send())


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    caller = Caller(tmp_path_factory.mktemp("app"))
    yield caller
    caller.service.records.close()


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "words"),
    [
        ("POST", "/echo", b"{", 400, "not JSON"),
        ("POST", "/echo", b"\xff\xfe{}", 400, "not JSON"),
        ("POST", "/echo", b'{"a": "\\ud800"}', 400, "not JSON"),
        ("POST", "/echo", b"[1]", 400, "must be a JSON object, not an array"),
        ("POST", "/echo", b"[" * 100_000, 400, "not JSON"),
        ("POST", "/number", b"{}", 400, "'n' is missing"),
        ("POST", "/number", b'{"n": "1"}', 400, "'n' must be a number, not a string"),
        ("POST", "/number", b'{"n": true}', 400, "'n' must be a number, not true or false"),
        ("POST", "/number", b'{"n": 1, "flag": 1}', 400, "'flag' must be true or false, not an integer"),
        ("GET", "/lost/x", b"", 404, "there is no x"),
        ("GET", "/taken", b"", 409, "it is taken"),
        ("GET", "/cloud", b"", 501, "use the ground"),
        ("GET", "/broken", b"", 500, "things.broken failed: ZeroDivisionError: a bug"),
        ("DELETE", "/echo", b"", 501, "DELETE /things/v1.0/subscriptions/s"),
    ],
)
def test_errors_say_what_is_wrong(
    call: Caller, method: str, path: str, content: bytes, status: int, words: str
) -> None:
    answer = call(method, path, content)
    assert answer.status_code == status
    assert words in answer.json()["error"]["message"]
    assert answer.json()["error"]["details"] == []
    assert answer.headers["x-ms-error-code"]


def test_numbers_bools_and_nothing(call: Caller) -> None:
    assert call("POST", "/number", b'{"n": 3}').json() == {"n": 3.0, "flag": False}
    assert call("POST", "/echo").json() == {}
    assert json.loads(call("POST", "/echo", b'{"x": NaN}').content)["x"] != 0


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x.y.z", "Basic abc", "Bearer \x7f"])
def test_without_a_good_token_nothing_is_said(call: Caller, header: str) -> None:
    for path in ("/lost/x", "/cloud", "/broken"):
        answer = call("GET", path, Authorization=header)
        assert answer.status_code == 401
        assert "amlbridge run" in answer.json()["message"]


def test_a_token_of_another_workspace_service_is_refused(call: Caller) -> None:
    other = TokenIssuer(b"other").issue("x")[0]
    assert call("GET", "/taken", Authorization=f"Bearer {other}").status_code == 401


def test_an_expired_token_is_refused(call: Caller) -> None:
    old = TokenIssuer(b"secret", lambda: 1.0).issue("x")[0]
    assert call("GET", "/taken", Authorization=f"Bearer {old}").status_code == 401


def test_an_oversized_body_is_refused(call: Caller) -> None:
    assert call("POST", "/echo", b" " * (LARGEST_BODY + 1)).status_code == 413


def test_paths_are_matched_without_case_and_with_doubled_slashes(call: Caller) -> None:
    lower = call.service.records.workspaces.ensure("s", "g", "w")
    answer = call("POST", "//ECHO/", b'{"a": 1}')
    assert answer.json() == {"a": 1}
    assert call.service.records.workspaces.ensure("S", "G", "W") == lower


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(st.dictionaries(st.text(st.characters(codec="utf-8")), VALUES, max_size=4))
def test_any_object_comes_back(call: Caller, body: dict[str, object]) -> None:
    assert call("POST", "/echo", json.dumps(body).encode()).json() == body


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_no_body_is_a_server_error(call: Caller, body: bytes) -> None:
    assert call("POST", "/number", body).status_code in (200, 400)
