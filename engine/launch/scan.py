"""Reads a Python program, without running it, to choose an interpreter for it.

Two questions. Does it import more than the standard library? The answer may err, it only costs time. And which module
names would it find in its own folders? A warm interpreter that already has a module of that name must not be used, and
this answer errs on the safe side.
"""

from __future__ import annotations

import importlib.machinery
import itertools
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from amlbridge.engine.launch.base import Launch

_IMPORT = re.compile(rb"(?:^|;|:)[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b|import[ \t]+([^\n#;]+))", re.MULTILINE)
_HEAVY = re.compile(rb"\b(?:numpy|pandas|sklearn|scipy|joblib|azureml|azure|mlflow|pyarrow)\b")
_MOVES_PATH = re.compile(rb"sys\.path|addsitedir|from\s+sys\s+import")
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_UTF8 = re.compile(rb"utf[-_]?8(?:[-_]sig)?\Z", re.IGNORECASE)

# Beyond these a program counts as heavy, or as one that may find any name.
_MOST_FILES = 200
_MOST_BYTES = 4_000_000
_MOST_ENTRIES = 20_000


@dataclass(frozen=True)
class Program:
    """What was found. `refusal` says why only a fresh interpreter can run it; the other fields then mean nothing."""

    refusal: str | None
    heavy: bool = True
    names: frozenset[str] = frozenset()
    code: bool = False
    #: What it imports by statement, with dots: no more than a guess.
    modules: frozenset[str] = frozenset()


def inspect(launch: Launch) -> Program:
    """Look at a Python step. Files that cannot be read are no error here: the interpreter will say it better."""
    first, *rest = launch.argv or ("",)
    search = [launch.cwd / entry for entry in python_path(launch.env)]
    if first == "-c" and rest:
        return _judge([rest[0].encode(errors="surrogatepass")], launch, launch.cwd, search, code=True)
    if first == "-m" and rest:
        starts = _find(rest[0].partition(".")[0], launch.cwd)
        if starts is None and rest[0].partition(".")[0] not in sys.stdlib_module_names:
            return Program(None, names=_names([launch.cwd, *search]))
        return _judge(_texts(starts or [], launch.cwd), launch, launch.cwd, search)
    script = launch.cwd / first
    own = Path(first).is_absolute() and launch.python is not None and script.parent == Path(launch.python).parent
    if first.startswith("-") or not (first.endswith(".py") or own):
        return Program("it is not a .py file")
    try:
        source = script.read_bytes()
    except OSError as error:
        return Program(f"the script cannot be read: {error.strerror}")
    if refusal := _unusual(source):
        return Program(refusal)
    folder = Path(os.path.realpath(script)).parent
    if own:
        # A program of the environment (mldesigner) that will import the step's own files.
        found = _judge([source], launch, folder, search)
        return replace(found, names=found.names | _names([launch.cwd], deep=True))
    if launch.scripts:
        # A driver of ours: its processes would import, each of them, what the interpreter has not got.
        texts = (text for name in launch.scripts for text in _texts([launch.cwd / name], (launch.cwd / name).parent))
        found = _judge([source, *texts], launch, folder, search)
        return replace(found, names=found.names | _names([launch.cwd], deep=True))
    return _judge(_texts([script], folder), launch, folder, search)


def python_path(environment: object) -> list[str]:
    """Return the entries of PYTHONPATH; an empty entry is the current folder."""
    value = environment.get("PYTHONPATH", "") if hasattr(environment, "get") else ""
    return [entry or "." for entry in value.split(os.pathsep)] if value else []


def _unusual(source: bytes) -> str | None:
    """Say why a source needs CPython's own file reader, whose messages differ from those of `compile`."""
    if b"\0" in source:
        return "the script has NUL bytes"
    try:
        source.decode()
    except UnicodeDecodeError:
        return "the script is not UTF-8"
    for line in source.removeprefix(b"\xef\xbb\xbf").split(b"\n", 2)[:2]:
        cookie = _COOKIE.match(line)
        if cookie and not _UTF8.match(cookie[1]):
            return "the script declares an encoding"
    return None


