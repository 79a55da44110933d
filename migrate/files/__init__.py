"""Files other than Python that name SDK v1: requirements, conda files, run configurations, pipelines as YAML, CI."""

from __future__ import annotations

from pathlib import Path

from amlbridge.migrate.module import Conversion, Options
from amlbridge.migrate.project import Project


def handles(path: Path, text: str) -> bool:
    """Whether a file may have something of SDK v1. Finds none yet."""
    return False


def convert_file(path: Path, text: str, project: Project, options: Options) -> Conversion:
    """Converts a file that ``handles`` has taken."""
    return Conversion(text)
