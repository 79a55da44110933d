"""Runs of converted samples: what ``amlbridge migrate --write`` makes of a folder of samples/v1, on a live service."""

from __future__ import annotations

import shutil
from pathlib import Path

from amlbridge.migrate.findings import FileStatus
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings
from tests.support.live import LiveService

SAMPLES = Path(__file__).parents[3] / "samples" / "v1"


def migrated(sample: str, folder: Path) -> Path:
    """A copy of a sample in which every file is migrated, with nothing left to do."""
    place = folder / sample
    shutil.copytree(SAMPLES / sample, place)
    for report in run([place], Settings(jobs=1)):
        assert report.status in (FileStatus.MIGRATED, FileStatus.UNCHANGED), (report.path, report.findings)
        if report.changed:
            Path(report.path).write_bytes(report.after)
    return place


def output_of(place: Path, main: str, service: LiveService, *arguments: str) -> str:
    """Runs the main script of a sample. Returns what it prints."""
    done = service.run((place / main).read_text(), *arguments, folder=place, timeout=500)
    return done.stdout
