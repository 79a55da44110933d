"""Texts, line by line; and what is no text, byte by byte."""

from __future__ import annotations

import difflib
from pathlib import Path

from amlbridge.compare.files.finding import Finding
from amlbridge.compare.references import References
from amlbridge.compare.result import MOST_KEPT, Difference
from amlbridge.compare.rules import Rules

#: Larger texts are only compared byte by byte.
_LARGEST = 8 << 20
_CHUNK = 1 << 20


def compare(left: Path, right: Path, _rules: Rules, references: References) -> Finding:
    """The lines that differ. Line ends do not matter."""
    if max(left.stat().st_size, right.stat().st_size) > _LARGEST:
        return content(left, right)
    try:
        one, other = (path.read_text(encoding="utf-8-sig").splitlines() for path in (left, right))
    except UnicodeDecodeError:
        return content(left, right)
    return lines(one, other, references)


def lines(one: list[str], other: list[str], references: References) -> Finding:
    """The lines that differ."""
    if len(one) == len(other):
        apart = [index for index in range(len(one)) if not references.same(one[index], other[index])]
        kept = [Difference(f"line {index + 1}", one[index], other[index]) for index in apart[:MOST_KEPT]]
        return Finding(len(apart), tuple(kept), {"lines": float(len(apart))} if apart else {})
    ours = [references.left.normal(line) for line in one]
    theirs = [references.right.normal(line) for line in other]
    count = 0
    found: list[Difference] = []
    for tag, start, end, from_, to in difflib.SequenceMatcher(None, ours, theirs, autojunk=True).get_opcodes():
        if tag == "equal":
            continue
        count += max(end - start, to - from_)
        if len(found) < MOST_KEPT:
            found.append(Difference(f"line {start + 1}", "\n".join(one[start:end][:5]), "\n".join(other[from_:to][:5])))
    return Finding(count, tuple(found), {"lines": float(count)})


def content(left: Path, right: Path) -> Finding:
    """Where the bytes begin to differ; sizes."""
    sizes = left.stat().st_size, right.stat().st_size
    facts = {"bytes": f"{sizes[0]:,} and {sizes[1]:,}"}
    with left.open("rb") as ours, right.open("rb") as theirs:
        place = 0
        while True:
            one, other = ours.read(_CHUNK), theirs.read(_CHUNK)
            if one != other:
                length = min(len(one), len(other))
                first = next((index for index in range(length) if one[index] != other[index]), length)
                shown = [part[first : first + 16].hex(" ") or "(the end)" for part in (one, other)]
                return Finding(
                    1, (Difference(f"byte {place + first}", shown[0], shown[1]),), {"bytes": float("inf")}, facts
                )
            if not one:
                return Finding(facts=facts)
            place += len(one)
