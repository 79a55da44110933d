"""The version of Python in a conda file: MLflow 2.8 and the clients of SDK v2 have none for Python 3.7 and older."""

from __future__ import annotations

import re

from amlbridge.migrate.files.lines import Lines
from amlbridge.migrate.findings import Status

#: The oldest version that all packages are there for which ``packages.LOWER_BOUNDS`` names.
OLDEST = 8
_PIN = re.compile(
    r"^(?P<lead>\s*-\s+(?P<quote>[\"']?)python)\s*(?P<version>[=<>!~][^\"'#]*?)(?P=quote)(?P<rest>\s*(?:#.*)?)$"
)
#: ``=3.6.2``, ``==3.7.*``, ``~=3.6``; the upper bound of ``>=3.5,<3.7``; ``=3.7.9=ha5cbf63_7``, as a lock has it.
_EXACT = re.compile(r"^(?:={1,2}|~=)\s*3\.(\d+)(?:\.[\d*]+)*\s*$")
_BELOW = re.compile(r"<(?P<same>=?)\s*3\.(?P<minor>\d+)(?P<patch>\.[1-9]\d*)?")
_LOCKED = re.compile(r"^={1,2}\s*3\.(\d+)(?:\.\d+)*=\w+\s*$")
_NEW = re.compile(r"(?<![\w-])(?:mlflow|azureml-mlflow|azureml-inference-server-http|azure-ai-ml)>=")

_RAISED = (
    f"MLflow and the client of SDK v2 need Python 3.{OLDEST} or a later one: see that the other packages have versions "
    "for it"
)
_MADE_ANEW = (
    f"MLflow and the client of SDK v2 need Python 3.{OLDEST} or a later one, and this list names the builds of each "
    "package: make it anew"
)


def convert(lines: Lines, rule: str) -> None:
    """Raises the version of Python where packages have been written that have no version for it."""
    written = [new for old, new in zip(lines.original, lines.lines, strict=True) if new is not None and new != old]
    if not any(map(_NEW.search, written)):
        return
    for index, line in enumerate(lines.original):
        pin = _PIN.match(line)
        if pin is None or lines.lines[index] != line:
            continue
        if _is_too_old(pin["version"]):
            _raise(lines, index, pin, rule)
        elif (locked := _LOCKED.match(pin["version"])) and int(locked[1]) < OLDEST:
            lines.find(rule, "python", Status.REVIEW, index, line.index("python"), _MADE_ANEW)


def _raise(lines: Lines, index: int, pin: re.Match[str], rule: str) -> None:
    if lines.ignored(index, rule):
        lines.find(rule, "python", Status.IGNORED, index, pin.start("version"), "left as it is, as you said")
        return
    lines.lines[index] = f"{pin['lead']}=3.{OLDEST}{pin['quote']}{pin['rest']}"
    lines.find(rule, "python", Status.REVIEW, index, pin.start("version"), _RAISED)


def _is_too_old(version: str) -> bool:
    if exact := _EXACT.match(version):
        return int(exact[1]) < OLDEST
    below = _BELOW.search(version)
    if below is None:
        return False
    # The version that an upper bound names is none of those below it: <3.8 ends before 3.8, <=3.7 and <3.7.5 with 3.7.
    last = int(below["minor"]) - (0 if below["same"] or below["patch"] else 1)
    return last < OLDEST
