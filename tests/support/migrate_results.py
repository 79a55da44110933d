"""``python -m tests.support.migrate_results CHECKOUT...``: makes docs/migrate-results.md from checkouts of real code.

Each CHECKOUT is a folder with the files of one repository, named OWNER+NAME. They are read, converted in memory and
not changed; nothing of them goes into this repository but the numbers.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from amlbridge.migrate.discover import discover
from amlbridge.migrate.findings import FileReport, FileStatus, Finding, Status
from amlbridge.migrate.load import Loaded, load_all, parse
from amlbridge.migrate.run import convert_all, run
from amlbridge.migrate.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "migrate-results.md"
_MOST = 30
_HEAD = """# What `amlbridge migrate` does with real code

Made by `python -m tests.support.migrate_results CHECKOUT...` from public repositories; nothing of them is in this one.
Counted are uses of symbols of SDK v1. *run scripts* are files that ask for the run that they are in; *control* are the
others: pipelines, submits, deployments, notebooks. *share*: converted or for review, over all uses that were found;
texts that only name a symbol for a test's mock, `patch("app.Workspace")`, are none.

- *crashed*: files on which a rule raised an error (they stay as they were)
- *unparsable*: files of which the new text was no Python (they stay as they were)
- *not stable*: files that a second run would change again
- *unknown names*: names, attributes or keywords in new code that SDK v2 has not
"""


@dataclass
class Result:
    """The numbers of one repository."""

    name: str
    files: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    control: Counter[str] = field(default_factory=Counter)
    scripts: Counter[str] = field(default_factory=Counter)
    crashed: int = 0
    unparsable: int = 0
    unstable: list[Path] = field(default_factory=list)
    unknown: int = 0
    left: Counter[tuple[str, str]] = field(default_factory=Counter)


def measure(folder: Path) -> Result:
    """Converts the files of a folder in memory."""
    result = Result(folder.name.replace("+", "/"))
    reports = run([folder], Settings())
    for report in reports:
        _count(result, report)
    result.unstable = list(_unstable(folder, reports))
    return result


def _count(result: Result, report: FileReport) -> None:
    result.files += 1
    result.statuses[report.status.value] += 1
    # A version of Python is no use of SDK v1, nor is what a test mocks.
    told = [finding for finding in report.findings if finding.rule != "mocks" and finding.symbol != "python"]
    uses = [finding for finding in told if not finding.is_failure]
    script = any(finding.symbol == "Run.get_context" for finding in uses)
    (result.scripts if script else result.control).update(finding.status.value for finding in uses)
    result.left.update(_key(finding) for finding in uses if finding.status in (Status.MANUAL, Status.NO_EQUIVALENT))
    wrong = [finding for finding in report.findings if finding.rule == "internal-error"]
    unparsable = any("no Python" in finding.message for finding in wrong)
    result.unparsable += unparsable
    result.crashed += bool(wrong) and not unparsable
    result.unknown += sum(finding.rule == "unknown-name" for finding in report.findings)
    for finding in wrong:
        print(f"{report.path}: {finding.message}", file=sys.stderr)


def _key(finding: Finding) -> tuple[str, str]:
    connected = "connected" in finding.message
    return finding.symbol, "stays with something connected" if connected else finding.status.value


def _unstable(folder: Path, reports: Sequence[FileReport]) -> Iterator[Path]:
    """The files that a second run would change."""
    changed = {report.path: report.after for report in reports if report.changed}
    again = [parse(item.path, changed[item.path]) if item.path in changed else item for item in _loaded(folder)]
    for report in convert_all(again, Settings()):
        if report.path in changed and report.before != report.after:
            print(f"{report.path}: changes again", file=sys.stderr)
            yield report.path


def _loaded(folder: Path) -> list[Loaded]:
    return load_all(discover([folder]).files)


def _share(counted: Counter[str]) -> str:
    total = sum(count for status, count in counted.items() if status != Status.IGNORED.value)
    done = counted[Status.CONVERTED.value] + counted[Status.REVIEW.value]
    return f"{done / total:.1%} of {total:,}" if total else "none"


def page(results: Sequence[Result]) -> str:
    """docs/migrate-results.md."""
    total = Result("**all**")
    for result in results:
        total.files += result.files
        for name in ("statuses", "control", "scripts", "left"):
            getattr(total, name).update(getattr(result, name))
        total.crashed += result.crashed
        total.unparsable += result.unparsable
        total.unknown += result.unknown
        total.unstable += result.unstable
    heads = ("repository", "files", *map(str, FileStatus), "control", "run scripts")
    heads += ("crashed", "unparsable", "not stable", "unknown names")
    lines = [_HEAD, "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(_cells(result)) + " |" for result in (*results, total)]
    lines += ["", "## What is left most often", "", "| symbol | why | uses |", "|---|---|---|"]
    ranked = sorted(total.left.items(), key=lambda item: (-item[1], item[0]))
    lines += [f"| `{symbol}` | {why} | {count} |" for (symbol, why), count in ranked[:_MOST]]
    return "\n".join(lines) + "\n"


def _cells(result: Result) -> list[str]:
    statuses = [f"{result.statuses[status.value]:,}" for status in FileStatus]
    shares = [_share(result.control), _share(result.scripts)]
    wrong = [result.crashed, result.unparsable, len(result.unstable), result.unknown]
    return [result.name, f"{result.files:,}", *statuses, *shares, *map(str, wrong)]


def main(arguments: Sequence[str]) -> int:
    """Writes the page; 1 when anything crashed, could not be parsed or was not stable."""
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    results = [measure(Path(argument)) for argument in arguments]
    PAGE.write_text(page(results), "utf-8")
    return int(any(result.crashed or result.unparsable or result.unstable for result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
