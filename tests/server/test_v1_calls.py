"""docs/v1-calls.md tells the truth: about the routes, the tests and the installed packages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from amlbridge.server.assembly import services
from amlbridge.server.v1_calls import page
from amlbridge.v1.call_table import V1Call
from amlbridge.v1.calls import SECTIONS
from tests.support.live import LiveService

ROOT = Path(__file__).parents[2]
CALLS = [call for calls in SECTIONS.values() for call in calls]


def test_the_page_is_fresh() -> None:
    assert (ROOT / "docs" / "v1-calls.md").read_text() == page(), "docs/v1-calls.md is stale: run `make docs`"


def test_a_call_is_told_once() -> None:
    names = [call.symbol for call in CALLS]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_every_operation_is_there_and_as_served_as_the_call() -> None:
    refused: dict[str, set[bool]] = {}
    for routes in services():
        for operation in routes:
            key = f"{operation.service.replace(' ', '-')}.{operation.name}"
            refused.setdefault(key, set()).add(operation.refused is not None)
    wrong = []
    for call in CALLS:
        wrong += [(call.symbol, call.status, name) for name in call.operations if refused.get(name) != {_refused(call)}]
    assert wrong == []
    assert [call.symbol for call in CALLS if call.status == "served" and not call.operations] == []
    assert [call.symbol for call in CALLS if call.status in ("refused", "gone") and not call.note] == []


def _refused(call: V1Call) -> bool:
    return call.status == "refused"


def test_every_test_is_there_and_what_is_served_has_one() -> None:
    for call in CALLS:
        assert call.status != "served" or call.test, f"{call.symbol}: no test drives it"
        if call.test:
            file, _, name = call.test.partition("::")
            text = (ROOT / "tests" / file).read_text()
            assert re.search(rf"^def {name}\(", text, re.MULTILINE), f"{call.symbol}: there is no test {call.test}"


_EXISTS = """
import importlib, json
from amlbridge.v1.calls import SECTIONS

def exists(symbol):
    parts = symbol.split(".")
    for size in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:size]))
        except ImportError:
            continue
        for name in parts[size:]:
            found = getattr(found, name, None)
            if found is None:
                return False
        return True
    return False

names = [call.symbol for calls in SECTIONS.values() for call in calls]
print(json.dumps([name for name in names if not exists(name)]))
"""


@pytest.mark.slow
def test_every_call_is_in_the_packages(live: LiveService) -> None:
    # In a client, which has imported most of it.
    missing = json.loads(live.run(_EXISTS).stdout.splitlines()[-1])
    assert missing == [call.symbol for call in CALLS if call.status == "gone"]
