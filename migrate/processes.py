"""Conversion in several processes."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from amlbridge.migrate.file import Work, convert, refused
from amlbridge.migrate.findings import BadInputError, FileReport

# In a process of the pool: what it works on. Forked processes have it without a copy being sent.
_work: Work | None = None


def _adopt(work: Work) -> None:
    global _work
    _work = work


def _convert(index: int) -> FileReport:
    assert _work is not None
    return convert(_work, index)


def converted(work: Work, wanted: Sequence[int], jobs: int) -> Iterator[FileReport]:
    """The reports on some files, in any order; a file whose conversion ends its process has a report, too."""
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
            return refused(item.path, error, item.before)
