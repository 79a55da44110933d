"""Records and operations when the disk takes no more: the error says so, and nothing is half written."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from amlbridge.engine.blobs import BlobStore
from amlbridge.engine.errors import StorageError
from amlbridge.engine.launch import memory
from amlbridge.engine.records.store import Records
from amlbridge.wire.application import Application
from amlbridge.wire.context import Call, Service
from amlbridge.wire.identity import TokenIssuer
from amlbridge.wire.routing import Reply, Router, Routes
from tests.faults.malformed import Answer, send, serving

routes = Routes("disk")


@routes.get("/write/{number}", access="open")
def write(call: Call) -> Reply:
    """Fails as the system does."""
    number = int(call.params["number"])
    raise OSError(number, "what the system said")


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    made = Records(f"sqlite:///{tmp_path / 'records.db'}")
    yield made
    made.close()


def test_a_transaction_without_room_leaves_nothing(records: Records) -> None:
    workspace = records.workspaces.ensure("s", "g", "w")
    experiment = records.experiments.ensure(workspace.id, "e")
    with records.database.read() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()

    def limit(count: int) -> None:
        with records.database.write() as connection:
            connection.execute(text(f"PRAGMA max_page_count={count}"))

    limit(pages + 4)
    with pytest.raises(StorageError, match="free some space"), records.database.write():
        for number in range(1000):
            records.runs.add(workspace.id, experiment.id, f"r{number}", "script", description="x" * 4000)
    assert records.runs.query(workspace.id) == []
    records.experiments.ensure(workspace.id, "e")
    limit(1_000_000)
    with records.database.write():
        for number in range(100):
            records.runs.add(workspace.id, experiment.id, f"r{number}", "script", description="x" * 4000)
    assert len(records.runs.query(workspace.id)) == 100


@pytest.mark.parametrize(
    ("number", "status", "words"),
    [
        (errno.ENOSPC, 409, "free some space"),
        (errno.EDQUOT, 409, "free some space"),
        (errno.EFBIG, 409, "free some space"),
        (errno.EROFS, 409, "make it writable"),
        (errno.EACCES, 409, "make it writable"),
        (errno.EIO, 500, "what the system said"),
    ],
)
def test_an_operation_that_cannot_write_says_why(
    records: Records, tmp_path: Path, number: int, status: int, words: str
) -> None:
    service = Service(tmp_path, records, BlobStore(tmp_path / "blobs"), TokenIssuer(b"secret"))
    with serving():
        answer: Answer = send(Application(service, Router(routes)), "GET", f"/write/{number}", "", b"", {})
    assert answer.status == status
    assert words in answer.json["error"]["message"]
    assert answer.json["error"]["details"] == []


GB = 1 << 30


@pytest.mark.parametrize(
    ("said", "limit"),
    [
        (None, 9 * GB),
        ("", 9 * GB),
        ("none", None),
        ("8G", 8 * GB),
        ("1.5 GiB", GB * 3 // 2),
        ("500M", 500 << 20),
        ("50%", 5 * GB),
        ("1000000", 1_000_000),
    ],
)
def test_the_limit_of_a_steps_memory(said: str | None, limit: int | None) -> None:
    assert memory.parse_limit(said, 10 * GB) == limit


@pytest.mark.parametrize("said", ["much", "-1G", "0", "8X", "G", "1e3", "8 G B"])
def test_what_is_no_limit(said: str) -> None:
    with pytest.raises(ValueError, match="say for instance 8G"):
        memory.parse_limit(said, 10 * GB)
