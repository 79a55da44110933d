"""A conda or pip specification in one normal form, whatever form it was written in."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from amlbridge.engine.environments import conda
from amlbridge.engine.plan import Environment

#: What the v1 SDK writes by itself where a script says nothing of Python (its releases up to 1.33, its template file
#: of dependencies, and ``CondaDependencies.create``). It counts as nothing asked for.
SDK_PYTHONS = frozenset({"==3.6.2.*", "==3.8.13.*", "==3.10.18.*"})
#: The SDK adds it to every environment; it names what Microsoft's images hold, and has no code of its own.
SDK_PACKAGES = frozenset({"azureml-defaults"})
#: azureml-core imports pkg_resources, which setuptools 81 dropped.
SETUPTOOLS = "setuptools<81"

_URL = re.compile(r"([a-z]+\+)?[a-z]+:", re.IGNORECASE)
_ARCHIVES = (".whl", ".tar.gz", ".zip", ".tar.bz2")
#: Options of a requirements file that take a value, as uv calls them; None: uv has no need of it.
_WITH_VALUE: Mapping[str, str | None] = {
    "-i": "--index-url",
    "--index-url": "--index-url",
    "--pypi-url": "--index-url",
    "--extra-index-url": "--extra-index-url",
    "-f": "--find-links",
    "--find-links": "--find-links",
    "--trusted-host": "--allow-insecure-host",
    "--no-binary": "--no-binary",
    "--only-binary": "--only-binary",
    "--use-feature": None,
    "--use-deprecated": None,
    "--cache-dir": None,
    "--timeout": None,
    "--retries": None,
}
_FLAGS: Mapping[str, tuple[str, ...]] = {
    "--no-index": ("--no-index",),
    "--no-deps": ("--no-deps",),
    "--pre": ("--prerelease", "allow"),
    "--require-hashes": ("--require-hashes",),
    "--prefer-binary": (),
    "--no-cache-dir": (),
    "--upgrade": (),
    "-U": (),
    "--user": (),
    "--disable-pip-version-check": (),
    "--no-warn-script-location": (),
    "--quiet": (),
    "-q": (),
}


@dataclass(frozen=True)
class Specification:
    """What an environment has to hold.

    ``python`` is a PEP 440 specifier, None for any. ``requirements`` are lines of a requirements file (names, URLs,
    paths), ``options`` the indexes and other options for uv, in order. ``native`` are conda packages that pip cannot
    have. ``problems`` say what nobody could install here, ``notes`` what we changed; both are for the user.
    """

    python: str | None = None
    requirements: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    native: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """A hash of what gets installed; the order of requirements carries no meaning."""
        content = {"requirements": sorted(set(self.requirements)), "options": self.options, "python": self.python}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def names(self) -> frozenset[str]:
        """The canonical names of the packages, as far as the lines tell them."""
        return frozenset(name for name, _ in map(named, self.requirements) if name)

    def to_json(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def of(environment: Environment) -> Specification:
    """The specification of a step's environment; an empty one when its packages are the user's business."""
    return Specification() if environment.user_managed else read(environment.conda)


def read(content: Any) -> Specification:
    """Normalises a conda specification (``{"channels": …, "dependencies": […, {"pip": […]}]}``). Never raises: what is
    not understood is among the ``problems``."""
    reader = _Reader()
    if content is not None and not isinstance(content, Mapping):
        reader.problems.append(f"a conda specification is an object, not {type(content).__name__}")
        content = None
    for item in _items((content or {}).get("dependencies")):
        if isinstance(item, Mapping):
            for manager, lines in item.items():
                if manager != "pip":
                    reader.problems.append(f"the packages of {manager!r} cannot be installed")
                    continue
                for line in _lines(_items(lines)):
                    reader.pip(line)
        else:
            reader.conda(str(item))
    return reader.done()


def _items(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list | tuple) else (value,)


def _lines(items: Sequence[Any]) -> Iterator[str]:
    """The lines of pip's part; an entry may be a whole requirements file with continued lines and comments."""
    for item in items:
        for line in re.sub(r"\s*\\\s*\n\s*", " ", str(item)).splitlines():
            bare = re.sub(r"(^|\s)#.*$", "", line).strip()
            if bare:
                yield bare


