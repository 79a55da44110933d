"""The twins of run scripts do the same before and after, with the real clients."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.migrate.twins.running import unlike
from tests.migrate.twins.stages.run_scripts import TWINS
from tests.migrate.twins.twin import Twin
from tests.support.live import LiveService


@pytest.mark.slow
@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.name)
def test_after_does_what_before_did(twin: Twin, service: LiveService, tmp_path: Path) -> None:
    found = unlike(twin, service, tmp_path)
    assert not found, "\n".join(found)
