"""Life cycle of the service as other processes see it."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from amlbridge.engine.errors import StateError
from amlbridge.server import lifecycle
from amlbridge.server.home import Home
from tests.support.live import LiveService


def test_process_mark_tells_processes_apart() -> None:
    assert lifecycle.process_mark(os.getpid()) == lifecycle.process_mark(os.getpid())
    assert lifecycle.process_mark(os.getpid()) != lifecycle.process_mark(1)
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert lifecycle.process_mark(child) is None  # a zombie
    os.waitpid(child, 0)
    assert lifecycle.process_mark(child) is None


def test_held_folder_starts_no_service(tmp_path: Path) -> None:
    home = Home(tmp_path / ".amlbridge")
    home.create()
    with lifecycle.held(home), pytest.raises(StateError), lifecycle.held(home):
        pass


@pytest.mark.slow
def test_impostor_at_the_port_is_not_taken_for_the_service(tmp_path: Path) -> None:
    """A process that took the port and answers everything with what the service would: but it has no secret."""
    home = Home(tmp_path / ".amlbridge")
    address, _ = lifecycle.start(home)
    content = home.read_address()
    lifecycle.stop(home)
    assert content is not None
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            connection.recv(4096)
            body = json.dumps({"status": "up", "pid": address.pid, "proof": "0" * 64}).encode()
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            connection.close()

        threading.Thread(target=answer, daemon=True).start()
        mine = {"pid": os.getpid(), "process": lifecycle.process_mark(os.getpid())}
        home.address.write_text(json.dumps({**content, **mine, "http_port": server.getsockname()[1]}))
        assert lifecycle.find(home).state == "silent"


@pytest.mark.slow
def test_sigterm_with_open_connections_is_prompt(own_live: LiveService) -> None:
    idle = [socket.create_connection(("127.0.0.1", port)) for port in (own_live.http_port, own_live.https_port)]
    half = socket.create_connection(("127.0.0.1", own_live.http_port))
    half.sendall(b"POST /msi/x/token HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
    with own_live.client() as client:
        assert client.get("/amlbridge/status").status_code == 200
        began = time.monotonic()
        own_live.stop()
    assert time.monotonic() - began < 60
    assert own_live.process is not None
    assert own_live.process.returncode == 0
    assert not own_live.home.address.exists()
    for connection in (*idle, half):
        connection.close()


@pytest.mark.slow
def test_two_services_on_one_folder(own_live: LiveService) -> None:
    import subprocess
    import sys

    command = [sys.executable, "-m", "amlbridge.server", str(own_live.home.root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 69
    assert "another service uses the state folder" in done.stderr
    with own_live.client() as client:
        assert client.get("/amlbridge/health").status_code == 200


@pytest.mark.slow
def test_ports_of_last_time_unless_taken(own_live: LiveService) -> None:
    ports = own_live.http_port, own_live.https_port
    own_live.kill()
    own_live.start()
    assert (own_live.http_port, own_live.https_port) == ports
    own_live.stop()
    with socket.create_server(("127.0.0.1", ports[0])):
        own_live.start()
    assert own_live.http_port != ports[0]
    assert own_live.https_port == ports[1]


@pytest.mark.slow
def test_garbage_does_not_harm_the_service(live: LiveService) -> None:
    for port in (live.http_port, live.https_port):
        for garbage in (b"\x00" * 1000, b"GET " + b"/" * 200_000, b"\x16\x03\x01\x02\x00" + os.urandom(500)):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                try:
                    connection.sendall(garbage)
                    connection.shutdown(socket.SHUT_WR)
                    connection.recv(1000)
                except OSError:
                    pass  # the service hung up, as it may
    with live.client() as client:
        assert client.get("/amlbridge/status").json()["pid"] == live.process.pid  # type: ignore[union-attr]


@pytest.mark.slow
def test_listens_on_loopback_only(live: LiveService) -> None:
    import psutil

    assert live.process is not None
    listening = [item for item in psutil.Process(live.process.pid).net_connections() if item.status == "LISTEN"]
    assert len(listening) == 3
    assert {item.laddr.ip for item in listening} == {"127.0.0.1"}
    live.process.send_signal(signal.SIGCONT)
