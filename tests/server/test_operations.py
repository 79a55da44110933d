"""The list of operations that no test drives."""

from __future__ import annotations

from pathlib import Path

from amlbridge.wire.context import Call
from amlbridge.wire.routing import Reply, Router, Routes
from tests.support.operations import never_driven, requests


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
    prefix = "2026-01-01 00:00:00,000 DEBUG amlbridge.wire.application:"
    (tmp_path / "a" / "service.out").write_text(f"{prefix} 200 GET /things/with space/x 1.0 ms\nother\n")
    (tmp_path / "a" / ".amlbridge" / "service.log.1").write_text(f"{prefix} 400 POST /things/x 12.5 ms\n")
    left = never_driven(Router(routes), requests(tmp_path))
    assert [item.name for item in left] == ["write", "remove"]
