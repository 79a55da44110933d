"""``python -m tests.support.migrate_causes CHECKOUT...``: what keeps real code SDK v1, by effect.

A use that no rule converts keeps everything v1 that it is connected with. Prints for each symbol how many uses its own
uses and those that they keep are, in control code and in run scripts, with the reasons and a place of each reason.
"""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from amlbridge.migrate.findings import FileReport, Finding, Status
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings

_CAUSE = re.compile(r"connected with could not be converted(?:: (\S+) \()?")
_REASONS = 6


def _cause(finding: Finding) -> tuple[str, str]:
    """The symbol that a use stays v1 for, and the reason if it is its own."""
    connected = _CAUSE.search(finding.message)
    if connected is None:
        return finding.symbol, finding.message
    return (connected.group(1) or f"? {finding.symbol}").removesuffix("="), ""


def causes(reports: Sequence[FileReport]) -> list[str]:
    """The lines of the table, the worst cause first."""
    kept: Counter[str] = Counter()
    own: Counter[str] = Counter()
    reasons: dict[str, Counter[str]] = defaultdict(Counter)
    places: dict[tuple[str, str], str] = {}
    for report in reports:
        for finding in report.findings:
            if finding.is_failure or finding.status not in (Status.MANUAL, Status.NO_EQUIVALENT):
                continue
            symbol, reason = _cause(finding)
            kept[symbol] += 1
            if reason:
                own[symbol] += 1
                reasons[symbol][reason] += 1
                places.setdefault((symbol, reason), f"{report.path} {finding.cell} {finding.line}")
    lines = []
    for symbol, count in kept.most_common():
        lines.append(f"{count:5} {own[symbol]:5}  {symbol}")
        for reason, often in reasons[symbol].most_common(_REASONS):
            lines.append(f"{often:20}x {reason[:150]}  [{places[symbol, reason]}]")
    return lines


def main(arguments: Sequence[str]) -> int:
    """Prints the table; 2 without checkouts."""
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    print("\n".join(causes(run([Path(argument) for argument in arguments], Settings()))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