class _Reader:
    """Collects the parts of a specification."""

    def __init__(self) -> None:
        self.python: str | None = None
        self.requirements: dict[str, None] = {}
        self.options: list[str] = []
        self.native: list[str] = []
        self.problems: list[str] = []
        self.notes: list[str] = []

    def conda(self, text: str) -> None:
        """One conda dependency."""
        package = conda.parse(text)
        if package is None:
            self.problems.append(f"{text!r} is no conda package with a version")
            return
        if package.version is None:
            self.notes.append(f"the versions of {text!r} cannot be told to pip: any version is taken")
        if package.name == "python":
            self.python = None if package.version in (None, "", *SDK_PYTHONS) else package.version
        elif package.name == "pip":
            return
        elif package.native:
            self.native.append(text.strip())
        else:
            self._require(package.requirement)

    def pip(self, line: str) -> None:
        """One line of a requirements file."""
        if line.startswith("-"):
            self._option(line)
        elif _URL.match(line) or line.endswith(_ARCHIVES) or line.startswith((".", "/", "~")):
            self.requirements[line] = None
        else:
            self._require(line)

    def _require(self, line: str) -> None:
        bare = re.split(r"\s--(?:hash|config-settings?|global-option|install-option)\b", line)[0].strip()
        try:
            Requirement(bare)
        except InvalidRequirement as error:
            self.problems.append(f"{line!r} is no requirement: {str(error).splitlines()[0]}")
            return
        self.requirements[line] = None

    def _option(self, line: str) -> None:
        try:
            words = shlex.split(line)
        except ValueError as error:
            self.problems.append(f"{line!r} cannot be read: {error}")
            return
        while words:
            word, _, value = words.pop(0).partition("=")
            if word not in _FLAGS and not value and words:
                value = words.pop(0)
            self._one_option(word, value)

    def _one_option(self, name: str, value: str) -> None:
        if name in _FLAGS:
            self.options.extend(_FLAGS[name])
        elif name in ("-r", "--requirement", "-c", "--constraint"):
            self.problems.append(
                f"{name} {value}: only the specification is sent to a workspace, not the files that it names; "
                "write its lines into it (CondaDependencies.add_pip_package, Environment.from_pip_requirements)"
            )
        elif name in ("-e", "--editable"):
            self._editable(value)
        elif not value:
            self.problems.append(f"pip's option {name} is not known or has no value")
        elif name in _WITH_VALUE:
            option = _WITH_VALUE[name]
            if option is not None and [option, value] not in list(_pairs(self.options)):
                self.options.extend((option, value))
        else:
            self.problems.append(f"pip's option {name} is not known")

    def _editable(self, value: str) -> None:
        if not _URL.match(value):
            self.problems.append(
                f"-e {value}: the folder is not part of the specification; put the package into the step's "
                "source_directory, or build a wheel and give its path or URL"
            )
            return
        egg = re.search(r"[#&]egg=([\w.-]+)", value)
        self.notes.append(f"-e {value} is installed as it is, not editable")
        self.requirements[f"{egg[1]} @ {value.partition('#')[0]}" if egg else value] = None

    def done(self) -> Specification:
        """What was read."""
        lines = tuple(self.requirements)
        names = {name for name, _ in map(named, lines)}
        if any(name.startswith("azureml-") for name in names) and "setuptools" not in names:
            lines = (*lines, SETUPTOOLS)
            self.notes.append(f"{SETUPTOOLS} is added: azureml-core needs pkg_resources, which setuptools 81 dropped")
        return Specification(
            self.python,
            lines,
            _without_sdk_origin(self.options),
            tuple(self.native),
            tuple(self.problems),
            tuple(self.notes),
        )


def _without_sdk_origin(options: list[str]) -> tuple[str, ...]:
    """The options without the public index, which ``CondaDependencies.create`` of azureml-core 1.61 writes into each
    specification: as ``--find-links INDEX/index.html`` with ``--extra-index-url INDEX``.

    It is where uv looks anyway. Beside an index of the user's own it stays an extra index, as in Azure.
    """
    pairs = list(_pairs(options))
    for links, page in pairs:
        origin = ["--extra-index-url", page.removesuffix("/index.html")]
        if links == "--find-links" and page.endswith("/index.html") and origin in pairs:
            dropped = [[links, page]] if "--index-url" in options else [[links, page], origin]
            return tuple(_dropped(options, dropped))
    return tuple(options)


def _dropped(options: list[str], pairs: list[list[str]]) -> Iterator[str]:
    at = 0
    while at < len(options):
        if options[at : at + 2] in pairs:
            at += 2
            continue
        yield options[at]
        at += 1


def _pairs(options: Sequence[str]) -> Iterator[list[str]]:
    for at in range(len(options) - 1):
        yield list(options[at : at + 2])


def named(line: str) -> tuple[str, SpecifierSet | None]:
    """The canonical name of the package that a requirement line asks for and its versions (of a wheel: its version).
    ``("", None)`` when the line does not say; None when any version will do or the versions cannot be compared."""
    bare = re.split(r"\s--", line)[0].strip()
    try:
        requirement = Requirement(bare)
    except InvalidRequirement:
        return _of_place(bare)
    if requirement.url:
        _, versions = _of_place(requirement.url)
        return canonicalize_name(requirement.name), versions
    return canonicalize_name(requirement.name), requirement.specifier or None


def _of_place(text: str) -> tuple[str, SpecifierSet | None]:
    """Name and version of a URL or a path."""
    parts = urlsplit(text)
    egg = re.search(r"(?:^|&)egg=([\w.-]+)", parts.fragment)
    if egg is not None:
        return canonicalize_name(egg[1]), None
    try:
        name, version, _, _ = parse_wheel_filename(PurePosixPath(unquote(parts.path)).name)
        return name, SpecifierSet(f"=={version}")
    except (InvalidWheelFilename, InvalidSpecifier):
        return "", None
