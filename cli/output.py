"""What the command prints: messages, errors, tables. All of it can be read without colour."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import IO, Any

import click

#: Exit codes; `amlbridge --help` and the README list them.
EXIT_FAILURE, EXIT_USAGE, EXIT_DOWN, EXIT_UNAVAILABLE, EXIT_STOPPED = 1, 2, 3, 69, 86


class Failure(click.ClickException):
    """An error that ends the command: what happened, why, and what to do about it."""

    def __init__(self, what: str, *, why: str = "", do: str = "", code: int = EXIT_FAILURE) -> None:
        super().__init__(what)
        self.why = why
        self.do = do
        self.code = code

    @classmethod
    def of(cls, what: str, error: Exception, code: int) -> Failure:
        """From an error whose message is ``why: what to do``, or why alone."""
        why, _, do = str(error).rpartition(": ")
        return cls(what, why=why or do, do=do if why else "", code=code)

    def show(self, file: IO[Any] | None = None) -> None:
        """Prints it to standard error."""
        say(self.message, style="red")
        for label, text in (("why", self.why), ("do", self.do)):
            if text:
                click.echo(f"  {click.style(f'{label}:', bold=True):<5} {text}", err=True, color=_colour())


def say(text: str, *, style: str | None = None) -> None:
    """One line to standard error, from amlbridge."""
    click.echo(f"{click.style('amlbridge:', bold=True, fg=style)} {text}", err=True, color=_colour())


def _colour() -> bool | None:
    return False if "NO_COLOR" in os.environ else None


def print_json(content: Any) -> None:
    """JSON to standard output."""
    click.echo(json.dumps(content, indent=2))


class Waiting:
    """Tells that something takes longer than ``patience`` seconds: once, and again every ten seconds."""

    def __init__(self, what: str, patience: float = 1.0) -> None:
        self._what = what
        self._next = patience

    def __call__(self, seconds: float) -> None:
        """To be called now and then with the seconds so far."""
        if seconds >= self._next:
            say(f"{self._what} ({seconds:.0f} s) …")
            self._next = seconds + 10


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, err: bool = False) -> None:
    """A table; statuses are coloured on a terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    stream = sys.stderr if err else sys.stdout
    console = Console(file=stream, width=None if stream.isatty() else 160, highlight=False)
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for header in headers:
        shown.add_column(header, overflow="fold")
    for row in rows:
        shown.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in row))
    console.print(shown)


_STYLES = {
    "Completed": "green",
    "Finished": "green",
    "ok": "green",
    "Running": "cyan",
    "Failed": "bold red",
    "PROBLEM": "bold red",
    "Canceled": "yellow",
    "warning": "yellow",
}


def duration(start: float | None, end: float | None) -> str:
    """The time between two moments (seconds since the epoch), for people; "" when it has not begun."""
    if start is None:
        return ""
    import time

    seconds = max(0.0, (end if end is not None else time.time()) - start)
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def size(count: float) -> str:
    """Bytes for people."""
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1024 or unit == "GB":
            return f"{count:.0f} {unit}" if unit in ("B", "KB") else f"{count:.1f} {unit}"
        count /= 1024
    raise AssertionError("unreachable")
