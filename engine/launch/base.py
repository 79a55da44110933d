"""What a launcher is given, what it answers, and what every launcher can do.

The scheduler knows only these four types; which process really runs the step is decided by `pool.LauncherPool`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

#: The variable that marks every process of a step, so that all of them can be found and stopped.
MARK = "AMLBRIDGE_STEP_ID"


def process_mark(workspace_id: str, run_id: str) -> str:
    """What :data:`MARK` says of the processes of a run. Users name runs: another workspace, of this service or of
    another one on the machine, may have a run of the same name, and its processes must not end with this one's."""
    return f"{workspace_id}/{run_id}"


@dataclass(frozen=True)
class Rank:
    """One of the processes of a distributed step: it runs the step's command with these further variables.

    `label` is what messages call it. Both its streams go to `log`. A `helper` serves the others and never ends by
    itself: it is ended when they are done.
    """

    label: str
    env: Mapping[str, str]
    log: Path
    helper: bool = False


@dataclass(frozen=True)
class Launch:
    """One process to start, or with `ranks` several of the same command, which are one step.

    `argv` is a program and its arguments when `python` is None. Otherwise `python` is the path of an interpreter and
    `argv` is what follows it: a script (relative to `cwd`, or absolute), or `-m module`, or `-c code`, then arguments.

    `env` is the complete environment: nothing is inherited. The launcher adds `AMLBRIDGE_STEP_ID=step_id`.

    `stdout` and `stderr` are appended to. When they are the same path both streams share one open file, as with `2>&1`.

    `timeout` is in seconds. `prelude` is a Python file of ours that runs inside the step's interpreter before the
    script, in a namespace of its own; it is ignored when `python` is None.

    `scripts` (relative to `cwd`, or absolute) are what the program runs in processes that it forks: whether they import
    more than the standard library counts as well, and their folder is where they find modules of their own.
    """

    argv: tuple[str, ...]
    python: str | None
    cwd: Path
    env: Mapping[str, str]
    stdout: Path
    stderr: Path
    step_id: str
    timeout: float | None = None
    prelude: Path | None = None
    ranks: tuple[Rank, ...] = ()
    scripts: tuple[str, ...] = ()

    def environment(self) -> dict[str, str]:
        """Return `env` with the mark of this step."""
        return {**self.env, MARK: self.step_id}


@dataclass(frozen=True)
class Outcome:
    """How a process ended.

    Exactly one of `exit_code`, `signal` and `error` is set. `error` is a sentence for the user: the process could not
    be started, or how it ended cannot be known. `started` and `ended` are seconds since the epoch.

    `max_rss_kb` of a warm step counts the pages that it shares with the warm interpreter.
    """

    exit_code: int | None
    signal: int | None
    timed_out: bool
    cancelled: bool
    started: float
    ended: float
    max_rss_kb: int | None
    error: str | None
    #: The bytes that it used when it was ended because that was more than a step may have.
    over_memory: int | None = None
    #: Which of the launch's ranks failed first, when one did; the outcome is its.
    rank: int | None = None
    #: It was killed, and meanwhile the kernel had killed something because memory ran out.
    kernel_killed: bool = False

    @property
    def succeeded(self) -> bool:
        """True when the process ended by itself with exit code 0."""
        return self.exit_code == 0 and not (self.timed_out or self.cancelled or self.error)


class Running(Protocol):
    """A process that was started, or an attempt that failed (then `pid` is 0 and `wait` says why at once)."""

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its process group and session."""
        ...

    async def wait(self) -> Outcome:
        """Return the outcome when the process and everything that it left running are gone. May be called often."""
        ...

    async def cancel(self, grace: float = 5.0) -> None:
        """Stop the whole process tree: SIGTERM, and SIGKILL after `grace` seconds. Returns when all are gone."""
        ...


class Launcher(Protocol):
    """A way of starting processes."""

    @property
    def name(self) -> str:
        """`subprocess`, `warm` or `auto`."""
        ...

    async def start(self, launch: Launch) -> Running:
        """Start a process. Never raises because of what is in `launch`: such errors are in the outcome."""
        ...

    async def close(self) -> None:
        """Stop what is still running and release everything. Later starts raise RuntimeError."""
        ...
