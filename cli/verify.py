"""`amlbridge verify`: migrates a copy of a project, runs both, and says step by step whether v2 does what v1 did."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from amlbridge.cli.compare import comparison_options, exit_code, read_rules, report_files, show_checks, write_report
from amlbridge.cli.output import EXIT_USAGE, Failure, print_json, say, table
from amlbridge.cli.run import network_options
from amlbridge.server import home as homes

if TYPE_CHECKING:
    from amlbridge.cli.verify_scripts import Script
    from amlbridge.compare.rules import Rules
    from amlbridge.compare.series import Verification

_MOST_NOTES = 12
_SETTINGS = {"ignore_unknown_options": True, "allow_interspersed_args": False}


@click.command("verify", context_settings={**_SETTINGS, "help_option_names": ["-h", "--help"]})
@click.option("--baseline", type=click.IntRange(min=0), default=0, help="Run v1 so many times more: its noise floor.")
@comparison_options
@click.option("--first", multiple=True, metavar="'SCRIPT ARGS'", help="Run this script before, too; repeatable.")
@click.option(
    "--project",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="What is copied and migrated (default: the current folder if SCRIPT is below it, else SCRIPT's folder).",
)
@click.option("--keep", type=click.Path(path_type=Path), help="Keep copies, states and logs in this new folder.")
@click.option(
    "--wait", "patience", type=click.FloatRange(min=0), metavar="SECONDS", help="How long runs may go on after SCRIPT."
)
@network_options
@click.argument("script", type=click.Path(exists=True, path_type=Path))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[ARG]...")
def verify_command(script: Path, arguments: tuple[str, ...], **options: Any) -> int:
    """Prove that a script of SDK v1 does the same after its migration: migrate a copy, run both, compare every step.

    SCRIPT is a Python file, a notebook or a folder; of a folder, every file that submits or publishes is run. Both
    sides run in copies of the project and of its local workspace: neither sees the other's results, and your files and
    workspace stay as they are. Runs are compared in the order in which they were submitted, published pipelines by
    their graphs. The verdict, for each step and for the whole, is `same`, `same within noise`, `different` or `not
    compared` with the reason; what stayed SDK v1 or needs a look stands beside it. Pickled models that your steps wrote
    are loaded, in a process of their own.

    A file verify.toml beside SCRIPT, or in the nearest folder above, has the options that always hold: `ignore`,
    `tolerance`, `key` and `first` as lists of texts, `row-order`, `nulls`, `types`, `probe` and `baseline`; `scripts`
    lists what is run of its folder, with arguments. Options of the command line win.

    \b
    Examples:
      amlbridge verify pipeline.py --epochs 3
      amlbridge verify --baseline 3 --report parity.html --report parity.xml pipeline.py
      amlbridge verify --first "publish.py --release 1.0" call.py --orders orders-week-45 --prices 2025
      amlbridge verify --keep proof .

    \b
    Exit codes:
      0  the same, or the same within noise
      1  different
      2  something could not be compared, and nothing is different; wrong usage
    """
    from amlbridge.cli import verify_scripts, verify_settings
    from amlbridge.cli.verify_copy import Project
    from amlbridge.compare.report import render_verification

    options = verify_settings.with_file(script, options, _given())
    files = report_files(options["report"])
    rules = read_rules(options)
    project = Project.of(script, options["project"])
    scripts = verify_scripts.chosen(project.root, project.script, arguments, options["first"])
    name = " ".join([str(script), *arguments])
    with _folder(options["keep"]) as folder:
        found = _verify(name, folder, project, scripts, rules, options)
        for path in files:
            write_report(path, render_verification(path, found))
    show_json(found) if options["as_json"] else show(found)
    if options["keep"] is not None:
        say(f"kept in {options['keep']}: v1 and v2 (the projects), v1-state and v2-state, v1.log and v2.log")
    return exit_code(found.verdict)


def _given() -> set[str]:
    """The options that the user has written."""
    context = click.get_current_context()
    return {name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """The folder of the copies: a temporary one, or the one to keep, which must be new or empty."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="amlbridge-verify-", ignore_cleanup_errors=True) as name:
            yield Path(name)
        return
    if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise Failure(f"{keep} is not empty", do="name a new folder with --keep", code=EXIT_USAGE)
    keep.mkdir(parents=True, exist_ok=True, mode=0o700)
    yield keep.resolve()


