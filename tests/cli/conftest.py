"""Fixtures of the command's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Command


@pytest.fixture
def amlbridge(tmp_path: Path) -> Iterator[Command]:
    """The command in an empty folder; its service is stopped at the end."""
    command = Command(tmp_path)
    yield command
    command("down", code=None)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """The command in a folder that a module's tests share, with a running service."""
    command = Command(tmp_path_factory.mktemp("shared"))
    command("up")
    yield command
    command("down", code=None)
