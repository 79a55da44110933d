"""`up` and `down`: one service, whatever happens."""

from __future__ import annotations

import json
import os
import signal
import stat
import time
from pathlib import Path

import pytest

from amlbridge.server import lifecycle
from tests.support.command import Command

pytestmark = pytest.mark.slow


def test_up_twice_down_twice(amlbridge: Command) -> None:
    first = amlbridge.json("up", "--json")
    assert first["started"] is True
    assert first["home"] == str(amlbridge.home.root)
    again = amlbridge("up").stdout
    assert f"was already running (pid {first['pid']})" in again
    assert first["http_url"] in again
    assert "stopped" in amlbridge("down").stdout
    assert lifecycle.process_mark(first["pid"]) is None
    assert not amlbridge.home.address.exists()
    assert "no service runs" in amlbridge("down").stdout
    # The next one comes up where clients that still poll look for it.
    assert amlbridge.json("up", "--json")["http_url"] == first["http_url"]


def test_concurrent_ups_start_one_service(amlbridge: Command) -> None:
    answers = [process.communicate(timeout=120) for process in [amlbridge.start("up", "--json") for _ in range(4)]]
    results = [json.loads(out) for out, _ in answers]
    assert len({result["pid"] for result in results}) == 1
    assert sum(result["started"] for result in results) == 1


def test_the_service_outlives_its_terminal(amlbridge: Command) -> None:
    pid = amlbridge.json("up", "--json")["pid"]
    assert os.getsid(pid) == pid
    os.kill(pid, signal.SIGHUP)
    time.sleep(0.3)
    assert amlbridge.json("status", "--json")["pid"] == pid


def test_killed_service_is_replaced(amlbridge: Command) -> None:
    pid = amlbridge.json("up", "--json")["pid"]
    os.kill(pid, signal.SIGKILL)
    while lifecycle.process_mark(pid) is not None:
        time.sleep(0.01)
    assert amlbridge.home.address.exists()
    assert amlbridge.json("status", "--json", code=3)["state"] == "down"
    assert amlbridge.json("up", "--json")["pid"] != pid


def test_address_whose_pid_is_someone_elses_is_stale(amlbridge: Command) -> None:
    amlbridge("up")
    content = amlbridge.home.read_address()
    assert content is not None
    amlbridge("down")
    amlbridge.home.address.write_text(json.dumps({**content, "pid": os.getpid()}))
    assert amlbridge.json("status", "--json", code=3)["state"] == "down"
    assert "no service runs" in amlbridge("down").stdout  # and this test's process lives on
    assert not amlbridge.home.address.exists()


def test_service_that_hangs_is_named_and_killed(amlbridge: Command) -> None:
    pid = amlbridge.json("up", "--json")["pid"]
    os.kill(pid, signal.SIGSTOP)
    assert amlbridge.json("status", "--json", code=3) == {
        "state": "silent",
        "home": str(amlbridge.home.root),
        "pid": pid,
    }
    refused = amlbridge("up", code=69)
    assert "does not answer" in refused.stderr
    down = amlbridge("down", "--wait", "1")
    assert "was killed" in down.stderr
    assert lifecycle.process_mark(pid) is None


def test_foreground_stops_on_ctrl_c(amlbridge: Command) -> None:
    process = amlbridge.start("up", "--foreground")
    assert process.stdout is not None
    assert process.stdout.readline().startswith("amlbridge is up")
    amlbridge("status")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Traceback" not in err
    assert not amlbridge.home.address.exists()


def test_newer_state_folder_is_refused(amlbridge: Command) -> None:
    amlbridge("up")
    amlbridge("down")
    marker = json.loads(amlbridge.home.marker.read_text())
    amlbridge.home.marker.write_text(json.dumps({**marker, "layout": 99}))
    failed = amlbridge("up", code=69)
    assert "layout 99" in failed.stderr
    assert "use the newer amlbridge" in failed.stderr


def test_newer_records_are_refused(amlbridge: Command) -> None:
    import sqlite3

    amlbridge("up")
    amlbridge("down")
    with sqlite3.connect(amlbridge.home.root / "records.db") as connection:
        connection.execute("UPDATE schema_version SET version = 999")
    failed = amlbridge("up", code=69)
    assert "have schema 999" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_damaged_records_are_told(amlbridge: Command) -> None:
    amlbridge("up")
    amlbridge("down")
    (amlbridge.home.root / "records.db").write_bytes(b"not a database" * 100)
    failed = amlbridge("up", code=69)
    assert "cannot open the records" in failed.stderr


def test_foreign_folder_is_refused(amlbridge: Command) -> None:
    amlbridge.write(f"{amlbridge.home.root}/thesis.txt", "mine")
    failed = amlbridge("up", code=69)
    assert "thesis.txt" in failed.stderr
    assert [path.name for path in amlbridge.home.root.iterdir()] == ["thesis.txt"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_read_only_folder_is_told(amlbridge: Command) -> None:
    amlbridge.home.root.parent.mkdir(parents=True)
    amlbridge.home.root.mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
    failed = amlbridge("up", code=69)
    assert "make it writable" in failed.stderr
    amlbridge.home.root.chmod(0o700)


def test_folder_that_is_a_file_is_told(amlbridge: Command) -> None:
    amlbridge.home.root.parent.mkdir(parents=True)
    amlbridge.home.root.write_text("")
    failed = amlbridge("up", code=69)
    assert "cannot use the state folder" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_start_is_told_why_it_failed(amlbridge: Command, tmp_path: Path) -> None:
    amlbridge("up")
    amlbridge("down")
    (amlbridge.home.certificates / "service.pem").write_text("no certificate")
    failed = amlbridge("up", code=69)
    assert "service.log" in failed.stderr
