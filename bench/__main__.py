"""``python -m bench``: measures, prints the table, writes bench/RESULTS.md."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from . import (
    blobs,
    chain,
    compare,
    imports,
    machine,
    migrate,
    parallel,
    published,
    report,
    requests_rate,
    sdk_v2,
    startup,
)
from .measure import Row
from .peers import Peers

#: Name -> the measure; one that fails is reported by its name.
Measure = Callable[[bool], Iterator[Row]]


def main(arguments: list[str]) -> int:
    """0: everything was measured, whether targets are met or not; 1: something could not be measured."""
    options = _parser().parse_args(arguments)
    peers = Peers(wanted=options.peers)
    measures: dict[str, Measure] = {
        "chain": lambda quick: chain.rows(quick, peers),
        "imports": imports.rows,
        "startup": startup.rows,
        "requests": requests_rate.rows,
        "published": published.rows,
        "v2": sdk_v2.rows,
        "blobs": blobs.rows,
        "migrate": lambda quick: migrate.rows(quick, peers),
        "parallel": parallel.rows,
        "compare": compare.rows,
        "automl": lambda quick: _automl(quick, options.budget),
    }
    names = options.only or list(measures)
    before, began = machine.load(), time.monotonic()
    rows: list[Row] = []
    for name in names:
        machine.say(name)
        rows += _measured(name, measures[name], options.quick)
    passed = time.monotonic() - began
    facts = {**machine.facts(peers.versions()), "took": f"{passed:.0f} s{', --quick' if options.quick else ''}"}
    sys.stdout.write(report.table(rows) + report.summary(rows) + "\n")
    complete = not (options.only or options.quick) and options.peers
    output = options.output or (options.results if complete else None)
    if output is not None:
        output.write_text(report.page(rows, facts, before, machine.load()))
        machine.say(f"wrote {output}")
    return 1 if any(row.problem for row in rows) else 0


def _automl(quick: bool, budget: float | None) -> Iterator[Row]:
    from . import automl  # imports scikit-learn, which the others need not wait for

    return automl.rows(quick, budget)


def _measured(name: str, measure: Measure, quick: bool) -> list[Row]:
    """The rows of one measure. Its failure is a row too, and the others go on."""
    rows: list[Row] = []
    try:
        rows += measure(quick)
    except Exception as error:  # noqa: BLE001  # whatever it was: it is reported, and the exit code tells
        problem = f"{type(error).__name__}: {error}"
        machine.say(f"  {problem}")
        rows.append(Row(name, problem=problem))
    return rows


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    names = (
        "chain",
        "imports",
        "startup",
        "requests",
        "published",
        "v2",
        "blobs",
        "migrate",
        "parallel",
        "compare",
        "automl",
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller files")
    parser.add_argument("--only", action="append", choices=names, metavar="NAME", help=f"one of {', '.join(names)}")
    parser.add_argument("--no-peers", dest="peers", action="store_false", help="leave the other tools out")
    parser.add_argument("--budget", type=float, metavar="SECONDS", help="of AutoML for each table (default: 60)")
    parser.add_argument("--output", type=Path, help="the page to write (default: RESULTS.md after a complete run)")
    parser.set_defaults(results=Path(__file__).with_name("RESULTS.md"))
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
