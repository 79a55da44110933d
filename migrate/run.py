"""A whole run: the files of some paths are read, converted in several processes, and reported."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from amlbridge.migrate.discover import discover
from amlbridge.migrate.file import Work, convert, refused
from amlbridge.migrate.files.staying import imported, needed, runs_in_jobs
from amlbridge.migrate.findings import FileReport, FileStatus
from amlbridge.migrate.load import Loaded, load_all, own_packages, parse, with_users
from amlbridge.migrate.module import Options
from amlbridge.migrate.project.modules import build_project
from amlbridge.migrate.settings import Settings

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
    work = prepare(loaded, settings.options, roots)
    wanted = [index for index, item in enumerate(loaded) if work.wants(item)]
    done = len(loaded) - len(wanted)
    for index in sorted(set(range(len(loaded))) - set(wanted)):
        yield FileReport(loaded[index].path, FileStatus.UNCHANGED, (), loaded[index].before, loaded[index].before)
    late = [index for index in wanted if work.is_late(loaded[index])]
    wanted = sorted(set(wanted) - set(late))
    jobs = min(settings.jobs or os.cpu_count() or 1, len(wanted))
    one_by_one = (convert(work, index) for index in wanted)
    staying: dict[Path, tuple[frozenset[str], bool]] = {}
    imports: dict[Path, tuple[str, ...]] = {}
    for report in one_by_one if jobs <= 1 or len(wanted) < _FEW else _in_processes(work, wanted, jobs):
        done += 1
        progress(done, len(loaded))
        if packages := needed(report.after):
            staying[report.path] = packages, runs_in_jobs(report.after)
        if brought := imported(report.after):
            imports[report.path] = brought
        yield report
    work = replace(work, staying=staying, imports=imports)
    for index in late:
        done += 1
        progress(done, len(loaded))
        yield convert(work, index)


def _in_processes(work: Work, wanted: Sequence[int], jobs: int) -> Iterator[FileReport]:
    from amlbridge.migrate.processes import converted  # a run over few files needs no multiprocessing

    return converted(work, wanted, jobs)


def prepare(loaded: Sequence[Loaded], options: Options, roots: Sequence[Path] = ()) -> Work:
    """What the conversion of each file needs of all of them."""
    modules = [module for item in loaded for module in item.modules()]
    return Work(tuple(loaded), build_project(modules, options, roots), options, own_packages(loaded))
