"""The two sides of `amlbridge verify`: the scripts as they are and as migrated, each run in its own copy."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from amlbridge.cli.output import EXIT_USAGE, Failure, Waiting, say
from amlbridge.cli.verify_advice import with_advice
from amlbridge.cli.verify_copy import Project, copy_state
from amlbridge.server import lifecycle
from amlbridge.server.home import VARIABLE, Home

if TYPE_CHECKING:
    from amlbridge.cli.verify_scripts import Script
    from amlbridge.compare.series import Note, Ran
    from amlbridge.engine.records.store import Records

_LONGEST = 300
_COLORS = re.compile(r"\x1b\[[0-9;]*m")
_STOPPED = "amlbridge: stopped the connection to "
_RAISED = re.compile(r"[A-Za-z_][\w.]*(Error|Exception)\b")
_MESSAGE = re.compile(r'\s*"message": "([^"\\]+)')
_CELL = "nbclient.exceptions.CellExecutionError"


@dataclass(frozen=True)
class How:
    """``options`` are those of `amlbridge run`; ``patience``: how many seconds a run may go on after its script has
    ended, None for as long as it takes."""

    options: tuple[str, ...] = ()
    patience: float | None = None


class Work:
    """A folder with the copies: NAME is a copy of the project, NAME-state that of its state, NAME.log what its scripts
    have printed."""

    def __init__(self, folder: Path, project: Project, state: Home) -> None:
        self.folder, self.project, self.state = folder, project, state

    def copy(self, name: str) -> Path:
        """Makes the copies of one side. Raises :class:`Failure`."""
        target = self.folder / name
        try:
            self.project.copy(target)
            copy_state(self.state, self._home(name))
        except OSError as error:
            why = str(error)[:_LONGEST]
            raise Failure(f"{self.project.root} cannot be copied", why=why, code=EXIT_USAGE) from error
        return target

    def _home(self, name: str) -> Home:
        return Home(self.folder / f"{name}-state")

    def run(self, name: str, title: str, scripts: Sequence[Script], how: How) -> Ran:
        """Runs scripts in the copy, one after the other until one fails, and waits for what they have submitted."""
        from amlbridge.cli import client_cache
        from amlbridge.cli.compare_sides import State
        from amlbridge.cli.trace_capture import Capture
        from amlbridge.compare.series import Ran

        home, began = self._home(name), time.time()
        code = 0
        try:
            for script in scripts:
                say(f"running {script}, {title}")
                with client_cache.kept():
                    code = self._script(name, script, how)
                if code != 0:
                    break
            state = State(home)
            for run in state.since(began):
                if run.plan_id is not None and not state.wait(run, how.patience):
                    say(f"the run {run.id} has not ended after {how.patience:.0f} s", style="yellow")
            recorded = tuple(state.recorded(run.id) for run in state.since(began))
            published = tuple(Capture(state.service, home.snapshots, began).published())
        finally:
            lifecycle.stop(home)
        said = with_advice(self._last_words(name)) if code else ""
        return Ran(title, code, recorded, said, began, published)

    def give_computes(self, source: str, target: str, scripts: Sequence[Script]) -> None:
        """The clusters that the scripts take for granted, which `amlbridge run` made for one side, for the other too:
        SDK v2 names computes without looking for them."""
        from amlbridge.cli import assumed_computes
        from amlbridge.wire.assumed_names import VARIABLE as ASSUMED
        from amlbridge.wire.compute_bodies import KIND

        found = (assumed_computes.variables(self.folder / source / script.path) for script in scripts)
        names = {name for item in found for name in item.get(ASSUMED, "").split(",") if name}
        if not names:
            return
        with _opened(self._home(source)) as ours, _opened(self._home(target)) as theirs:
            for workspace in ours.workspaces.list():
                there = theirs.workspaces.ensure(workspace.subscription_id, workspace.resource_group, workspace.name)
                for name in sorted(names):
                    compute = ours.resources.find(workspace.id, KIND, name)
                    if compute is not None and theirs.resources.find(there.id, KIND, name) is None:
                        theirs.resources.put(there.id, KIND, name, compute.body)

    def _script(self, name: str, script: Script, how: How) -> int:
        place = self.folder / name
        path = os.path.relpath(place / script.path, place / self.project.current)
        command = [sys.executable, "-m", "amlbridge.cli.main", "run", *how.options, path, *script.arguments]
        environment = {**os.environ, VARIABLE: str(self._home(name).root)}
        waiting, began = Waiting(f"{script} is under way", 10.0), time.monotonic()
        with self._log(name).open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=place / self.project.current,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            try:
                while True:
                    try:
                        return process.wait(1.0)
                    except subprocess.TimeoutExpired:
                        waiting(time.monotonic() - began)
            finally:
                if process.poll() is None:
                    process.terminate()
                    process.wait()

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _last_words(self, name: str) -> str:
        lines = self._log(name).read_text(encoding="utf-8", errors="replace").splitlines()
        return last_words(lines)


@contextmanager
def _opened(home: Home) -> Iterator[Records]:
    from amlbridge.engine.records.store import Records

    records = Records(home.records_url)
    try:
        yield records
    finally:
        records.close()


def last_words(lines: Sequence[str]) -> str:
    """Why a script has ended, by what it printed: the host that it was stopped for, the exception of its last
    traceback (in a notebook, that of the cell), or its last line."""
    lines = [_COLORS.sub("", line) for line in lines]
    stopped = next((line for line in lines if line.startswith(_STOPPED)), None)
    if stopped is not None:
        return stopped.removeprefix("amlbridge: ")[:_LONGEST]
    begins = [index for index, line in enumerate(lines) if line.startswith("Traceback (most recent call last)")]
    if begins:
        raised = [line for line in lines[begins[-1] :] if _RAISED.match(line)]
        if raised and any(line.startswith(_CELL) for line in raised):
            following = lines[len(lines) - lines[::-1].index(raised[-1]) :]
            said = next(iter(following), "").strip()
            if said.startswith("Message: "):
                return f"{raised[-1]} {said}"[:_LONGEST]
            return _whole(raised[-1], following)[:_LONGEST]
        rest = lines[begins[-1] + 1 :]
        at = next((index for index, line in enumerate(rest) if line.strip() and not line.startswith(" ")), None)
        return "its traceback is not complete" if at is None else _whole(rest[at], rest[at + 1 :])[:_LONGEST]
    own = [line.strip() for line in lines if line.strip() and not line.startswith(("amlbridge:", "  do:"))]
    return own[-1][:_LONGEST] if own else "it printed nothing"


def _whole(line: str, following: Sequence[str]) -> str:
    """The first line of an exception with what it says: where that ends with a colon, the message is what follows, in
    JSON behind the key `message`, or behind the cross with which azure-ai-ml marks it."""
    if not line.rstrip().endswith(":"):
        return line
    said = next((found[1] for text in following if (found := _MESSAGE.match(text))), None)
    said = said or next((text.strip() for text in following if text.startswith("(x) ")), None)
    said = said or next((text.strip() for text in following if text.strip()), "")
    return f"{line.rstrip()} {said}".rstrip()


def migrate(folder: Path, settings_of: Path) -> tuple[int, list[Note]]:
    """Migrates all of a folder in place. Returns how many files were changed, and what stayed SDK v1 or needs a look;
    ``settings_of``: the folder whose settings hold. Raises :class:`Failure`."""
    from amlbridge.compare.series import Note
    from amlbridge.migrate.findings import Status
    from amlbridge.migrate.run import run
    from amlbridge.migrate.settings import SettingsError, load
    from amlbridge.migrate.write import WriteError, write_all

    try:
        reports = run([folder], load(settings_of))
        write_all([report for report in reports if report.changed], [folder], overwrite=True)
    except (SettingsError, WriteError) as error:
        raise Failure(
            "the code cannot be migrated", why=str(error), do="see amlbridge migrate", code=EXIT_USAGE
        ) from error
    notes = []
    for report in reports:
        name = report.path.relative_to(folder).as_posix()
        for finding in report.findings:
            if finding.status is not Status.CONVERTED:
                cell = "" if finding.cell is None else f"cell {finding.cell}, "
                note = Note(f"{name}, {cell}line {finding.line}", finding.status.value, finding.message)
                notes += [note] if note not in notes else []
    return sum(report.changed for report in reports), notes
