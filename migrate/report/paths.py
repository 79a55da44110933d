"""Paths as reports show them."""

from __future__ import annotations

from pathlib import Path


def shown(path: Path, base: Path) -> str:
    """Relative to ``base`` if it lies below, with "/"."""
    return (path.relative_to(base) if path.is_relative_to(base) else path).as_posix()
