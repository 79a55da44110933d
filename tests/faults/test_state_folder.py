"""State folders that cannot be used: read-only, newer, damaged, held by another service. Nothing is changed."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from amlbridge.engine.errors import StateError
from amlbridge.engine.records import schema
from amlbridge.engine.records.store import Records
from amlbridge.server.home import Home
from tests.faults.disks import SmallDisk, small_disk
from tests.support.live import LiveService

pytestmark = pytest.mark.slow


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", 32) as made:
        yield made


def serve(home: Path) -> subprocess.CompletedProcess[str]:
    """A service that must not start."""
    command = [sys.executable, "-m", "amlbridge.server", str(home)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 69, done.stderr
    assert done.stderr.startswith("amlbridge: "), done.stderr
    assert "Traceback" not in done.stderr
    return done


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def make(folder: Path) -> Home:
    """A state folder with something in it, and no service."""
    home = Home(folder)
    home.create()
    records = Records(home.records_url)
    workspace = records.workspaces.ensure("s", "g", "w")
    records.experiments.ensure(workspace.id, "kept")
    records.close()
    return home


def test_a_read_only_folder_is_refused(disk: SmallDisk) -> None:
    home = make(disk.folder / "state")
    disk.remount("ro")
    before = contents(home.root)
    assert "make it writable" in serve(home.root).stderr
    assert contents(home.root) == before


def test_newer_records_are_refused_and_left_alone(tmp_path: Path) -> None:
    home = make(tmp_path / "state")
    with sqlite3.connect(home.root / "records.db") as connection:
        connection.execute("UPDATE schema_version SET version = ?", (schema.VERSION + 1,))
    with pytest.raises(StateError, match="use the newer amlbridge"):
        Records(home.records_url)
    said = serve(home.root).stderr
    assert f"have schema {schema.VERSION + 1}, this amlbridge knows {schema.VERSION}" in said
    assert "use the newer amlbridge, or another state folder" in said
    with sqlite3.connect(home.root / "records.db") as connection:
        assert connection.execute("SELECT version FROM schema_version").fetchall() == [(schema.VERSION + 1,)]
        assert connection.execute("SELECT name FROM experiment").fetchall() == [("kept",)]


def test_a_newer_layout_is_refused(tmp_path: Path) -> None:
    home = make(tmp_path / "state")
    home.marker.write_text(json.dumps({**json.loads(home.marker.read_text()), "layout": 99}))
    before = contents(home.root)
    assert "has layout 99" in serve(home.root).stderr
    assert {name: text for name, text in contents(home.root).items() if "service.lock" not in name} == before


@pytest.mark.parametrize("damage", [b"", b"this is no database" * 100])
def test_damaged_records_are_refused_and_not_overwritten(tmp_path: Path, damage: bytes) -> None:
    home = make(tmp_path / "state")
    (home.root / "records.db").write_bytes(damage)
    for left in home.root.glob("records.db-*"):
        left.unlink()
    if damage:
        assert "cannot open the records" in serve(home.root).stderr
        assert (home.root / "records.db").read_bytes() == damage


def test_a_second_service_leaves_the_first_one_alone(own_live: LiveService) -> None:
    with own_live.client() as client:
        address = own_live.home.read_address()
        assert "another service uses the state folder" in serve(own_live.home.root).stderr
        assert own_live.home.read_address() == address
        answer = client.post(f"/history/v1.0{own_live.scope()}/experiments/still")
        assert answer.status_code == 200
        staging = own_live.home.blobs / ".staging" / "being-written"
        staging.write_bytes(b"an upload of the first service")
        serve(own_live.home.root)
        assert staging.exists(), "the second service has cleared what the first one was writing"
