"""Fixtures of the twins."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.migrate.twins.twin import Twin
from tests.support import own_environment
from tests.support.live import LiveService, SharedService


@pytest.fixture(scope="session")
def intercepting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service that answers hosts of Azure, one for each process of xdist."""
    service = LiveService(tmp_path_factory.mktemp("intercepting"), intercept=True)
    yield SharedService(service, "twins")
    service.stop()


@pytest.fixture
def service(twin: Twin, request: pytest.FixtureRequest) -> LiveService:
    """The service that a twin runs in. Skips a twin whose packages are not there."""
    if twin.needs:
        pytest.importorskip(twin.needs)
    if twin.packages and own_environment.python(*twin.packages) is None:
        pytest.skip(f"an environment with {', '.join(twin.packages)} cannot be built here")
    found: LiveService = request.getfixturevalue("intercepting" if twin.asks_azure else "live")
    return found
