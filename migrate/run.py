"""A whole run: the files of some paths are read, converted in several processes, and reported."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from amlbridge.migrate.depth import with_room
from amlbridge.migrate.discover import discover
from amlbridge.migrate.file import Work, convert, refused
from amlbridge.migrate.files.staying import imported, needed, runs_in_jobs
from amlbridge.migrate.findings import FileReport, FileStatus
from amlbridge.migrate.load import Loaded, load_all, own_packages, parse, with_users
from amlbridge.migrate.module import Options
from amlbridge.migrate.old_submitters import told
from amlbridge.migrate.project.modules import build_project
from amlbridge.migrate.settings import Settings
from amlbridge.migrate.settling import settled
from amlbridge.migrate.text.trees import without_warnings

#: Called after each file with how many are done and how many there are.
Progress = Callable[[int, int], None]
#: With fewer files to convert, starting processes takes longer than they save.
_FEW = 8


def run(
    paths: Sequence[Path],
    settings: Settings,
    progress: Progress = lambda done, all_: None,
    instead: Mapping[Path, bytes] = MappingProxyType({}),
) -> list[FileReport]:
    """Converts what is below ``paths``; writes nothing. The reports are in the order of the files. ``instead``: what
    stands for the content of some files."""
    found = discover(paths, settings.exclude)
    reports = {path: refused(path, error) for path, error in found.problems.items()}
    loaded = [parse(item.path, instead[item.path]) if item.path in instead else item for item in load_all(found.files)]
    roots = [path if path.is_dir() else path.parent for path in paths]
    reports.update((report.path, report) for report in convert_all(loaded, settings, progress, roots))
    return [reports[path] for path in (*found.problems, *found.files)]


def convert_all(
    loaded: Sequence[Loaded],
    settings: Settings,
    progress: Progress = lambda done, all_: None,
    roots: Sequence[Path] = (),
) -> Iterator[FileReport]:
    """The reports on files that were read, in any order. ``roots``: the folders below which files may be created."""
    loaded = with_users(loaded)
    work = with_room(lambda: prepare(loaded, settings.options, roots))
    wanted = [index for index, item in enumerate(loaded) if work.wants(item)]
    done = len(loaded) - len(wanted)
    for index in sorted(set(range(len(loaded))) - set(wanted)):
        yield FileReport(loaded[index].path, FileStatus.UNCHANGED, (), loaded[index].before, loaded[index].before)
    late = [index for index in wanted if work.is_late(loaded[index])]
    reports: dict[Path, FileReport] = {}
    for report in _each(work, sorted(set(wanted) - set(late)), settings):
        done += 1
        progress(done, len(loaded))
        reports[report.path] = report
    reports = settled(reports, lambda found, paths: _over(loaded, found, paths, settings, roots))
    staying = {
        path: (packages, runs_in_jobs(report.after))
        for path, report in reports.items()
        if (packages := needed(report.after))
    }
    imports = {path: brought for path, report in reports.items() if (brought := imported(report.after))}
    work = replace(work, staying=staying, imports=imports)
    for index in late:
        done += 1
        progress(done, len(loaded))
        reports[loaded[index].path] = convert(work, index)
    yield from told(reports).values()


def _over(
    loaded: Sequence[Loaded],
    reports: Mapping[Path, FileReport],
    paths: Set[Path],
    settings: Settings,
    roots: Sequence[Path],
) -> Iterator[FileReport]:
    """What a further run says of some files, where all are as the last one has left them."""
    changed = {path: report.after for path, report in reports.items() if report.before != report.after}
    loaded = with_users([parse(item.path, changed[item.path]) if item.path in changed else item for item in loaded])
    work = with_room(lambda: prepare(loaded, settings.options, roots))
    return _each(
        work, [index for index, item in enumerate(loaded) if item.path in paths and work.wants(item)], settings
    )


def _each(work: Work, wanted: Sequence[int], settings: Settings) -> Iterator[FileReport]:
    jobs = min(settings.jobs or os.cpu_count() or 1, len(wanted))
    if jobs <= 1 or len(wanted) < _FEW:
        return (convert(work, index) for index in wanted)
    return _in_processes(work, wanted, jobs)


def _in_processes(work: Work, wanted: Sequence[int], jobs: int) -> Iterator[FileReport]:
    from amlbridge.migrate.processes import converted  # a run over few files needs no multiprocessing

    return converted(work, wanted, jobs)


@without_warnings()
def prepare(loaded: Sequence[Loaded], options: Options, roots: Sequence[Path] = ()) -> Work:
    """What the conversion of each file needs of all of them."""
    modules = [module for item in loaded for module in item.modules()]
    return Work(tuple(loaded), build_project(modules, options, roots), options, own_packages(loaded))