def _judge(texts: Iterable[bytes], launch: Launch, folder: Path, search: list[Path], *, code: bool = False) -> Program:
    heavy = moves = False
    modules: set[str] = set()
    size = count = 0
    for text in texts:
        size, count = size + len(text), count + 1
        heavy = heavy or bool(_HEAVY.search(text))
        moves = moves or bool(_MOVES_PATH.search(text))
        modules |= _modules(text)
        if size > _MOST_BYTES or count > _MOST_FILES:
            heavy = moves = True
            break
    if launch.prelude is not None:
        # By its import statements alone: it looks for libraries that a step has, it does not bring them.
        heavy = heavy or not imports(_read(launch.prelude)) <= sys.stdlib_module_names
    names = _names([folder, *search], deep=moves)
    heavy = heavy or not {name.partition(".")[0] for name in modules} <= (sys.stdlib_module_names | names)
    return Program(None, heavy=heavy, names=names, code=code, modules=frozenset(modules))


def imports(text: bytes) -> set[str]:
    """Return the top-level names that a source imports by statement; relative imports have none."""
    return {name.partition(".")[0] for name in _modules(text)}


def _modules(text: bytes) -> set[str]:
    found = set()
    for one, many in _IMPORT.findall(text):
        for part in (one or many).split(b","):
            words = part.split()
            name = words[0].strip(b"()\\") if words else b""
            if name and not name.startswith(b"."):
                found.add(name.decode(errors="replace"))
    return found


def _texts(starts: list[Path], folder: Path) -> Iterator[bytes]:
    """Yield the sources of a program: the given files and what they import from `folder`, transitively."""
    seen: set[Path] = set()
    waiting = list(starts)
    while waiting and len(seen) <= _MOST_FILES:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        text = _read(path)
        yield text
        for name in imports(text):
            waiting.extend(_find(name, folder) or ())


def _find(name: str, folder: Path) -> list[Path] | None:
    """Return the files of a module or package in a folder, None if there is none."""
    base = os.path.join(folder, name)  # noqa: PTH118  # this runs for every step: a Path costs ten times as much
    if os.path.isfile(base + ".py"):  # noqa: PTH113
        return [Path(base + ".py")]
    if os.path.isdir(base):  # noqa: PTH112
        files = (Path(root, file) for root, _, names in os.walk(base) for file in names if file.endswith(".py"))
        return [path for path, _ in zip(files, range(_MOST_FILES + 1), strict=False)]
    return None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


_IMPORTABLE = tuple(importlib.machinery.all_suffixes())
#: How many files of a folder are looked at to see whether it can be a module.
_MOST_LOOKS = 500


def _has_modules(folder: str) -> bool:
    """Whether a folder can be a module: one without a Python file, like `docker` or `numbers` with data, gives way to
    any other of its name, wherever that is on the search path. Of many files nobody looks at all."""
    try:
        with os.scandir(folder) as entries:
            first = [entry.name for entry in itertools.islice(entries, _MOST_LOOKS)]
    except OSError:
        return True
    return len(first) == _MOST_LOOKS or any(name.endswith(_IMPORTABLE) for name in first)


def _names(folders: list[Path], *, deep: bool = False) -> frozenset[str]:
    """Return the module names that files and folders could have; `*` when there are too many to look at.

    `deep` looks into sub-folders as well: the program moves `sys.path`.
    """
    found: set[str] = set()
    seen = 0
    waiting: list[str] = [str(folder) for folder in folders]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    seen += 1
                    stem, dot, rest = entry.name.partition(".")
                    # A data file hides no module, whatever its name: mlflow.db is no mlflow.
                    # Nor does a program without a suffix, of which an environment's bin folder is full.
                    if (
                        entry.name.endswith(_IMPORTABLE)
                        or rest in ("dist-info", "egg-info")
                        or (not dot and entry.is_dir() and _has_modules(entry.path))
                    ):
                        found.add(stem)
                    if deep and entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError:
            continue
        if seen > _MOST_ENTRIES:
            return frozenset({"*"})
    return frozenset(found)
