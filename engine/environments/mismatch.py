"""Where the installed packages differ from what a specification asks for."""

from __future__ import annotations

import re
import sys
import sysconfig
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from amlbridge.engine.environments.spec import SDK_PACKAGES, SETUPTOOLS, Specification, named
from amlbridge.engine.plan import Environment, Node

#: Microsoft's own images hold nothing but an interpreter; others hold packages that no specification names.
_PLAIN_IMAGE = "mcr.microsoft.com/"
_MOST_TOLD = 12
#: Packages without code of their own, and the one of theirs that has their version: that is what a script can miss.
_METAPACKAGES = {"azureml-sdk": "azureml-core"}


def findings(specification: Specification, installed: Callable[[str], str | None], python: str) -> list[str]:
    """What differs, in words: one entry for Python and for each package that has another version or is missing.

    ``installed`` gives the version of a package or None, ``python`` is the version of the interpreter. What the SDK
    or we add by ourselves to an environment is not reported (:data:`spec.SDK_PYTHONS`, :data:`spec.SDK_PACKAGES`,
    :data:`spec.SETUPTOOLS`).
    """
    found = []
    if specification.python is not None and not _python_fits(specification.python, python):
        found.append(f"Python {readable(specification.python)} is asked for, the interpreter is {python}")
    unknown = list(specification.native)
    for line in specification.requirements:
        if line == SETUPTOOLS or not _applies(line):
            continue
        name, versions = named(line)
        if not name:
            unknown.append(line)
        elif name not in SDK_PACKAGES:
            found.extend(_package(name, versions, installed(name) or installed(_METAPACKAGES.get(name, name))))
    found.extend(specification.problems)
    if unknown:
        found.append(f"cannot be compared with what is installed: {', '.join(unknown)}")
    return found


def _package(name: str, versions: SpecifierSet | None, present: str | None) -> Iterator[str]:
    if present is None:
        yield f"{name}{readable(str(versions or ''))} is asked for and not installed"
    elif versions is not None and not _contains(versions, present):
        yield f"{name}{readable(str(versions))} is asked for, installed is {present}"


def _contains(versions: SpecifierSet, present: str) -> bool:
    try:
        return versions.contains(Version(present), prereleases=True)
    except InvalidVersion:
        return False


def _python_fits(wanted: str, python: str) -> bool:
    """By major and minor version: a patch release changes nothing that a script could need."""
    minor = ".".join(python.split(".")[:2])
    try:
        versions = SpecifierSet(re.sub(r"==(\d+\.\d+)\.[\d.]*\*?", r"==\1.*", wanted))
    except ValueError:
        return False
    return versions.contains(python) or versions.contains(f"{minor}.0")


def readable(versions: str) -> str:
    """A specifier as conda writes it: ``=1.2`` for any 1.2.x."""
    return re.sub(r"==([\w.+!]+?)\.\*", r"=\1", versions)


def _applies(line: str) -> bool:
    try:
        marker = Requirement(re.split(r"\s--", line)[0].strip()).marker
    except InvalidRequirement:
        return True
    return marker is None or marker.evaluate()


def of_image(environment: Environment, node: Node | None = None) -> list[str]:
    """What a Docker section asks for that is more than Microsoft's plain images."""
    options = node.options if node is not None else {}
    found = []
    if options.get("dockerfile") or options.get("build_context"):
        found.append("the Dockerfile of the environment is not built: steps run without containers")
    if options.get("base_conda_environment"):
        found.append(f"the conda environment {options['base_conda_environment']} of an image is not there")
    image = environment.image
    if image is not None and (options.get("image_registry") or not image.lower().startswith(_PLAIN_IMAGE)):
        found.append(f"the image {image} is not used: steps run without containers, so what it holds is not there")
    return found


class Current:
    """The interpreter that runs the service. Its findings are kept until packages are installed or removed."""

    python = "{}.{}.{}".format(*sys.version_info)

    def __init__(self) -> None:
        paths = sysconfig.get_paths()
        self._sites = tuple({Path(paths["purelib"]), Path(paths["platlib"])})
        self._stamp: tuple[int, ...] = ()
        self._known: dict[Specification, list[str]] = {}

    def findings(self, specification: Specification) -> list[str]:
        """See :func:`findings`. 2 µs when nothing has changed, else some milliseconds."""
        stamp = tuple(folder.stat().st_mtime_ns for folder in self._sites)
        if stamp != self._stamp:
            self._stamp, self._known = stamp, {}
        found = self._known.get(specification)
        if found is None:
            found = self._known[specification] = findings(specification, _installed, self.python)
        return found


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def message(found: list[str]) -> str:
    """One sentence for a run's warnings; long lists are cut."""
    told = found[:_MOST_TOLD]
    if len(found) > len(told):
        told.append(f"and {len(found) - len(told)} more")
    return (
        "the step runs in the current Python environment, which is not what its specification asks for: "
        f"{'; '.join(told)}. `--environments uv` (amlbridge run, amlbridge up) builds what is asked for."
    )
