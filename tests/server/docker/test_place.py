"""Where the socket of the Docker API is, and that nothing of it stays behind."""

from __future__ import annotations

import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from amlbridge.server.docker import place


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    # Not tmp_path: with the names of a worker and a test it is too long for a socket itself.
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def test_a_long_state_folder_gets_a_private_folder_that_goes_with_the_service(temporary: Path) -> None:
    path = place.of(temporary / ("deep" * 30))
    assert path.parent.parent == temporary
    with place.listen(path):
        assert place.usable(path)
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    place.leave(path)
    assert list(temporary.iterdir()) == []
    place.leave(path)  # Stopped twice, or never started.


def test_a_state_folder_of_the_user_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = tmp_path / "s"
    state.mkdir()
    path = place.of(state)
    if path.parent != state:
        pytest.skip("the temporary folder's own path is too long for a socket")
    with place.listen(path):
        pass
    place.leave(path)
    assert state.is_dir() and list(state.iterdir()) == []
