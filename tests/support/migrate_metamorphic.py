"""The same programs written in other ways, and what the codemod makes of them:
``python -m tests.support.migrate_metamorphic [-r REWRITING] CHECKOUT...``

Each module with SDK v1, also the script of a notebook's cells, is rewritten (``rewritings/``) so that it does the same,
and converted. Told are files where
that comes out worse than for the code as it was: a conversion that fails, does not parse, changes again, reads names
that nothing makes, converts fewer uses, or does not tell of some.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from amlbridge.migrate.discover import discover
from amlbridge.migrate.findings import FileReport, FileStatus, Finding, Status
from amlbridge.migrate.load import Loaded, load_all, parse
from amlbridge.migrate.mixtures.unseen import TAKES
from amlbridge.migrate.module import Options
from amlbridge.migrate.run import convert_all
from amlbridge.migrate.settings import Settings
from tests.support.migrate_names import new_faults
from tests.support.rewritings import REWRITINGS, SAME_RESULT
from tests.support.rewritings.code import Program

_DONE = frozenset({Status.CONVERTED, Status.REVIEW})
#: What findings say that are on no use of SDK v1: where a workspace stays SDK v1, there is no such thing to say.
_NO_USE = TAKES.rpartition("{}")[2]
SETTINGS = Settings(options=Options(components="python"), jobs=1)


@dataclass(frozen=True)
class Fault:
    """What is worse about a module once it is rewritten."""

    path: Path
    rewriting: str
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}: [{self.rewriting}] {self.kind}: {self.text}"


@dataclass(frozen=True)
class Outcome:
    """What became of a program: the report on its module, and the findings of those beside it, too."""

    report: FileReport
    findings: tuple[Finding, ...]
    changes_again: bool
    names: tuple[str, ...]


def compare(path: Path, rewriting: str, base: Outcome, new: Outcome) -> Iterator[Fault]:
    """What is worse about the new outcome."""
    if new.report.status is FileStatus.FAILED and base.report.status is not FileStatus.FAILED:
        yield Fault(path, rewriting, "failed", new.findings[0].message)
        return
    if new.changes_again and not base.changes_again:
        yield Fault(path, rewriting, "unstable", "a second run changes it")
    for name in new.names:
        if name not in base.names:
            yield Fault(path, rewriting, "names", name)
    yield from _lost(path, rewriting, base, new)
    done = {finding.status for finding in (*base.findings, *new.findings)} <= _DONE
    if done and rewriting in SAME_RESULT and _normal(base.report.after) != _normal(new.report.after):
        yield Fault(path, rewriting, "differs", "the new code is not the same")


def _lost(path: Path, rewriting: str, base: Outcome, new: Outcome) -> Iterator[Fault]:
    """The uses that are not converted any more, and those of which nothing is told."""
    told, told_now = _symbols(base.findings), _symbols(new.findings)
    done, done_now = _symbols(base.findings, _DONE), _symbols(new.findings, _DONE)
    for symbol, count in told.items():
        if told_now[symbol] < count and not _became(symbol, told, told_now):
            yield Fault(path, rewriting, "silent", f"{symbol}: {count} uses, {told_now[symbol]} told")
        elif done_now[symbol] < done[symbol]:
            left = [finding for finding in new.findings if finding.symbol == symbol and finding.status not in _DONE]
            why = f"line {left[0].line}: {left[0].message[:160]}" if left else ""
            yield Fault(path, rewriting, "share", f"{symbol}: {done[symbol]} converted, {done_now[symbol]} now; {why}")


def _became(symbol: str, before: Counter[str], now: Counter[str]) -> bool:
    """Whether uses of a symbol are told under another name of the same: a class's instead of its base's."""
    member = symbol.rpartition(".")[2]
    return sum(count for name, count in now.items() if name.rpartition(".")[2] == member) >= sum(
        count for name, count in before.items() if name.rpartition(".")[2] == member
    )


def _symbols(findings: Sequence[Finding], statuses: frozenset[Status] = frozenset(Status)) -> Counter[str]:
    uses = (found for found in findings if not found.is_failure and not found.message.endswith(_NO_USE))
    return Counter(found.symbol for found in uses if found.status in statuses)


class _Sorted(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        node.keywords.sort(key=lambda word: word.arg or "~")
        return node


def _normal(code: bytes) -> str:
    """Code without imports, and with its keywords in order."""
    tree = _Sorted().visit(ast.parse(code))
    body = [node for node in tree.body if not isinstance(node, (ast.Import, ast.ImportFrom))]
    return "\n".join(map(ast.unparse, body))


def outcomes(loaded: Sequence[Loaded], programs: Mapping[Path, Program], settings: Settings) -> dict[Path, Outcome]:
    """Converts some files of a run with other texts, twice."""
    texts, beside, paths = {}, {}, {}
    for number, (path, program) in enumerate(programs.items()):
        text = program.text
        for name, other in program.beside.items():  # several modules of a folder may have theirs
            text = text.replace(name, f"{name}_{number}")
            beside[path.with_name(f"{name}_{number}.py")] = path, other
        texts[path] = text.encode()
        paths[path] = path.with_suffix(program.suffix) if program.suffix else path
    first = [parse(paths[item.path], texts[item.path]) if item.path in texts else item for item in loaded]
    first += [parse(path, text.encode()) for path, (_, text) in beside.items()]
    reports = {report.path: report for report in convert_all(first, settings)}
    second = [parse(item.path, reports[item.path].after) if reports[item.path].changed else item for item in first]
    again = {report.path for report in convert_all(second, settings) if report.before != report.after}
    found = {}
    for path in programs:
        others = [reports[other] for other, (owner, _) in beside.items() if owner == path]
        both = [reports[paths[path]], *others]
        findings = tuple(finding for report in both for finding in report.findings)
        names = [fault for report in both if report.changed for fault in new_faults(*_texts(report))]
        unstable = any(report.path in again and report.changed for report in both)
        found[path] = Outcome(both[0], findings, unstable, tuple(names))
    return found


def _texts(report: FileReport) -> tuple[str, str]:
    before, after = (parse(report.path, content, user=True).module for content in (report.before, report.after))
    assert before is not None and after is not None
    return before.text, after.text


def check(loaded: Sequence[Loaded], rewritings: Sequence[str], settings: Settings = SETTINGS) -> Iterator[Fault]:
    """The faults of the modules among some files, rewriting by rewriting."""
    base = {item.path: text for item in loaded if (text := _plain(item)) is not None}
    before = outcomes(loaded, {path: Program(text) for path, text in base.items()}, settings)
    for name in rewritings:
        programs = {path: program for path, text in base.items() if (program := _rewritten(name, text)) is not None}
        rest = {path: Program(text) for path, text in base.items() if path not in programs}
        if programs:
            after = outcomes(loaded, {**rest, **programs}, settings)
            for path in programs:
                yield from compare(path, name, before[path], after[path])


def as_scripts(loaded: Sequence[Loaded]) -> list[Loaded]:
    """Files of which each notebook is the script of its cells, without magics."""
    found = []
    for item in loaded:
        if item.module is None or not item.module.notebook:
            found.append(item)
        elif item.named and (text := _unparsed(item.module.text)) is not None:
            name = re.sub(r"\W", "_", item.path.stem)
            found.append(parse(item.path.with_name(f"{name}_cells.py"), text.encode()))
    return found


def _plain(item: Loaded) -> str | None:
    """The text of a module of SDK v1, without its layout."""
    if item.module is None or item.module.notebook or not item.named:
        return None
    return _unparsed(item.module.text)


def _unparsed(text: str) -> str | None:
    try:
        return ast.unparse(ast.parse(text)) + "\n"
    except (SyntaxError, RecursionError):
        return None


def _rewritten(name: str, text: str) -> Program | None:
    program = REWRITINGS[name](text)
    return program if program is not None and program.text != text else None


def main(arguments: Sequence[str]) -> int:
    """Tells of the modules below some folders. Returns 1 where there is something to tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkouts", nargs="+", type=Path)
    parser.add_argument("-r", "--rewriting", action="append", choices=sorted(REWRITINGS))
    given = parser.parse_args(arguments)
    found = 0
    for checkout in given.checkouts:
        for fault in check(as_scripts(load_all(discover([checkout]).files)), given.rewriting or sorted(REWRITINGS)):
            found += 1
            print(fault, flush=True)
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
