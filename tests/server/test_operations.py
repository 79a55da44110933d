"""The list of operations that no test drives."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.wire.context import Call
from amlbridge.wire.routing import Reply, Router, Routes
from tests.support.operations import main, never_driven, requests

_PREFIX = "2026-01-01 00:00:00,000 DEBUG amlbridge.wire.application:"


def test_what_only_failed_or_was_never_asked_is_listed(tmp_path: Path) -> None:
    routes = Routes("things", "/things")

    @routes.get("/{a}/x")
    @routes.get("/x")
    def read(call: Call) -> Reply:
        """Reads."""

    @routes.post("/x")
    def write(call: Call) -> Reply:
        """Writes."""

    @routes.delete("/x")
    def remove(call: Call) -> Reply:
        """Removes."""

    @routes.operation("PUT", "/x", refused="no")
    def replace(call: Call) -> Reply:
        """Replaces."""

    (tmp_path / "a" / ".amlbridge").mkdir(parents=True)
    (tmp_path / "a" / "service.out").write_text(
        f"{_PREFIX} 200 GET /things/with space/x 1.0 ms azureml-sdk-core/1.61\n"
    )
    (tmp_path / "a" / ".amlbridge" / "service.log.1").write_text(f"other\n{_PREFIX} 400 POST /things/x 12.5 ms -\n")
    left = never_driven(Router(routes), requests(tmp_path))
    assert [item.name for item in left] == ["write", "remove"]


def test_plain_http_counts_only_where_no_client_asks(tmp_path: Path) -> None:
    routes, pages = Routes("things", "/things"), Routes("studio", "/pages")

    @routes.get("/sdk")
    def for_the_sdk(call: Call) -> Reply:
        """Reads."""

    @routes.operation("GET", "/rest", others="curl")
    def for_others(call: Call) -> Reply:
        """Reads."""

    @pages.get("/page")
    def page(call: Call) -> Reply:
        """A page."""

    paths = ("/things/sdk", "/things/rest", "/pages/page")
    lines = [f"{_PREFIX} 200 GET {path} 1.0 ms python-httpx/0.28.1\n" for path in paths]
    (tmp_path / "service.log").write_text("".join(lines))
    router = Router(routes, pages)
    assert never_driven(router, requests(tmp_path)) == []
    left = never_driven(router, requests(tmp_path), by_clients=True)
    assert [item.name for item in left] == ["for_the_sdk"]
    assert for_others.__doc__ and routes.operations[1].summary == "Reads. *For curl.*"


def test_logs_without_requests_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "service.log").write_text("2026-01-01 INFO x: started\n")
    assert main(tmp_path) == 2
    assert "AMLBRIDGE_LOG_LEVEL=DEBUG" in capsys.readouterr().err
