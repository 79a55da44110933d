"""Runs and their steps as people read them."""

from __future__ import annotations

from typing import Any

import click

from amlbridge.cli.output import duration, table

FINAL = frozenset({"Completed", "Failed", "Canceled"})
_LONGEST_ERROR = 200


def show_run(run: dict[str, Any], *, err: bool = False) -> None:
    """One line about the run (an element of the service's ``/amlbridge/runs``) and a table of its steps."""
    took = duration(run["started"], run["ended"])
    parts = [f"{run['kind']} run {run['id']}", f"experiment {run['experiment']}", run["status"], took]
    click.echo(" · ".join(part for part in parts if part), err=err)
    if run["steps"]:
        table(("step", "status", "time", "reused", "error"), [_row(step) for step in run["steps"]], err=err)
    elif run["error"]:
        click.echo(f"  {first_line(run['error'])}", err=err)


def show_reuse(run: dict[str, Any]) -> None:
    """For each step of a run whether it was reused and why; a run without steps is shown as it is."""
    if not run["steps"]:
        show_run(run)
        return
    click.echo(f"{run['kind']} run {run['id']} · experiment {run['experiment']} · {run['status']}")
    table(("step", "reuse", "why"), [_reuse_row(step) for step in run["steps"]])


def _reuse_row(step: dict[str, Any]) -> tuple[str, str, str]:
    found = step["reuse"]
    if not found:
        return step["name"], "", "not decided yet" if step["status"] not in FINAL else "the step never started"
    lines = [found["reason"]]
    if found["differs"]:
        where = f" (compared with run {found['candidate']})" if found["candidate"] not in lines[0] else ""
        lines[0] += f"{where}:"
        lines += [f"  {difference}" for difference in found["differs"]]
    return step["name"], "hit" if found["hit"] else "miss", "\n".join(lines)


def _row(step: dict[str, Any]) -> tuple[str, ...]:
    took = duration(step["started"], step["ended"]) if step["started"] else ""
    return step["name"], step["status"], took, "yes" if step["reused"] else "", first_line(step["error"])


def first_line(text: str | None) -> str:
    """The first line of an error that says something, cut to a length that a table bears."""
    line = next((line.strip() for line in (text or "").splitlines() if line.strip()), "")
    return line if len(line) <= _LONGEST_ERROR else line[: _LONGEST_ERROR - 1] + "…"
