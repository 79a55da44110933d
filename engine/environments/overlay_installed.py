"""What an interpreter has, and whether that satisfies requirements, without starting pip."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.parser import HeaderParser
from functools import cached_property
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from amlbridge.engine.errors import EngineError

#: Run by the step's interpreter, standard library only. The first entry of its path is the current folder.
_PROBE = """
import json, os, platform, sys
def version(info):
    text = "{0.major}.{0.minor}.{0.micro}".format(info)
    return text if info.releaselevel == "final" else text + info.releaselevel[0] + str(info.serial)
print(json.dumps({"prefix": sys.prefix, "executable": sys.executable, "path": sys.path[1:], "markers": {
    "implementation_name": sys.implementation.name, "implementation_version": version(sys.implementation.version),
    "os_name": os.name, "platform_machine": platform.machine(), "platform_release": platform.release(),
    "platform_system": platform.system(), "platform_version": platform.version(),
    "python_full_version": platform.python_version(), "sys_platform": sys.platform,
    "platform_python_implementation": platform.python_implementation(),
    "python_version": ".".join(platform.python_version_tuple()[:2])}}))
"""
_SECONDS = 60.0
_EGG = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)(-py[\d.]+)?(-.*)?")


@dataclass(frozen=True)
class Distribution:
    """One installed distribution; ``metadata`` is its METADATA or PKG-INFO."""

    name: str
    version: str
    folder: Path
    metadata: Path

    @cached_property
    def requires(self) -> list[str]:
        """What it requires, as it says itself."""
        try:
            headers = HeaderParser().parsestr(self.metadata.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            return []
        return [str(item) for item in headers.get_all("Requires-Dist", [])]

    @cached_property
    def url(self) -> str | None:
        """Where it was installed from, when that was no index."""
        try:
            content = json.loads((self.folder / "direct_url.json").read_text())
        except (OSError, ValueError):
            return None
        return str(content["url"]) if isinstance(content, dict) and "url" in content else None


@dataclass(frozen=True)
class Interpreter:
    """A step's interpreter. ``path`` is where it looks for modules: the overlay ``place`` of the step first."""

    executable: str
    prefix: str
    path: tuple[Path, ...]
    markers: Mapping[str, str]
    place: Path

    @cached_property
    def distributions(self) -> dict[str, Distribution]:
        """What is installed, overlay included, by canonical name."""
        found: dict[str, Distribution] = {}
        for folder in self.path:
            for item in _distributions(folder):
                found.setdefault(item.name, item)
        return found

    @cached_property
    def base(self) -> str:
        """A hash of the interpreter and of what is installed for it without the overlay."""
        names = [
            f"{item.name}=={item.version}"
            for folder in self.path
            if folder != self.place
            for item in _distributions(folder)
        ]
        content = [self.prefix, self.markers["python_full_version"], sorted(names)]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]

    def lacks(self, requirements: Iterable[Requirement], constraints: Mapping[str, SpecifierSet]) -> list[str]:
        """Those of the requirements that what is installed does not satisfy."""
        return [str(item) for item in requirements if not self._has(item, constraints, {""}, set())]

    def _has(
        self, wanted: Requirement, constraints: Mapping[str, SpecifierSet], extras: set[str], seen: set[str]
    ) -> bool:
        markers: Any = self.markers
        if wanted.marker is not None and not any(wanted.marker.evaluate({**markers, "extra": item}) for item in extras):
            return True
        name = canonicalize_name(wanted.name)
        found = self.distributions.get(name)
        if found is None or (wanted.url and (found.url or "").rstrip("/") != wanted.url.partition("#")[0].rstrip("/")):
            return False
        versions = wanted.specifier & constraints.get(name, SpecifierSet())
        if not versions.contains(found.version, prereleases=True):
            return False
        key = f"{name}[{','.join(sorted(wanted.extras))}]"
        if not wanted.extras or key in seen:
            return True
        seen.add(key)
        return all(self._has(item, {}, set(wanted.extras), seen) for item in _of_extras(found.requires))


def _of_extras(lines: list[str]) -> list[Requirement]:
    found = []
    for line in lines:
        try:
            item = Requirement(line)
        except InvalidRequirement:
            continue
        if item.marker is not None and "extra" in str(item.marker):
            found.append(item)
    return found


def look(python: str, place: Path, shims: Path) -> Interpreter:
    """Asks an interpreter what it is. Raises :class:`EngineError`."""
    try:
        done = subprocess.run([python, "-c", _PROBE], capture_output=True, text=True, timeout=_SECONDS, check=True)
        told = json.loads(done.stdout.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        raise EngineError(f"the interpreter {python} does not say what it has: {error}") from error
    path = [Path(item) for item in told["path"] if item and shims not in Path(item).parents]
    if place not in path:
        path.insert(0, place)
    return Interpreter(told["executable"] or python, told["prefix"], tuple(path), told["markers"], place)


def _distributions(folder: Path) -> list[Distribution]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return []
    return [item for entry in entries if (item := _distribution(Path(entry.path))) is not None]


def _distribution(path: Path) -> Distribution | None:
    if path.suffix == ".dist-info":
        name, _, version = path.stem.rpartition("-")
        return Distribution(canonicalize_name(name), version, path, path / "METADATA") if name else None
    if path.suffix != ".egg-info":
        return None
    metadata = path / "PKG-INFO" if path.is_dir() else path
    match = _EGG.fullmatch(path.stem)
    if match is not None:
        return Distribution(canonicalize_name(match["name"]), match["version"], path, metadata)
    try:
        headers = HeaderParser().parsestr(metadata.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None
    return Distribution(canonicalize_name(path.stem), str(headers["Version"]), path, metadata)
