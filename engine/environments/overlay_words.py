"""The command lines of ``pip install``, read and told in uv's words."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from amlbridge.engine.errors import EngineError

_SHORT = {"-i": "--index-url", "-f": "--find-links", "-r": "--requirement", "-c": "--constraint", "-e": "--editable",
          "-t": "--target", "-C": "--config-settings", "-U": "--upgrade", "-I": "--ignore-installed"}  # fmt: skip
#: Options with a value, and what uv calls them; None: uv has no need of it.
_WITH_VALUE: Mapping[str, str | None] = {
    "--index-url": "--index-url",
    "--pypi-url": "--index-url",
    "--default-index": "--default-index",
    "--index": "--index",
    "--extra-index-url": "--extra-index-url",
    "--find-links": "--find-links",
    "--trusted-host": "--allow-insecure-host",
    "--allow-insecure-host": "--allow-insecure-host",
    "--no-binary": "--no-binary",
    "--only-binary": "--only-binary",
    "--config-settings": "--config-settings",
    "--config-setting": "--config-settings",
    "--cert": "--cert",
    "--index-strategy": "--index-strategy",
    "--prerelease": "--prerelease",
    "--exclude-newer": "--exclude-newer",
    "--torch-backend": "--torch-backend",
    "--overrides": "--overrides",
    "--resolution": "--resolution",
    **dict.fromkeys(
        "--abi --cache-dir --client-cert --default-timeout --exists-action --global-option --implementation "  # noqa: SIM905
        "--keyring-provider --link-mode --log --platform --progress-bar --proxy --python --python-version --retries "
        "--root-user-action --src --timeout --upgrade-strategy --use-deprecated --use-feature --install-option".split()
    ),
}
_FLAGS: Mapping[str, tuple[str, ...]] = {
    "--no-index": ("--no-index",),
    "--pre": ("--prerelease", "allow"),
    "--no-cache-dir": ("--no-cache",),
    "--no-cache": ("--no-cache",),
    "--no-build-isolation": ("--no-build-isolation",),
    "--require-hashes": ("--require-hashes",),
    "--offline": ("--offline",),
    **dict.fromkeys(
        "--user --prefer-binary --use-pep517 --no-warn-script-location --no-warn-conflicts --no-input --no-color "  # noqa: SIM905
        "--disable-pip-version-check --compile --no-compile --break-system-packages --no-clean --isolated --system "
        "--no-python-version-warning --require-virtualenv --no-user --quiet --verbose -q -v -p --yes -y --no-progress "
        "--compile-bytecode".split(),
        (),
    ),
}
#: Write where they are told to, or nowhere: the interpreter's own pip may do it.
_ELSEWHERE = ("--target", "--dry-run", "--report")
_REFUSED = ("--prefix", "--root")
_ARCHIVES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz")
_URL = re.compile(r"[a-z]+(\+[a-z]+)?:", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")


@dataclass
class Wish:
    """One ``pip install``. ``words`` are what is to be installed and ``options`` how, both for uv; ``requirements`` is
    what the words and files say, as far as it can be compared with what is installed; ``content`` digests the files.

    ``whole``: every word was understood as a requirement. ``shared``: equal wishes mean equal packages.
    ``elsewhere``: the packages go to a folder that the user names.
    """

    words: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    requirements: list[Requirement] = field(default_factory=list)
    constraints: dict[str, SpecifierSet] = field(default_factory=dict)
    content: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    upgrade: bool = False
    again: bool = False
    no_deps: bool = False
    quiet: bool = False
    hashes: bool = False
    whole: bool = True
    shared: bool = True
    elsewhere: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The canonical names of what is asked for."""
        return frozenset(canonicalize_name(item.name) for item in self.requirements)


def read(words: Sequence[str]) -> Wish:
    """Reads what follows ``pip install``. Raises :class:`EngineError` for what cannot be done in an overlay."""
    reader = _Reader(Wish())
    reader.line(list(words))
    return reader.wish


