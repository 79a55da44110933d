"""Scripts that are converted while code which submits them stays SDK v1: their job gets the environment of that code,
which has to have what the scripts import now. The finding of a script's run says so."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from amlbridge.migrate.findings import UNCONVERTED, FileReport, Finding, Status, together
from amlbridge.migrate.models.environments.script_packages import packages_of
from amlbridge.migrate.notebooks.notebook_json import code_cells

_SUBMITTING = frozenset({"ScriptRunConfig", "Estimator", "PyTorch", "TensorFlow", "Chainer", "SKLearn"})
#: The file of a script: ``"train.py"``, ``"src/train.py"``, ``"src\\\\train.py"``.
_SCRIPT = re.compile(r"""([\w.-]+\.py)\s*["']""")
_LISTS = re.compile(r"""([\w.-]+\.(?:ya?ml|txt))\s*["']""")
#: A cell that writes a script: (its name).
_WRITES = re.compile(r"\s*%%writefile\s+.*?([\w.-]+\.py)\b")
_BROUGHT = "azureml-mlflow"
_LOGGING = ("mlflow", _BROUGHT)
_IMPORTS = re.compile(r"\bimport mlflow\b")
_GIVEN = "{} stays SDK v1 and submits a script of this name: its environment has to have {}"
_DONE = (Status.CONVERTED, Status.REVIEW)


def told(reports: Mapping[Path, FileReport]) -> dict[Path, FileReport]:
    """The reports of a whole run, where those on scripts say what the code that submits them has to give them."""
    submitters = _submitters(reports)
    if not submitters:
        return dict(reports)
    places: dict[str, set[Path]] = {}
    for path, report in reports.items():
        for _cell, script, _before, _after in _written(report) if report.changed else ():
            places.setdefault(script, set()).add(path)
    given = {
        (place, script): submitter.name
        for script, found in submitters.items()
        for submitter in found
        for place in _nearest(places.get(script, set()), submitter, found[submitter])
    }
    return {path: _told(report, given) for path, report in reports.items()}


def _submitters(reports: Mapping[Path, FileReport]) -> dict[str, dict[Path, str]]:
    """By the name of a script: the files that submit it with SDK v1, in an environment that nothing says has MLflow,
    and their text."""
    lists = {path.name for path, report in reports.items() if _BROUGHT.encode() in report.after}
    found: dict[str, dict[Path, str]] = {}
    for path, report in reports.items():
        staying = [finding for finding in report.findings if _stays(finding)]
        text = report.before.decode("utf-8", "replace") if staying else ""
        if not staying or _BROUGHT in text or not lists.isdisjoint(_LISTS.findall(text.replace("\\", ""))):
            continue
        for finding in staying:
            for script in _scripts(finding, text):
                found.setdefault(script, {})[path] = text
    return found


def _nearest(places: Iterable[Path], submitter: Path, text: str) -> list[Path]:
    """The files of a name that are nearest to the one that submits it; of several, those whose folder it names."""
    shared = {place: len(Path(os.path.commonpath([place.absolute(), submitter.absolute()])).parts) for place in places}
    near = [place for place, parts in shared.items() if parts == max(shared.values())]
    named = [place for place in near if re.search(rf"\b{re.escape(place.absolute().parent.name)}\b", text)]
    return named if len(near) > 1 and named else near


def _stays(finding: Finding) -> bool:
    submits = finding.symbol in _SUBMITTING or finding.symbol.endswith("Step")
    return submits and finding.status in UNCONVERTED and not finding.is_failure


def _scripts(finding: Finding, text: str) -> Iterator[str]:
    """The scripts that a call names; where it names none, those that the file does."""
    if finding.cell is not None:
        text = next((cell.text for cell in code_cells(text) if cell.index == finding.cell), "")
    after = "\n".join(text.split("\n")[finding.line - 1 :])
    call = _up_to_its_end(after)
    yield from _SCRIPT.findall(call) or _SCRIPT.findall(text)


def _up_to_its_end(text: str) -> str:
    """The first statement of a text, as far as its brackets tell."""
    depth = 0
    for at, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if character == "\n" and depth <= 0:
            return text[:at]
    return text


def _told(report: FileReport, given: Mapping[tuple[Path, str], str]) -> FileReport:
    findings = list(report.findings)
    for cell, script, before, after in _written(report) if report.changed else ():
        submitter = given.get((report.path, script))
        if submitter is None or not _IMPORTS.search(after) or _IMPORTS.search(before):
            continue
        here = [finding for finding in findings if finding.cell == cell and finding.status in _DONE]
        of_run = [finding for finding in here if finding.symbol == "Run.get_context"] or here
        if of_run:
            packages = ", ".join(dict.fromkeys((*_LOGGING, *packages_of([before]))))
            known = of_run[0].message if of_run[0].status is Status.REVIEW else ""
            message = together([known, _GIVEN.format(submitter, packages)])
            findings[findings.index(of_run[0])] = replace(of_run[0], status=Status.REVIEW, message=message)
    return replace(report, findings=findings) if findings != list(report.findings) else report


def _written(report: FileReport) -> Iterator[tuple[int | None, str, str, str]]:
    """The scripts of a file: itself, or those that cells of a notebook write. (cell, name, text before, text after)"""
    before, after = report.before.decode("utf-8", "replace"), report.after.decode("utf-8", "replace")
    if report.path.suffix.lower() != ".ipynb":
        yield None, report.path.name, before, after
        return
    texts = {cell.index: cell.text for cell in code_cells(after)}
    for cell in code_cells(before):
        if (written := _WRITES.match(cell.text)) is not None:
            yield cell.index, written.group(1), cell.text, texts.get(cell.index, "")