def _verify(
    name: str, folder: Path, project: Any, scripts: Sequence[Script], rules: Rules, options: dict[str, Any]
) -> Verification:
    from amlbridge.cli.verify_sides import How, Work, migrate
    from amlbridge.compare import series

    how = How(run_options(options), options["patience"])
    work = Work(folder, project, homes.find())
    target = work.copy("v2")
    changed, notes = migrate(target, project.root)
    say(f"migrated {changed} file{'' if changed == 1 else 's'}")
    work.copy("v1")
    left = work.run("v1", "as it is", scripts, how)
    again = []
    for number in range(1, options["baseline"] + 1):
        work.copy(f"v1-again-{number}")
        again.append(work.run(f"v1-again-{number}", f"as it is, once more ({number})", scripts, how))
    work.give_computes("v1", "v2", scripts)
    right = work.run("v2", "migrated", scripts, how)
    return series.compare(name, left, right, rules, again, notes)


def run_options(options: dict[str, Any]) -> tuple[str, ...]:
    """The options of this command that `amlbridge run` is given."""
    found = ["--intercept"] if options["intercept"] else []
    found += ["--allow-network"] if options["allow_network"] else []
    found += ["--environments", options["environments"]] if options["environments"] else []
    for host in options["allowed_hosts"]:
        found += ["--allow-host", host]
    return tuple(found)


def show_json(found: Verification) -> None:
    """The verification as JSON to standard output."""
    from amlbridge.compare.report.json import verification

    print_json(verification(found))


def show(found: Verification, echo: Callable[[str], None] = click.echo) -> None:
    """The verification for people: a line for each step, every check that is not the same, and what was left."""
    rows = [("(script)", check.subject, check.verdict.value, check.reason) for check in found.checks]
    for pair in found.pairs:
        rows += [(pair.name, step, verdict, why) for step, verdict, why in _lines(pair.report)]
    table(("run", "step", "verdict", "why"), rows)
    for pair in found.pairs:
        show_checks(pair.report.checks(), pair.name if len(found.pairs) > 1 else "")
    show_checks((("(script)", check) for check in found.checks), "")
    if found.notes:
        echo(f"\nwhat the migration left, or asks you to look at ({len(found.notes)}):")
        for note in found.notes[:_MOST_NOTES]:
            echo(f"  {note.place}: {note.status}: {note.text}")
        if len(found.notes) > _MOST_NOTES:
            echo(f"  … {len(found.notes) - _MOST_NOTES} more (--report FILE.html lists all)")
    echo("")
    for rule in found.rules:
        echo(f"rule: {rule}")
    echo(f"\nverdict: {found.verdict.value}")


def _lines(report: Any) -> Iterator[tuple[str, str, str]]:
    from amlbridge.compare.result import Verdict, worst

    yield "(pipeline)", worst(check.verdict for check in report.pipeline).value, _why(report.pipeline)
    for step in report.steps:
        why = "" if step.verdict is Verdict.SAME else _why(step.checks)
        yield step.name, step.verdict.value, why


def _why(checks: Any) -> str:
    """The reason of the worst check, in short."""
    from amlbridge.compare.result import Verdict

    told = sorted(checks, key=lambda check: list(Verdict).index(check.verdict), reverse=True)
    if not told or told[0].verdict is Verdict.SAME:
        return ""
    alike = sum(check.verdict is told[0].verdict for check in told)
    more = f" (and {alike - 1} more)" if alike > 1 else ""
    return f"{told[0].subject}: {told[0].reason}{more}"[:120]
