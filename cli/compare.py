"""`amlbridge compare`: whether two pipelines are the same, and came to the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from amlbridge.cli.output import EXIT_FAILURE, EXIT_USAGE, Failure, print_json, say, table

if TYPE_CHECKING:
    from amlbridge.cli.compare_sides import Side
    from amlbridge.compare.result import Check, Report, Verdict
    from amlbridge.compare.rules import Rules

_MOST_SHOWN = 5
_EXIT_NOT_COMPARED = 2


def comparison_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that compares: the rules and the reports."""
    options = (
        click.option(
            "--tolerance", multiple=True, metavar="[NAME=]abs:X,rel:Y", help="For a column or metric; repeatable."
        ),
        click.option(
            "--row-order", type=click.Choice(["strict", "free"]), default="strict", help="Of the rows of tables."
        ),
        click.option(
            "--key", multiple=True, metavar="[FILE=]COLUMNS", help="Columns that tell rows apart; repeatable."
        ),
        click.option(
            "--nulls", type=click.Choice(["same", "distinct"]), default="same", help="Empty, NaN, NA and null cells."
        ),
        click.option(
            "--types", type=click.Choice(["strict", "loose"]), default="strict", help="Types of columns of parquet."
        ),
        click.option(
            "--probe",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="A csv or parquet on which pickled models predict (default: random rows).",
        ),
        click.option(
            "--ignore", multiple=True, metavar="'STEP/LAYER/SUBJECT: REASON'", help="Leave out, with * for any."
        ),
        click.option("--logs", is_flag=True, help="Compare the steps' logs, too."),
        click.option(
            "--report",
            type=click.Path(path_type=Path, dir_okay=False),
            multiple=True,
            help="Write a .json, .html or .xml (JUnit).",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print the report as JSON."),
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.command("compare")
@click.argument("left", metavar="A")
@click.argument("right", metavar="B")
@click.option("--baseline", type=click.IntRange(min=0), default=0, help="Run A so many times more: its noise floor.")
@click.option(
    "--baseline-run", multiple=True, metavar="RUN", help="A further run of A, for the noise floor; repeatable."
)
@comparison_options
@click.option("--graph", "only_graph", is_flag=True, help="Compare only what was to run, not what came of it.")
@click.option(
    "--left-home", type=click.Path(path_type=Path), help="The state folder of run A (default: this project's)."
)
@click.option("--right-home", type=click.Path(path_type=Path), help="The state folder of run B.")
def compare_command(left: str, right: str, **options: Any) -> int:
    """Compare two pipelines step by step: graph, arguments as received, inputs, metrics, outputs, registered models.

    A and B are runs (ids, or their beginnings), Plans (.json), pipeline YAMLs of SDK v2 or scripts; scripts and YAMLs
    are run first, and an argument with spaces is a script with arguments. Steps are paired by names, code, command and
    place in the graph; they need not be called alike. Pickled models that your steps wrote are loaded, in a process of
    their own, and compared by their predictions.

    \b
    Examples:
      amlbridge compare 3f2a 9c01
      amlbridge compare "v1/pipeline.py --epochs 3" v2/pipeline.py --baseline 3 --report parity.html
      amlbridge compare old.json new.json
      amlbridge compare 3f2a 9c01 --tolerance 'auc=abs:0.01' --key 'scores*.csv=id'
      amlbridge compare 3f2a 9c01 --ignore 'train/outputs/*.png: plots carry a date'

    \b
    Exit codes:
      0  the same, or the same within noise
      1  different
      2  something could not be compared, and nothing is different; wrong usage
    """
    report = compared(left, right, options)
    print_json_report(report) if options["as_json"] else show(report)
    return exit_code(report.verdict)


def compared(left: str, right: str, options: dict[str, Any]) -> Report:
    """The comparison of two sides, as the command is given them, with the reports written. ``options`` are those of the
    command. Raises :class:`Failure`."""
    from amlbridge.cli import compare_sides
    from amlbridge.compare.report import render

    files = report_files(options["report"])
    rules = read_rules(options)
    sides = compare_sides.find(left, options["left_home"]), compare_sides.find(right, options["right_home"])
    report = _compare(*sides, rules, options)
    for path in files:
        write_report(path, render(path, report, (sides[0].plan, sides[1].plan)))
    return report


def report_files(paths: Sequence[Path]) -> Sequence[Path]:
    """The reports to write. Raises :class:`Failure` for a suffix that stands for no format."""
    from amlbridge.compare.report import FORMATS

    for path in paths:
        if path.suffix.lower() not in FORMATS:
            do = f"name a file that ends with {', '.join(FORMATS)}"
            raise Failure(f"there is no report with the suffix {path.suffix!r}", do=do, code=EXIT_USAGE)
    return paths


def read_rules(options: dict[str, Any]) -> Rules:
    """What the options say of the comparison. Raises :class:`Failure`."""
    from amlbridge.compare import rules, tolerance

    try:
        return rules.Rules(
            tolerances=tolerance.parse(options["tolerance"]),
            row_order=options["row_order"],
            keys=tuple(map(rules.parse_key, options["key"])),
            nulls=options["nulls"],
            types=options["types"],
            probe=options["probe"],
            ignored=tuple(map(rules.parse_ignored, options["ignore"])),
            logs=options["logs"],
        )
    except tolerance.RuleError as error:
        raise Failure("a rule cannot be read", why=str(error), do="correct it", code=EXIT_USAGE) from error


def _compare(left: Side, right: Side, rules: Rules, options: dict[str, Any]) -> Report:
    from amlbridge.compare import noise, plans, runs

    if left.run is None or right.run is None or options["only_graph"]:
        if options["baseline"] or options["baseline_run"]:
            do = "compare runs or scripts, or leave --baseline out"
            raise Failure("Plans have no noise", why="nothing is run", do=do, code=EXIT_USAGE)
        report = plans.compare_plans(left.plan, right.plan, rules, (left.name, right.name))
        return runs.ignore(report, rules)
    more = _more_runs(left, options)
    report = replace(runs.compare_runs(left.run, right.run, rules), left=left.name, right=right.name)
    if not more:
        return report
    own = [left.run, *more]
    against = [runs.compare_runs(run, right.run, rules) for run in more]
    among = [runs.compare_runs(one, other, rules) for one, other in combinations(own, 2)]
    return noise.apply(report, against, among)


def _more_runs(left: Side, options: dict[str, Any]) -> list[Any]:
    """The further runs of the left side."""
    from amlbridge.cli import compare_sides
    from amlbridge.engine import plan_json

    found = [compare_sides.find(run, options["left_home"]) for run in options["baseline_run"]]
    if options["baseline"] and not left.again:
        do = "give the script or YAML as A, or name further runs of it with --baseline-run RUN"
        raise Failure(
            "the noise floor needs more runs of A", why="a recorded run cannot be run again", do=do, code=EXIT_USAGE
        )
    for _ in range(options["baseline"]):
        found.append(compare_sides.once_more(left if not found or not found[-1].again else found[-1]))
    for side in found:
        if side.run is None or plan_json.fingerprint(side.plan) != plan_json.fingerprint(left.plan):
            why = "it is not a run of the same Plan as A"
            raise Failure(f"{side.name} cannot serve for the noise floor", why=why, code=EXIT_USAGE)
    return [side.run for side in found]


def write_report(path: Path, text: str) -> None:
    """Writes a report and says so. Raises :class:`Failure`."""
    try:
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        why = error.strerror or str(error)
        raise Failure(
            f"the report {path} cannot be written", why=why, do="name another file", code=EXIT_USAGE
        ) from error
    say(f"wrote {path}")


def print_json_report(report: Report) -> None:
    """The report as JSON to standard output."""
    from amlbridge.compare.report.json import document

    print_json(document(report))


def show(report: Report) -> None:
    """The report for people: a table of the steps, then every check that is not the same."""
    from amlbridge.compare.result import worst

    click.echo(f"left   {report.left}")
    click.echo(f"right  {report.right}")
    click.echo()
    rows = [("(pipeline)", worst(check.verdict for check in report.pipeline).value, str(len(report.pipeline)), "")]
    for step in report.steps:
        facts = "; ".join(f"{name}: {value}" for name, value in step.facts.items() if name != "code")
        rows.append((step.name, step.verdict.value, str(len(step.checks)), facts))
    table(("step", "verdict", "checks", ""), rows)
    show_checks(report.checks(), "")
    click.echo()
    for rule in report.rules:
        click.echo(f"rule: {rule}")
    click.echo()
    click.echo(f"verdict: {report.verdict.value}")


def show_checks(checks: Iterable[tuple[str, Check]], run: str) -> None:
    """Every check that is not the same; each comes with its step. ``run``: whose steps they are, where there are
    several."""
    from amlbridge.compare.result import Verdict

    for step, check in checks:
        if check.verdict is not Verdict.SAME:
            name = step or "(pipeline)"
            _show_check(f"{run} · {name}" if run else name, check)


def _show_check(name: str, check: Check) -> None:
    click.echo()
    click.echo(f"{name} · {check.layer} · {check.subject}: {check.verdict.value}: {check.reason}")
    for fact, value in check.facts.items():
        click.echo(f"    {fact}: {value}")
    for item in check.differences[:_MOST_SHOWN]:
        place = f"{item.place}: " if item.place else ""
        click.echo(f"    {place}{item.left} | {item.right}")
    if check.count > _MOST_SHOWN:
        click.echo(f"    … {check.count - _MOST_SHOWN:,} more")


def exit_code(verdict: Verdict) -> int:
    """The exit code that tells a verdict."""
    from amlbridge.compare import result

    codes = {result.Verdict.DIFFERENT: EXIT_FAILURE, result.Verdict.NOT_COMPARED: _EXIT_NOT_COMPARED}
    return codes.get(verdict, 0)
