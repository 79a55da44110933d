"""The variables that lead the clients to the service."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from amlbridge.server import client_environment
from amlbridge.server.home import Home
from amlbridge.wire.addresses import CLOUD


@pytest.fixture
def home(tmp_path: Path) -> Home:
    found = Home(tmp_path / ".amlbridge")
    found.create()
    return found


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (None, "127.0.0.1,localhost"),
        ("intranet, 10.0.0.1", "intranet,10.0.0.1,127.0.0.1,localhost"),
        ("localhost", "localhost,127.0.0.1"),
        ("*", "*,127.0.0.1,localhost"),
    ],
)
def test_the_users_no_proxy_is_kept(
    home: Home, monkeypatch: pytest.MonkeyPatch, own: str | None, expected: str
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    if own is not None:
        monkeypatch.setenv("NO_PROXY", own)
    values = client_environment.variables(home, 1, 2)
    assert values["NO_PROXY"] == values["no_proxy"] == expected
    assert not set(values) & set(client_environment.PROXY_VARIABLES)
    # An exception of the user's must not lead past the guard.
    assert client_environment.variables(home, 1, 2, guard_port=3)["NO_PROXY"] == "127.0.0.1,localhost"


def test_stale_cloud_cache_is_forgotten(home: Home) -> None:
    cache = home.azure_config / "cloudEndpoints.json"
    home.address.write_text('{"https_port": 4711}')
    cache.write_text(f'{{"name": "{CLOUD}", "resourceManager": "https://127.0.0.1:4711/"}}')
    client_environment.forget_cached_cloud(home)
    assert cache.exists()
    cache.write_text(f'{{"name": "{CLOUD}", "resourceManager": "https://127.0.0.1:9999/"}}')
    client_environment.forget_cached_cloud(home)
    assert not cache.exists()


def test_a_command_that_tells_a_client_of_the_service_imports_nothing_of_it() -> None:
    """`amlbridge run` starts one process for each script: with database and web server it took twice as long."""
    script = "import sys, amlbridge.server.client_environment; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"sqlalchemy", "starlette", "uvicorn", "anyio"} & set(done.stdout.split())
