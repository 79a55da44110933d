"""A whole run: the files of some paths are read, converted in several processes, and reported."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from amlbridge.migrate.discover import discover
from amlbridge.migrate.file import Work, convert
from amlbridge.migrate.files.staying import needed, runs_in_jobs
from amlbridge.migrate.findings import BadInputError, FileReport, FileStatus
from amlbridge.migrate.load import Loaded, load_all, own_packages, parse
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
    reports = {path: _refused(path, error) for path, error in found.problems.items()}
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
    for report in one_by_one if jobs <= 1 or len(wanted) < _FEW else _in_processes(work, wanted, jobs):
        done += 1
        progress(done, len(loaded))
        if packages := needed(report.after):
            staying[report.path] = packages, runs_in_jobs(report.after)
        yield report
    work = replace(work, staying=staying)
    for index in late:
        done += 1
        progress(done, len(loaded))
        yield convert(work, index)


def prepare(loaded: Sequence[Loaded], options: Options, roots: Sequence[Path] = ()) -> Work:
    """What the conversion of each file needs of all of them."""
    modules = [module for item in loaded for module in item.modules()]
    return Work(tuple(loaded), build_project(modules, options, roots), options, own_packages(loaded))


# In a process of the pool: what it works on. Forked processes have it without a copy being sent.
_work: Work | None = None


def _adopt(work: Work) -> None:
    global _work
    _work = work


def _convert(index: int) -> FileReport:
    assert _work is not None
    return convert(_work, index)


def _in_processes(work: Work, wanted: Sequence[int], jobs: int) -> Iterator[FileReport]:
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if "fork" in methods else None)
    left = set(wanted)
    with ProcessPoolExecutor(jobs, context, _adopt, (work,)) as pool:
        # The largest first, so that none is left for the end.
        order = sorted(wanted, key=lambda index: -len(work.loaded[index].before))
        pending = {pool.submit(_convert, index): index for index in order}
        for future, index in _as_done(pending):
            try:
                report = future.result()
            except BrokenProcessPool:
                break
            left.discard(index)
            yield report
    for index in sorted(left):
        yield _alone(work, index, context)


def _as_done(pending: Mapping[Future[FileReport], int]) -> Iterator[tuple[Future[FileReport], int]]:
    waiting = set(pending)
    while waiting:
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        yield from ((future, pending[future]) for future in done)


def _alone(work: Work, index: int, context: multiprocessing.context.BaseContext) -> FileReport:
    """A file in a process of its own: one of the pool's processes has died, perhaps of this file."""
    with ProcessPoolExecutor(1, context, _adopt, (work,)) as pool:
        try:
            return pool.submit(_convert, index).result()
        except BrokenProcessPool:
            item = work.loaded[index]
            error = BadInputError("internal-error", "the process that converted it has died; please report this file")
            return _refused(item.path, error, item.before)


def _refused(path: Path, error: BadInputError, before: bytes = b"") -> FileReport:
    return FileReport(path, FileStatus.FAILED, (error.finding(),), before, before)
