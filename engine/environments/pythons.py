"""The Python interpreters of this machine. None is ever downloaded."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import SpecifierSet

from amlbridge.engine.errors import EngineError

#: Where version managers keep interpreters, below the home folder.
_MANAGED = (
    ".pyenv/versions/*",
    ".asdf/installs/python/*",
    "miniconda3/envs/*",
    "anaconda3/envs/*",
    "miniforge3/envs/*",
)
_SECONDS = 60
#: What runs around a step's script needs 3.8.
OLDEST = (3, 8)


@dataclass(frozen=True)
class Python:
    """An interpreter and its version."""

    version: str
    path: str

    @property
    def minor(self) -> str:
        """Like ``3.11``."""
        return ".".join(self.version.split(".")[:2])


def current() -> Python:
    """The interpreter behind the service."""
    return Python("{}.{}.{}".format(*sys.version_info), sys.executable)


def found(uv: str, environment: Mapping[str, str]) -> list[Python]:
    """All interpreters from :data:`OLDEST` on, ours first, then newest first. Raises :class:`EngineError`."""
    command = [uv, "python", "list", "--only-installed", "--output-format", "json"]
    try:
        done = subprocess.run(
            command, env={**environment}, capture_output=True, text=True, timeout=_SECONDS, check=True
        )
        listed = [Python(item["version"], item["path"]) for item in json.loads(done.stdout) if item["path"]]
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
        raise EngineError(f"the Python versions of this machine cannot be listed: {error}") from error
    others = {item.path: item for item in [*listed, *_managed()]}
    ordered = sorted(others.values(), key=lambda item: _number(item.version), reverse=True)
    return [current(), *(item for item in ordered if _number(item.version)[:2] >= OLDEST)]


def choose(pythons: list[Python], wanted: str | None, preferred: str) -> Python:
    """The interpreter for a specifier: the exact version, or one of its minor version (conda's patch releases are
    seldom the same as this machine's); without a specifier ours. Raises :class:`EngineError` that names what there is.
    """
    if wanted is None:
        return pythons[0]
    minor = re.sub(r"(==|~=)(\d+\.\d+)\.[\d.]*\*?", r"==\2.*", wanted)
    for specifier in (wanted, minor):
        versions = SpecifierSet(specifier)
        for python in pythons:
            if versions.contains(python.version, prereleases=True):
                return python
    here = ", ".join(sorted({item.version for item in pythons}, key=_number))
    raise EngineError(
        f"{preferred} is not on this machine, and amlbridge downloads no interpreters. Here are: {here}. Install it "
        "(pyenv install, uv python install), or ask for another version, or run with --environments current"
    )


def _managed() -> Iterator[Python]:
    for pattern in _MANAGED:
        for folder in Path.home().glob(pattern):
            program = folder / "bin" / "python"
            version = folder.name if re.fullmatch(r"\d+\.\d+\.\d+", folder.name) else _version_of(folder)
            if version is not None and os.access(program, os.X_OK):
                yield Python(version, str(program))


def _version_of(folder: Path) -> str | None:
    """The version of a conda environment, from its own list of packages."""
    for record in folder.glob("conda-meta/python-[0-9]*.json"):
        match = re.match(r"python-(\d+\.\d+\.\d+)-", record.name)
        if match is not None:
            return match[1]
    return None


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
