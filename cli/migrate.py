"""`amlbridge migrate`: code of SDK v1 becomes code of SDK v2."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import click

from amlbridge.cli.output import EXIT_USAGE, Failure, say, table

if TYPE_CHECKING:
    from amlbridge.migrate.findings import FileReport
    from amlbridge.migrate.run import Progress
    from amlbridge.migrate.settings import FailOn, Settings

_MOST_SHOWN = 20
#: So many objects are made before Python looks for garbage among them; by default it does that every 700.
_SELDOM = 1_000_000


@contextmanager
def _few_collections() -> Iterator[None]:
    """What is imported and the syntax trees are many objects that live long: looking through them for garbage, again
    and again, takes a sixth of the time of a run, and finds nothing."""
    before = gc.get_threshold()
    gc.set_threshold(_SELDOM, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@click.command("migrate")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--write", is_flag=True, help="Change the files. Without it, the changes are shown as a diff.")
@click.option("--check", is_flag=True, help="Print no diff, only which files would change.")
@click.option("--select", multiple=True, metavar="RULES", help="Only these rules (names with commas between).")
@click.option("--ignore", multiple=True, metavar="RULES", help="All but these rules.")
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Leave out files and folders, such as 'legacy/*'.")
@click.option(
    "--components",
    type=click.Choice(["yaml", "python"]),
    help="Components as YAML beside the code (default), or Python.",
)
@click.option("--jobs", type=click.IntRange(min=0), help="Processes; 0, the default: one for each processor.")
@click.option(
    "--fail-on",
    type=click.Choice(["changes", "manual", "failed", "never"]),
    help="What makes the exit code 1: any change (default), work left for a person, files that could not be converted.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="Write a .json, .sarif, .md or .html.",
)
@click.option("--force", is_flag=True, help="Write also where git has uncommitted changes, and over existing files.")
@click.option(
    "--trace", metavar="'SCRIPT [ARG]...'", help="Ask what this script submits, and compare it before and after."
)
@click.option("--permissive", is_flag=True, help="With --trace: what the script asks for is stood in for.")
@click.option("--stdin-filename", default="stdin.py", help="What to take standard input for; default stdin.py.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no summary.")
@_few_collections()
def migrate_command(paths: Sequence[str], write: bool, check: bool, report: Sequence[Path], **options: Any) -> int:
    """Convert code of Azure ML SDK v1 below each PATH (default: this folder) to SDK v2: Python files, notebooks and the
    files that install or configure SDK v1.

    Shows a diff and changes nothing, unless --write is given. PATH `-` reads a module from standard input and prints
    the converted one. Every use of SDK v1 is reported as converted, review (converted on an assumption that the report
    states), manual (left, with a TODO comment), no-equivalent or ignored. `# amlbridge: ignore` keeps a statement as
    it is; above the first statement, the whole file.

    \b
    Examples:
      amlbridge migrate src notebooks
      amlbridge migrate --write --report migration.html .
      amlbridge migrate --check --fail-on manual .
      amlbridge migrate --trace 'pipeline.py --epochs 3' .
      amlbridge migrate - < train.py

    \b
    Exit codes:
      0  nothing to do
      1  there are changes (also when they were written) or work for a person; see --fail-on
      2  wrong usage, files that cannot be written, an error of amlbridge itself

    Settings: [tool.amlbridge.migrate] in pyproject.toml or [amlbridge:migrate] in setup.cfg, with select, ignore,
    exclude, components, jobs, fail-on and line-length.
    """
    from amlbridge.migrate.report import FORMATS

    if write and check:
        raise Failure("--write and --check exclude each other", do="leave one of them out", code=EXIT_USAGE)
    for path in report:
        if path.suffix.lower() not in FORMATS:
            do = f"name a file that ends with {', '.join(FORMATS)}"
            raise Failure(f"there is no report with the suffix {path.suffix!r}", do=do, code=EXIT_USAGE)
    settings = _settings(options)
    if "-" in paths:
        if len(paths) > 1 or write:
            raise Failure("- stands alone: it prints what it converts", do="give only -", code=EXIT_USAGE)
        reports = _from_stdin(Path(options["stdin_filename"]), settings, show=not check)
    else:
        reports = _of_paths([Path(path) for path in paths or ["."]], settings, quiet=options["quiet"])
        if options["trace"]:
            from amlbridge.cli import migrate_trace

            places = [Path(path) for path in paths or ["."]]
            line, permissive = options["trace"], options["permissive"]
            reports = migrate_trace.check(reports, line, places, settings, permissive=permissive)
        if write:
            _write(reports, [Path(path) for path in paths or ["."]], force=options["force"])
        else:
            _show(reports, names_only=check)
    for path in report:
        _write_report(path, reports)
    if not options["quiet"]:
        _summarize(reports, written=write)
    return _exit_code(reports, settings.fail_on)


def _settings(options: dict[str, Any]) -> Settings:
    from amlbridge.migrate.settings import SettingsError, load

    try:
        settings = load(Path.cwd())
    except SettingsError as error:
        raise Failure("the settings cannot be used", why=str(error), do="correct the file", code=EXIT_USAGE) from error
    chosen = settings.options
    select, ignore = _names(options["select"]), _names(options["ignore"])
    chosen = replace(
        chosen,
        components=cast('Literal["yaml", "python"]', options["components"] or chosen.components),
        select=select or chosen.select,
        ignore=ignore or chosen.ignore,
    )
    return replace(
        settings,
        options=chosen,
        exclude=(*settings.exclude, *options["exclude"]),
        jobs=settings.jobs if options["jobs"] is None else options["jobs"],
        fail_on=cast("FailOn", options["fail_on"] or settings.fail_on),
    )


def _names(given: Iterable[str]) -> frozenset[str]:
    return frozenset(name for item in given for name in item.replace(",", " ").split())


def _of_paths(paths: Sequence[Path], settings: Settings, *, quiet: bool) -> list[FileReport]:
    from amlbridge.migrate.run import run

    for path in paths:
        if not os.path.lexists(path):
            raise Failure(f"there is no {path}", do="give files or folders that are there", code=EXIT_USAGE)
    with _progress(quiet=quiet) as progress:
        return run(paths, settings, progress)


def _from_stdin(name: Path, settings: Settings, *, show: bool) -> list[FileReport]:
    from amlbridge.migrate.load import parse
    from amlbridge.migrate.run import convert_all

    content = sys.stdin.buffer.read()
    (report,) = convert_all([parse(Path.cwd() / name, content)], settings)
    if show:
        sys.stdout.buffer.write(report.after)
        sys.stdout.buffer.flush()
    for path in report.created:
        say(f"the new code needs the file {path.name}, which is not written: convert the file itself", style="yellow")
    return [report]


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Progress]:
    """A progress bar on standard error when that is a terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, all_: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("converting", total=None)
        yield lambda done, all_: bar.update(task, completed=done, total=all_)