class _Reader:
    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self._files: set[Path] = set()

    def line(self, words: list[str]) -> None:
        """The words of a command line."""
        while words:
            word = words.pop(0)
            if not word.startswith("-") or word == "-":
                self.requirement(word)
            elif re.fullmatch(r"-[qvUIy]{2,}", word):
                words[:0] = [f"-{letter}" for letter in word[1:]]
            else:
                self._option(word, words)

    def _option(self, word: str, words: list[str]) -> None:
        name, joined, value = word.partition("=")
        if not word.startswith("--") and len(word) > 2 and word[:2] in _SHORT:
            name, joined, value = word[:2], "=", word[2:].removeprefix("=")
        name = _SHORT.get(name, name)
        wish = self.wish
        if name in ("--dry-run", "--upgrade", "--ignore-installed", "--force-reinstall", "--reinstall", "--no-deps"):
            wish.elsewhere |= name == "--dry-run"
            wish.upgrade |= name == "--upgrade"
            wish.no_deps |= name == "--no-deps"
            wish.again |= name in ("--ignore-installed", "--force-reinstall", "--reinstall")
        elif name in _FLAGS:
            wish.options.extend(_FLAGS[name])
            wish.quiet |= name in ("--quiet", "-q")
            wish.hashes |= name == "--require-hashes"
        elif name in _REFUSED:
            raise EngineError(f"{name} is refused: packages of a step go into its overlay; --target FOLDER is possible")
        else:
            known = name in _WITH_VALUE or name in _ELSEWHERE or name in ("--requirement", "--constraint", "--editable")
            if known and not joined:
                if not words:
                    raise EngineError(f"{name} needs a value")
                value = words.pop(0)
            self._with_value(name, value, word)

    def _with_value(self, name: str, value: str, word: str) -> None:
        wish = self.wish
        if name in _ELSEWHERE:
            wish.elsewhere = True
        elif name in ("--requirement", "--constraint"):
            self._file(name, value)
            (wish.options if name == "--constraint" else wish.words).extend((name, value))
        elif name == "--editable":
            wish.notes.append(f"-e {value} is installed as it is now, not editable")
            self.requirement(value)
        elif name not in _WITH_VALUE:
            # One of uv's that we do not know, or none: uv will say.
            wish.options.append(word)
        elif (option := _WITH_VALUE[name]) is not None:
            wish.options.extend((option, value))
            if name == "--find-links" and not _URL.match(value):
                self._digest_folder(Path(value))

    def requirement(self, text: str) -> None:
        """One word that asks for something: a requirement, a URL, a wheel, a folder."""
        self.wish.words.append(text)
        self.asked(text)

    def asked(self, text: str) -> None:
        """Notes what a word, or a line of a requirements file, asks for."""
        bare, _, _ = text.partition("[") if text.endswith("]") else (text, "", "")
        path = Path(bare.removeprefix("file://"))
        if _is_path(text, path):
            self.wish.whole = False
            if path.is_file():
                self._digest(path)
            else:
                self.wish.shared = False
            return
        try:
            found = Requirement(re.split(r"\s--", text)[0].strip())
        except InvalidRequirement as error:
            if not _URL.match(text):
                raise EngineError(f"{text!r} is no requirement: {str(error).splitlines()[0]}") from error
            self.wish.whole = False
            return
        if found.url and found.url.startswith("file://"):
            self.asked(found.url)
            self.wish.whole = False
        self.wish.requirements.append(found)

    def _file(self, name: str, value: str, folder: Path | None = None) -> None:
        """A requirements or constraints file; ``folder`` is that of the file that names it."""
        if _URL.match(value) and not value.startswith("file:"):
            self.wish.whole = False
            return
        path = Path(os.path.normpath((folder or Path()) / value.removeprefix("file://")))
        if path in self._files:
            return
        self._files.add(path)
        self._digest(path)
        for line in _lines(path):
            if line.startswith("-"):
                self._line_of_file(line, path.parent)
            elif name == "--constraint":
                self._constrain(line)
            else:
                self.wish.hashes |= "--hash" in line
                self.asked(line)

    def _line_of_file(self, line: str, folder: Path) -> None:
        """Options in a file: uv reads them there itself, only further files and paths matter here."""
        try:
            words = shlex.split(line)
        except ValueError as error:
            raise EngineError(f"{line!r} cannot be read: {error}") from error
        name, joined, value = words[0].partition("=")
        value = value if joined else " ".join(words[1:])
        name = _SHORT.get(name, name)
        if name in ("--requirement", "--constraint"):
            self._file(name, value, folder)
        elif name == "--editable":
            self.asked(value)
        elif name == "--find-links" and not _URL.match(value):
            self._digest_folder(folder / value)

    def _constrain(self, line: str) -> None:
        try:
            found = Requirement(line)
        except InvalidRequirement:
            self.wish.whole = False
            return
        name = canonicalize_name(found.name)
        self.wish.constraints[name] = self.wish.constraints.get(name, SpecifierSet()) & found.specifier

    def _digest(self, path: Path) -> None:
        try:
            self.wish.content.append(hashlib.sha256(path.read_bytes()).hexdigest())
        except OSError as error:
            raise EngineError(f"{path} cannot be read: {error.strerror}") from error

    def _digest_folder(self, folder: Path) -> None:
        """Which wheels lie in a folder of ``--find-links`` decides what comes of it."""
        if folder.is_dir():
            files = sorted(item for item in folder.iterdir() if item.name.endswith(_ARCHIVES))
            self.wish.content.append(repr([(item.name, item.stat().st_size) for item in files]))


def _is_path(text: str, path: Path) -> bool:
    if text.startswith("file://"):
        return True
    if _URL.match(text) or " @ " in text:
        return False
    return text.startswith((".", "/", "~")) or text.endswith(_ARCHIVES) or (os.sep in text and path.exists())


def _lines(path: Path) -> Iterator[str]:
    """The lines of a requirements file, with continued lines joined, without comments, with pip's ``${NAME}``."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise EngineError(f"{path} cannot be read: {error}") from error
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        bare = re.sub(r"(^|\s)#.*$", "", line).strip()
        bare = _VARIABLE.sub(lambda match: os.environ.get(match[1], match[0]), bare)
        if bare:
            yield bare
