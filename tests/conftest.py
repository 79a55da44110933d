"""Fixtures that every test may use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support import bytecode
from tests.support.live import LiveService

# How fast a machine is must not decide whether a property holds.
settings.register_profile("amlbridge", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("amlbridge")


def pytest_configure(config: pytest.Config) -> None:
    """Once, and not in each process of xdist."""
    if not hasattr(config, "workerinput"):
        bytecode.compile_all()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service that the tests of one module share."""
    service = LiveService(tmp_path_factory.mktemp("live"))
    yield service
    service.stop()


@pytest.fixture
def own_live(tmp_path: Path) -> Iterator[LiveService]:
    """A service of one test, which may kill and restart it."""
    service = LiveService(tmp_path)
    yield service
    if service.process is not None and service.process.poll() is None:
        service.stop()
