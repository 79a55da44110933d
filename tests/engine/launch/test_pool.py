"""The folder that the warm interpreters live in."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest

from amlbridge.engine.launch.pool import LauncherPool


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's folder for temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


async def _make(**options: Path) -> LauncherPool:
    return LauncherPool(**options)  # type: ignore[arg-type]


def test_a_pool_that_is_never_closed_leaves_no_folder(temporary: Path) -> None:
    pool = asyncio.run(_make())
    (folder,) = temporary.iterdir()
    assert sorted(path.name for path in folder.iterdir()) == [
        "importlib_bootstrap_bootstrap.py",
        "importlib_bootstrap_zygote.py",
    ]
    del pool
    assert not list(temporary.iterdir())


def test_a_folder_of_the_owner_is_used_again(temporary: Path, tmp_path: Path) -> None:
    folder = tmp_path / "launch"
    asyncio.run(_make(folder=folder))
    link = folder / "importlib_bootstrap_zygote.py"
    target = link.readlink()
    assert target.is_file()
    # As after the installation was moved.
    link.unlink()
    link.symlink_to(tmp_path / "gone.py")
    asyncio.run(_make(folder=folder))
    assert link.readlink() == target
    assert not list(temporary.iterdir())
