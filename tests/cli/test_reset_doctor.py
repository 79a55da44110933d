"""`reset` removes what is ours and nothing else; `doctor` names what is wrong."""

from __future__ import annotations

import os
import socket
from typing import Any

import pytest

from tests.support.command import Command

pytestmark = pytest.mark.slow


def test_reset_stops_the_service_and_removes_its_folder(amlbridge: Command) -> None:
    config = amlbridge.write("config.json", "{}")
    pid = amlbridge.json("up", "--json")["pid"]
    outside = amlbridge.write("outside/data.csv", "1,2")
    (amlbridge.home.work / "link").symlink_to(outside.parent)
    assert "give --yes" in amlbridge("reset", code=2).stderr
    assert amlbridge.json("status", "--json")["pid"] == pid
    amlbridge("reset", "--yes")
    assert not amlbridge.home.root.exists()
    assert outside.exists()
    assert config.exists()
    assert "nothing to remove" in amlbridge("reset", "--yes").stdout


def test_reset_leaves_a_folder_that_is_not_ours(amlbridge: Command) -> None:
    thesis = amlbridge.write(f"{amlbridge.home.root}/thesis.txt", "mine")
    failed = amlbridge("reset", "--yes", code=2)
    assert "amlbridge did not make it" in failed.stderr
    assert thesis.exists()
    amlbridge.environment["AMLBRIDGE_HOME"] = str(amlbridge.folder)
    amlbridge("reset", "--yes", code=2)
    assert thesis.exists()
    del amlbridge.environment["AMLBRIDGE_HOME"]


def test_reset_does_not_follow_a_link(amlbridge: Command) -> None:
    real = Command(amlbridge.folder / "real")
    real.folder.mkdir()
    real.home.create()
    amlbridge.home.root.parent.mkdir(parents=True)
    amlbridge.home.root.symlink_to(real.home.root)
    assert "symbolic link" in amlbridge("reset", "--yes", code=2).stderr
    assert real.home.is_ours()


def test_a_workspace_is_new_after_a_reset(amlbridge: Command) -> None:
    """The v1 client caches by workspace id: an id that came back would find services that are gone."""
    amlbridge.write("id.py", "from azureml.core import Workspace; print(Workspace.from_config()._workspace_id)")
    before = amlbridge("run", "id.py").stdout
    amlbridge("reset", "--yes")
    assert amlbridge("run", "id.py").stdout != before


def _findings(amlbridge: Command, code: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = amlbridge.json("doctor", "--json", code=code)["findings"]
    return found


def test_doctor_is_content(amlbridge: Command) -> None:
    assert {item["state"] for item in _findings(amlbridge, 0)} <= {"ok", "warning"}
    assert not amlbridge.home.root.exists()  # it changes nothing
    amlbridge("up")
    findings = _findings(amlbridge, 0)
    assert any(item["check"] == "service" and item["detail"].startswith("up at") for item in findings)
    assert any(item["check"] == "TLS" and "are good for" in item["detail"] for item in findings)
    assert "0 problems" in amlbridge("doctor").stdout


def test_doctor_names_each_problem_and_what_to_do(amlbridge: Command) -> None:
    amlbridge("up")
    port = amlbridge.home.read_ports()["http_port"]
    amlbridge("down")
    (amlbridge.home.azure_config / "cloudEndpoints.json").write_text('["https://127.0.0.1:1/"]')
    (amlbridge.home.certificates / "service.pem").write_text("nothing")
    amlbridge.home.secret.chmod(0o644)
    amlbridge.environment |= {
        "AZUREML_RUN_ID": "x",
        "SSL_CERT_FILE": "/nowhere.pem",
        "HTTPS_PROXY": "socks5://127.0.0.1:1",
        "HTTP_PROXY": "http://127.0.0.1:1",
    }
    with socket.create_server(("127.0.0.1", port)):
        findings = _findings(amlbridge, 1)
    told = {(item["check"], item["detail"]): item for item in findings if item["state"] != "ok"}
    for check, part in (
        ("client cache", "cloudEndpoints.json names a service that is gone"),
        ("TLS", "certificates cannot be read"),
        ("TLS", "/nowhere.pem, which is not there"),
        ("home", "can be read by other users"),
        ("environment", "AZUREML_RUN_ID"),
        ("proxy", "socks5"),
        ("proxy", "does not name 127.0.0.1"),
        ("ports", str(port)),
    ):
        matching = [item for (name, detail), item in told.items() if name == check and part in detail]
        assert matching, (check, part, list(told))
        assert matching[0]["do"]


def test_doctor_sees_a_folder_that_is_not_ours(amlbridge: Command) -> None:
    amlbridge.write(f"{amlbridge.home.root}/thesis.txt", "mine")
    findings = _findings(amlbridge, 1)
    assert any("thesis.txt" in item["detail"] for item in findings)
    assert os.listdir(amlbridge.home.root) == ["thesis.txt"]  # noqa: PTH208
