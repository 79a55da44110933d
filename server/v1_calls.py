"""docs/v1-calls.md, made from :mod:`amlbridge.v1.calls` by ``make docs``."""

from __future__ import annotations

import sys
from collections import Counter

from amlbridge.v1.call_table import Status, V1Call
from amlbridge.v1.calls import SECTIONS

_HEAD = """# What becomes of the calls of SDK v1

Made from `v1/calls.py` by `make docs`; tests fail when it is stale, when an operation is not there, or when a call is
not in the installed packages. *served*: works as on Azure, against the operations named ([coverage.md](coverage.md)).
*client only*: makes or reads an object in the client alone; the service is asked when that is used. *refused*: an error
that says why. *gone*: the packages do not have it any more. The calls are those that public v1 code makes most.
"""
_WORDS: dict[Status, str] = {"served": "served", "client": "client only", "refused": "refused", "gone": "gone"}


def page() -> str:
    """The whole page as Markdown."""
    counts = Counter(call.status for calls in SECTIONS.values() for call in calls)
    total = ", ".join(f"{counts[status]} {word}" for status, word in _WORDS.items())
    lines = [_HEAD, f"{sum(counts.values())} calls: {total}."]
    for title, calls in SECTIONS.items():
        lines += ["", f"## {title}", "", "| call | | operations | note | test |", "|---|---|---|---|---|"]
        lines += [_row(call) for call in calls]
    return "\n".join(lines) + "\n"


def _row(call: V1Call) -> str:
    operations = ", ".join(f"`{name}`" for name in call.operations)
    test = f"`{call.test}`" if call.test else ""
    cells = (f"`{call.symbol.removeprefix('azureml.')}`", _WORDS[call.status], operations, call.note, test)
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    sys.stdout.write(page())
