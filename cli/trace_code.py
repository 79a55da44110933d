"""The scripts of traced steps, converted to SDK v2 where they use SDK v1."""

from __future__ import annotations

from pathlib import Path


def convert(folder: Path) -> list[str]:
    """Converts the Python files of a folder in their place. Returns what is left to do, a sentence for each file."""
    from amlbridge.migrate.findings import UNCONVERTED
    from amlbridge.migrate.run import run
    from amlbridge.migrate.settings import Settings
    from amlbridge.migrate.write import write_all

    reports = run([folder], Settings())
    changed = [report for report in reports if report.changed]
    write_all(changed, [folder], overwrite=True)
    told = []
    for report in reports:
        name = report.path.relative_to(folder).as_posix() if report.path.is_relative_to(folder) else report.path.name
        left = [finding for finding in report.findings if finding.status in UNCONVERTED]
        if left:
            told.append(f"{folder.parent.name}/{name}, line {left[0].line}: {left[0].message}")
    return told