def _write(reports: Sequence[FileReport], paths: Sequence[Path], *, force: bool) -> None:
    from amlbridge.migrate.write import WriteError, uncommitted, write_all

    changed = [report for report in reports if report.changed]
    try:
        dirty = [] if force else uncommitted(path for item in changed for path in (item.path, *item.created))
        if dirty:
            shown = "; ".join(dirty[:5]) + (f"; and {len(dirty) - 5} more" if len(dirty) > 5 else "")
            what = "nothing is written: git has changes here that are not committed"
            raise Failure(what, why=shown, do="commit or stash them, or use --force", code=EXIT_USAGE)
        roots = [path if path.is_dir() else path.parent for path in paths]
        write_all(changed, roots, overwrite=force)
    except WriteError as error:
        raise Failure("not everything could be written", why=str(error), code=EXIT_USAGE) from error


def _show(reports: Sequence[FileReport], *, names_only: bool) -> None:
    from amlbridge.migrate.report.paths import shown
    from amlbridge.migrate.text.diff import unified

    base = Path.cwd()
    for report in reports:
        if not report.changed:
            continue
        name = shown(report.path, base)
        if names_only:
            click.echo(f"would change {name}")
            continue
        for line in unified(report, name, {shown(path, base): text for path, text in report.created.items()}):
            click.echo(click.style(line, fg=_colour_of(line)), nl=False)


def _colour_of(line: str) -> str | None:
    return "cyan" if line.startswith("@@") else {"+": "green", "-": "red"}.get(line[:1])


def _write_report(path: Path, reports: Sequence[FileReport]) -> None:
    from amlbridge.migrate.report import render
    from amlbridge.migrate.write import write

    try:
        write(path, render(path, reports, Path.cwd()).encode("utf-8", "backslashreplace"))
    except OSError as error:
        why = error.strerror or str(error)
        raise Failure(
            f"the report {path} cannot be written", why=why, do="name another file", code=EXIT_USAGE
        ) from error


def _summarize(reports: Sequence[FileReport], *, written: bool) -> None:
    """To standard error: a table of the files with something to tell, and the whole in one line."""
    from amlbridge.migrate.findings import UNCONVERTED, FileStatus, Summary
    from amlbridge.migrate.report.paths import shown
    from amlbridge.migrate.report.tables import headline

    told = [report for report in reports if report.findings or report.changed]
    rows = []
    for report in sorted(told, key=lambda item: list(FileStatus).index(item.status), reverse=True)[:_MOST_SHOWN]:
        left = [finding for finding in report.findings if finding.status in UNCONVERTED]
        first = f"{left[0].line}: {left[0].message}" if left else ""
        done = len(report.findings) - len(left)
        rows.append((shown(report.path, Path.cwd()), report.status.value, str(done), str(len(left)), first))
    if rows:
        table(("file", "status", "converted", "left", "first of what is left"), rows, err=True)
    if len(told) > _MOST_SHOWN:
        say(f"and {len(told) - _MOST_SHOWN} more files; --report FILE.html tells everything")
    summary = Summary.of(reports)
    statuses = ", ".join(f"{count} {name}" for name, count in summary.by_status.items() if count)
    say(f"{headline(summary)}" + (f" ({statuses})" if statuses else ""))
    if not written and any(report.changed for report in reports):
        say("nothing was written; --write does it")


def _exit_code(reports: Sequence[FileReport], fail_on: FailOn) -> int:
    from amlbridge.migrate.findings import FileStatus

    if any(finding.rule == "internal-error" for report in reports for finding in report.findings):
        return EXIT_USAGE
    counted = {
        "changes": {FileStatus.MIGRATED, FileStatus.PARTIAL, FileStatus.FAILED},
        "manual": {FileStatus.PARTIAL, FileStatus.FAILED},
        "failed": {FileStatus.FAILED},
        "never": set[FileStatus](),
    }[fail_on]
    changed = fail_on == "changes" and any(report.changed for report in reports)
    return 1 if changed or any(report.status in counted for report in reports) else 0
