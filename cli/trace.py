"""`amlbridge trace`: what a script of SDK v1 submits, written as code of SDK v2. Nothing is run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amlbridge.cli.output import EXIT_FAILURE, EXIT_USAGE, Failure, say, table
from amlbridge.cli.trace_run import traced
from amlbridge.server import home as homes

if TYPE_CHECKING:
    from amlbridge.cli.trace_capture import Capture
    from amlbridge.trace.captured import Captured
    from amlbridge.trace.write import Written

_PASS_THROUGH = {"ignore_unknown_options": True, "allow_interspersed_args": False}


@click.command("trace", context_settings=_PASS_THROUGH)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The folder to write; it must be new or empty. Required."
)
@click.option(
    "--permissive",
    is_flag=True,
    help="What the script asks for and is not there (datasets, computes, models, secrets…) is stood in for.",
)
@click.option("--code", type=click.Choice(("migrate", "keep")), default="migrate", help="The scripts of the steps.")
@click.option(
    "--python",
    metavar="PATH",
    envvar="AMLBRIDGE_PYTHON",
    help="The interpreter to run it with (default: $AMLBRIDGE_PYTHON, or amlbridge's own).",
)
@click.option("--allow-network", is_flag=True, help="Do not stop connections to Azure hosts.")
@click.option("--intercept", is_flag=True, help="Answer Azure's own hosts here, as `amlbridge run --intercept`.")
@click.argument("script")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[ARG]...")
def trace_command(
    script: str,
    arguments: tuple[str, ...],
    output: Path | None,
    permissive: bool,
    code: str,
    python: str | None,
    allow_network: bool,
    intercept: bool,
) -> int:
    """Run a script of SDK v1 without running its steps, and write what it submits as SDK v2.

    Every graph that the script submits or publishes gets a folder of OUTPUT: pipeline.yml and pipeline.py (the same
    pipeline), a component and its code for each step, environments, plan.json, and a README.md of what needs attention.
    Submitted runs end at once, completed and with empty outputs: a script that reads results fails there, and what it
    has submitted until then is written all the same. The state of the project stays as it is; OUTPUT is best outside
    of the steps' source directories, which are uploaded whole.

    \b
    Examples:
      amlbridge trace pipeline.py -o v2
      amlbridge trace -o v2 --permissive pipeline.py --epochs 3
      amlbridge trace -o v2 nightly.ipynb

    \b
    Exit codes:
      0  written
      1  the script failed (what it submitted before is written), or it submits nothing
      2  wrong usage
    """
    arguments, output, permissive = _split(arguments, output, permissive)
    target = _checked(output)
    network = (allow_network, intercept)
    with traced(script, arguments, homes.find(), python=python, permissive=permissive, network=network) as run:
        found = run.capture.all()
        written = _write(found, run.capture, target, script, code)
        _tell(written, target)
        for name in _unwritten(found):
            say(f"the step {name!r} is of a kind that cannot be written: see README.md", style="yellow")
    for line in run.stand_ins:
        say(f"stood in for {line}", style="yellow")
    return _ended(run.exit_code, found, script, target)


def _split(
    arguments: tuple[str, ...], output: Path | None, permissive: bool
) -> tuple[tuple[str, ...], Path | None, bool]:
    """``-o DIR`` and ``--permissive`` may stand behind the script's own arguments, too."""
    while True:
        if output is None and len(arguments) > 1 and arguments[-2] in ("-o", "--output"):
            arguments, output = arguments[:-2], Path(arguments[-1])
        elif arguments[-1:] == ("--permissive",):
            arguments, permissive = arguments[:-1], True
        else:
            return arguments, output, permissive


def _checked(target: Path | None) -> Path:
    """The folder to write. Raises :class:`Failure`."""
    do = "name a folder that is new or empty with -o"
    if target is None:
        raise Failure("there is no folder to write to", do=do, code=EXIT_USAGE)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        why = "it is not empty" if target.is_dir() else "it is a file"
        raise Failure(f"cannot write to {target}", why=why, do=do, code=EXIT_USAGE)
    return target


def _write(found: list[Captured], capture: Capture, target: Path, script: str, code: str) -> list[Written]:
    from amlbridge.cli.trace_code import convert
    from amlbridge.trace.write import Writer

    writer = Writer(target, script, convert if code == "migrate" else None)
    return [writer.write(item, capture.sources(item)) for item in found]


def _unwritten(found: Sequence[Captured]) -> list[str]:
    """Steps of kinds that no component can be written of: their names."""
    kinds = ("unsupported", "transfer", "databricks")
    return [node.name for item in found for node in item.plan.nodes if node.kind in kinds]


def _tell(written: Sequence[Written], target: Path) -> None:
    if not written:
        return
    rows = [
        (item.captured.name, item.captured.kind, str(len(item.captured.plan.nodes)), str(len(item.attention)))
        for item in written
    ]
    table(("graph", "kind", "steps", "needs attention"), rows)
    say(f"wrote {target}: start with {', '.join(str(item.folder / 'README.md') for item in written[:3])}")


def _ended(exit_code: int, found: Sequence[Captured], script: str, target: Path) -> int:
    if exit_code != 0:
        kept = f"what it had submitted until then is in {target}" if found else "it had submitted nothing until then"
        say(f"{script} ended with exit code {exit_code}; {kept}", style="red")
        if found:
            say("a trace runs no step: a script that reads results of its runs finds none")
        return EXIT_FAILURE
    if not found:
        do = "trace the script that calls experiment.submit, pipeline.submit or pipeline.publish, with its arguments"
        raise Failure("nothing is written", why=f"{script} submits and publishes nothing", do=do)
    return 0
