"""Forked services are processes as `python -m amlbridge.server` starts them."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from tests.support.live import LiveService


@pytest.mark.slow
@pytest.mark.parametrize(("name", "fresh"), [("AMLBRIDGE_LOG_LEVEL", False), ("PYTHONUNBUFFERED", True)])
def test_a_service_of_its_own_session_environment_and_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, fresh: bool
) -> None:
    first = LiveService(tmp_path / "first")
    monkeypatch.setenv(name, "WARNING")
    second = LiveService(tmp_path / "second")
    assert first.process is not None and second.process is not None
    for service in (first, second):
        assert os.getsid(service.process.pid) == service.process.pid  # type: ignore[union-attr]
    assert ("amlbridge.server" in psutil.Process(second.process.pid).cmdline()) == fresh
    assert (name == "AMLBRIDGE_LOG_LEVEL") == ("ready: " not in second.log.read_text())
    assert f"pid {first.process.pid}" in first.log.read_text()
    first.stop()
    second.kill()
    assert (first.process.returncode, second.process.returncode) == (0, -9)
