"""Metrics: name by name, as they were logged: numbers, lists, tables, images."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from amlbridge.compare.files.compare import compare_files
from amlbridge.compare.files.walk import Walk
from amlbridge.compare.references import References
from amlbridge.compare.result import Check, Verdict, different, not_compared
from amlbridge.compare.rules import Rules
from amlbridge.engine.records.metrics import MetricValue

#: Columns whose value is the address of an artifact: images, confusion matrices and the like.
_ARTIFACT = "Artifact"
#: What the controller of a sweep logs each time that a trial is the best so far: which ones were, follows from the
#: order in which trials happened to end. The last one is the result.
_BEST_TRIAL = "best_child_by_primary_metric"
_NOT_FINITE = {"NaN", "Infinity", "-Infinity"}
#: What azureml-core sends for a number of numpy 2 that is no Python number: `run.log("rows", np.int64(3))`.
_OF_NUMPY = re.compile(r"np\.(?:u?int|float)\d+\((.+)\)")
#: The same in the text of a dict.
_WITHIN = re.compile(r"np\.(?:u?int|float)\d+\(([^()]+)\)")
#: Where an artifact lies, by its address on the left (0) or the right (1); None when that is not known.
FindArtifact = Callable[[int, str], Path | None]


def compare_metrics(
    left: Sequence[MetricValue],
    right: Sequence[MetricValue],
    rules: Rules,
    references: References,
    artifact: FindArtifact = lambda _side, _address: None,
    logged: Callable[[str], Path | None] = lambda _name: None,
) -> Iterator[Check]:
    """One check for each name that either side logged. ``logged``: a file that the right has logged, by its path, as
    MLflow has texts and images in files."""
    ours, theirs = _by_name(left), _by_name(right)
    for name in {**ours, **theirs}:
        subject = f"metric {name}"
        if name not in theirs and (check := _in_a_file(ours[name], logged, subject, rules, references, artifact)):
            yield check
        elif name not in ours or name not in theirs:
            side = "left" if name not in ours else "right"
            shown = [_shown(rows[name]) if name in rows else "(missing)" for rows in (ours, theirs)]
            yield different("metrics", subject, f"not logged on the {side}", *shown)
        elif any(_ARTIFACT in value.columns.values() for value in ours[name]):
            yield _artifact(ours[name], theirs[name], subject, rules, references, artifact)
        else:
            yield _values(ours[name], theirs[name], name, rules, references)


def _by_name(values: Sequence[MetricValue]) -> dict[str, list[MetricValue]]:
    found: dict[str, list[MetricValue]] = {}
    for value in values:
        found.setdefault(value.name, []).append(value)
    return found


def _values(
    left: Sequence[MetricValue], right: Sequence[MetricValue], name: str, rules: Rules, references: References
) -> Check:
    walk = Walk(rules, references)
    if name == _BEST_TRIAL:
        left, right = left[-1:], right[-1:]
    ours, theirs = ([_row(value, name) for value in side] for side in (left, right))
    if len(ours) == len(theirs) == 1:
        walk.values(ours[0], theirs[0], name, name)
    else:
        walk.values(ours, theirs, name, name)
    subject, facts = f"metric {name}", {"tolerance": str(rules.tolerances.of(name)), "values": str(len(ours))}
    if not walk.count:
        return Check("metrics", subject, facts=facts)
    reason = f"{walk.count:,} values differ" if walk.count > 1 else "its value differs"
    spread = {"": max(walk.spread.values())}
    return Check("metrics", subject, Verdict.DIFFERENT, reason, tuple(walk.kept), walk.count, spread, facts)


def _row(value: MetricValue, name: str) -> Any:
    """A logged value: the number itself where there is only one column."""
    cells = {column: _number(cell) for column, cell in value.data.items()}
    return next(iter(cells.values())) if len(cells) == 1 else cells


def _number(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    of_numpy = _OF_NUMPY.fullmatch(cell)
    try:
        return float(of_numpy[1]) if of_numpy else float(cell) if cell in _NOT_FINITE else cell
    except ValueError:
        return cell


def _artifact(
    left: Sequence[MetricValue],
    right: Sequence[MetricValue],
    subject: str,
    rules: Rules,
    references: References,
    artifact: FindArtifact,
) -> Check:
    if len(left) != len(right):
        return different("metrics", subject, "logged a different number of times", len(left), len(right))
    checks = []
    for ours, theirs in zip(left, right, strict=True):
        paths = [artifact(index, str(next(iter(value.data.values())))) for index, value in enumerate((ours, theirs))]
        if paths[0] is None or paths[1] is None or not (paths[0].is_file() and paths[1].is_file()):
            return not_compared("metrics", subject, "the file of an image or a table that was logged is not there")
        checks.append(compare_files(paths[0], paths[1], subject, rules, references, "metrics"))
    return next((check for check in checks if check.verdict is not Verdict.SAME), checks[0])


def _in_a_file(
    values: Sequence[MetricValue],
    logged: Callable[[str], Path | None],
    subject: str,
    rules: Rules,
    references: References,
    artifact: FindArtifact,
) -> Check | None:
    """The check of a text or an image that the right has in a file of the same name; None where it has not. Of a text
    that was logged several times, the file has the last."""
    row, name = _row(values[-1], values[-1].name), values[-1].name
    if _ARTIFACT in values[-1].columns.values():
        ours, theirs = artifact(0, str(next(iter(values[-1].data.values())))), logged(f"{name}.png")
        if ours is None or not ours.is_file():
            return None
        if theirs is None or not theirs.is_file():
            return _in_json(ours.read_bytes(), logged(f"{name}.json"), name, rules, references)
        return compare_files(ours, theirs, subject, rules, references, "metrics")
    file = logged(f"{name}.txt") if isinstance(row, str) else None
    if file is None or not file.is_file():
        return _in_json(row, logged(f"{name}.json"), name, rules, references) if isinstance(row, str) else None
    text = file.read_text(encoding="utf-8", errors="replace")
    if references.same(row, text):
        return Check("metrics", subject, facts={"on the right": f"the file {file.name}"})
    return different("metrics", subject, "its text differs", row, text)


def _in_json(row: str | bytes, file: Path | None, name: str, rules: Rules, references: References) -> Check | None:
    """The check of a dict, whose text is what SDK v1 logged, or of a chart (such as a confusion matrix), whose file in
    JSON it uploaded."""
    if file is None or not file.is_file():
        return None
    try:
        text = row.decode() if isinstance(row, bytes) else json.dumps(ast.literal_eval(_WITHIN.sub(r"\1", row)))
        ours = json.loads(text)
        theirs = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, SyntaxError, TypeError):
        return None
    walk = Walk(rules, references)
    walk.values(ours, theirs, name, name)
    facts = {"on the right": f"the file {file.name}"}
    if not walk.count:
        return Check("metrics", f"metric {name}", facts=facts)
    return Check("metrics", f"metric {name}", Verdict.DIFFERENT, "its values differ", tuple(walk.kept), facts=facts)


def _shown(values: Sequence[MetricValue]) -> str:
    rows = [_row(value, value.name) for value in values[:5]]
    return ", ".join(map(str, rows)) + (f" and {len(values) - 5} more" if len(values) > 5 else "")
