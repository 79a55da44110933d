"""The coverage page is what the routes are."""

from __future__ import annotations

import re
from pathlib import Path

from amlbridge.server import assembly
from amlbridge.server.coverage import everything, table
from amlbridge.wire.context import Call
from amlbridge.wire.routing import Reply, Routes

ROOT = Path(__file__).parents[2]


def test_the_page_is_fresh() -> None:
    page = (ROOT / "docs" / "coverage.md").read_text()
    assert page == table(everything()), "docs/coverage.md is stale: run `make docs`"


def test_every_operation_says_what_it_does() -> None:
    silent = [item.path for routes in everything() for item in routes if not (item.refused or item.summary)]
    assert silent == []


def test_no_operation_hides_another() -> None:
    seen: set[tuple[str, str]] = set()
    for routes in assembly.services():
        for item in routes:
            # Whatever its parameters are called.
            key = (item.method, re.sub(r"\{\w+(\*?)\}", r"{\1}", item.path.lower()))
            assert key not in seen, f"{item.method} {item.path} is there twice"
            seen.add(key)


def test_refused_operations_are_told_with_their_reason() -> None:
    routes = Routes("things", "/things/v1.0/WS")

    @routes.operation("POST", "/x", refused="it needs a cloud")
    def make(call: Call) -> Reply:
        """Makes x."""

    @routes.get("/x")
    def read(call: Call) -> Reply:
        """Reads x."""

    page = table([routes])
    assert "| make | `POST /things/v1.0/WS/x` | 501 | it needs a cloud |" in page
    assert "| read | `GET /things/v1.0/WS/x` | served | Reads x. |" in page
    assert "1 operations are served, 1 are refused." in page
