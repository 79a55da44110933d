"""One file or folder against another: the comparer is chosen by the name."""

from __future__ import annotations

import filecmp
import importlib
import json
import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TypeAlias

from amlbridge.compare.errors import UnreadableError, need
from amlbridge.compare.files.finding import Finding
from amlbridge.compare.references import References
from amlbridge.compare.result import Check, Difference, Layer, Verdict, different, not_compared
from amlbridge.compare.rules import Rules

Comparer: TypeAlias = Callable[[Path, Path, Rules, References], Finding]

#: Suffix -> the module that compares such files, and what it needs.
_MODULES = {
    **dict.fromkeys((".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".feather", ".arrow"), "tabular"),
    **dict.fromkeys((".json", ".yml", ".yaml"), "documents"),
    **dict.fromkeys((".npy", ".npz"), "arrays"),
    **dict.fromkeys((".pkl", ".pickle", ".joblib"), "models"),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp"), "images"),
}
#: Bytes. A file without a suffix is not read as a whole to see what it is.
_LARGE = 64 * 1024**2
_NAMED = {"MLmodel": "documents"}


def compare_files(
    left: Path, right: Path, subject: str, rules: Rules, references: References, layer: Layer = "outputs"
) -> Check:
    """Compares two files. What cannot be read is a check that says why; nothing is raised."""
    try:
        if filecmp.cmp(left, right, shallow=False):
            return Check(layer, subject, facts={"bytes": "equal"})
        found = _comparer(right)(left, right, rules, references)
    except (UnreadableError, OSError) as error:
        return not_compared(layer, subject, str(error))
    if not found.count:
        return Check(layer, subject, facts=found.facts)
    count = f"{found.count:,} difference{'' if found.count == 1 else 's'}"
    reason = found.facts.get("row order", count) if "same rows" in found.facts.get("row order", "") else count
    return Check(layer, subject, Verdict.DIFFERENT, reason, found.differences, found.count, found.spread, found.facts)


def _comparer(path: Path) -> Comparer:
    suffix = path.with_suffix("").suffix if path.suffix.lower() == ".gz" else path.suffix
    name = _NAMED.get(path.name) or _MODULES.get(suffix.lower()) or ("text" if suffix else _sniffed(path))
    try:
        module = importlib.import_module(f"amlbridge.compare.files.{name}")
    except ModuleNotFoundError as error:
        raise need(str(error.name), "these files") from error
    comparer: Comparer = module.compare
    return comparer


def _sniffed(path: Path) -> str:
    """How a file without a suffix is compared: outputs of steps that are one file have none."""
    with path.open("rb") as file:
        begin = file.read(64)
    if begin[:1] == b"\x80" and begin[1:2] in b"\x02\x03\x04\x05":  # the opcode PROTO and its version
        return "models"
    return "documents" if begin.lstrip()[:1] in (b"{", b"[") and _is_json(path) else "text"


def _is_json(path: Path) -> bool:
    if path.stat().st_size > _LARGE:
        return False
    try:
        json.loads(path.read_bytes())
    except ValueError:
        return False
    return True


def compare_paths(
    left: Path,
    right: Path,
    subject: str,
    rules: Rules,
    references: References,
    layer: Layer = "outputs",
    left_out: Collection[str] = (),
) -> Iterator[Check]:
    """Compares two files, or all files of two folders, each as ``subject: name``, but those called ``left_out``."""
    kinds = _kind(left), _kind(right)
    if set(kinds) == {"nothing", "a folder"} and not _files(left) and not _files(right):
        # A folder is made for an output of SDK v2, and not for one of SDK v1.
        yield Check(layer, subject, facts={"files": "none on either side"})
        return
    if kinds[0] != kinds[1]:
        yield different(layer, subject, f"{kinds[0]} on the left, {kinds[1]} on the right", *kinds)
        return
    if kinds[0] == "nothing":
        yield not_compared(layer, subject, "neither side has written anything")
        return
    if kinds[0] == "a file":
        yield compare_files(left, right, subject, rules, references, layer)
        return
    yield from compare_folders(left, right, subject, rules, references, layer, left_out)


def compare_folders(
    left: Path,
    right: Path,
    subject: str,
    rules: Rules,
    references: References,
    layer: Layer = "outputs",
    left_out: Collection[str] = (),
) -> Iterator[Check]:
    """Compares all files of two folders; one that is not there counts as empty."""
    ours, theirs = ([name for name in _files(folder) if name not in left_out] for folder in (left, right))
    partners = _partners(ours, theirs, references)
    if not ours and not theirs:
        yield Check(layer, subject, facts={"files": "none on either side"})
    for name in ours:
        label = f"{subject}: {name}"
        if name in partners:
            yield compare_files(left / name, right / partners[name], label, rules, references, layer)
        else:
            yield _missing(layer, label, name, "right")
    for name in theirs:
        if name not in partners.values():
            yield _missing(layer, f"{subject}: {name}", name, "left")


def _missing(layer: Layer, label: str, name: str, side: str) -> Check:
    shown = Difference("file", *((name, "(missing)") if side == "right" else ("(missing)", name)))
    reason = f"the file is missing on the {side}"
    return Check(layer, label, Verdict.DIFFERENT, reason, (shown,), 1, {"": float("inf")})


def _partners(ours: list[str], theirs: list[str], references: References) -> dict[str, str]:
    """Files of the same name, then those whose names differ in nothing but ids."""
    found = {name: name for name in ours if name in set(theirs)}
    free = [name for name in theirs if name not in found]
    for name in ours:
        if name in found:
            continue
        match = next((other for other in free if references.same(name, other)), None)
        if match is not None:
            found[name] = match
            free.remove(match)
    return found


def _files(folder: Path) -> list[str]:
    found = []
    for root, _folders, names in os.walk(folder):
        found += [(Path(root) / name).relative_to(folder).as_posix() for name in names]
    return sorted(found)


def _kind(path: Path) -> str:
    if path.is_dir():
        return "a folder"
    return "a file" if path.exists() else "nothing"
