"""The files of a run, read: as modules, notebooks or other text, or with the reason why not."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from amlbridge.migrate import discover
from amlbridge.migrate.findings import BadInputError
from amlbridge.migrate.module import ModuleText
from amlbridge.migrate.notebooks.notebook import Notebook
from amlbridge.migrate.text.source import SourceFile
from amlbridge.migrate.text.trees import without_warnings

#: Without these bytes Python code has nothing of SDK v1, and is not parsed.
_NAME = b"azureml"
#: The same for other files. Files of YAML are always looked at: run configurations and pipelines need not name it.
_NAMES = (_NAME, b"azure-cli-ml", b"az ml ")
_ALWAYS = frozenset({".yml", ".yaml", ".runconfig", ".json"})
#: What a line of a notebook imports or runs, in the file's bytes.
_IMPORTS = re.compile(rb"(?:\bfrom|\bimport|%run)[ \t]+([^\n]{1,200})")
#: Files other than source that are larger hold data.
_LARGEST_OTHER = 1_000_000


@dataclass(frozen=True)
class Loaded:
    """One file. ``content`` is what was read of it: a Python module, a notebook or another text; None when it has
    nothing for us, or cannot be read (then ``problem`` says why)."""

    path: Path
    before: bytes = b""
    content: SourceFile | Notebook | None = None
    module: ModuleText | None = None
    problem: BadInputError | None = None

    @property
    def named(self) -> bool:
        """Whether it names SDK v1."""
        return names_v1(self.path, self.before)

    def modules(self) -> list[ModuleText]:
        """The Python modules in it; a notebook has one for its cells and one for each file that they write."""
        found = [self.module] if self.module is not None else []
        if isinstance(self.content, Notebook):
            found += [ModuleText(item.path, item.text) for item in self.content.written if is_python(item.path)]
        return found


def names_v1(path: Path, content: bytes) -> bool:
    """Whether a file with these bytes may have something of SDK v1."""
    return _NAME in content if is_code(path) else any(name in content.lower() for name in _NAMES)


def is_python(path: Path) -> bool:
    """Whether a path names a Python module."""
    return path.suffix.lower() in discover.PYTHON


def is_code(path: Path) -> bool:
    """Whether a path names a Python module or a notebook."""
    return path.suffix.lower() in discover.PYTHON | discover.NOTEBOOK


def load_all(paths: Iterable[Path]) -> list[Loaded]:
    """Reads the files, in order."""
    return [load(path) for path in paths]


def load(path: Path) -> Loaded:
    """Reads one file. Notebooks and other files that do not name SDK v1 are not looked into."""
    try:
        if not is_code(path) and path.stat().st_size > _LARGEST_OTHER:
            return Loaded(path)
        content = path.read_bytes()
    except OSError as error:
        return Loaded(path, problem=BadInputError("unreadable", f"cannot be read: {error.strerror or error}"))
    return parse(path, content)


@without_warnings()
def parse(path: Path, content: bytes, *, user: bool = False) -> Loaded:
    """One file with this content. ``user``: whether it is a notebook that may get objects of SDK v1 from others."""
    try:
        if is_python(path):
            source = SourceFile.of_python(content)
            return Loaded(path, content, source, ModuleText(path, source.text))
        if not user and not names_v1(path, content) and path.suffix.lower() not in _ALWAYS:
            return Loaded(path, content)
        if path.suffix.lower() in discover.NOTEBOOK:
            notebook = Notebook.read(path, content)
            return Loaded(path, content, notebook, notebook.main)
        return Loaded(path, content, SourceFile.of_text(content))
    except BadInputError as error:
        return Loaded(path, content, problem=error)
    except Exception as error:  # noqa: BLE001 - one file must not end the run; the finding tells it
        message = f"{type(error).__name__}: {error}; the file is left as it is, please report it"
        return Loaded(path, content, problem=BadInputError("internal-error", message))


def with_users(loaded: Sequence[Loaded]) -> list[Loaded]:
    """The files of a run, with those notebooks read as well that do not name SDK v1 but import, or run, a module that
    does: they may get objects of it."""
    stems = {name.encode() for item in loaded if item.named and is_code(item.path) for name in _import_names(item.path)}
    found, left = list(loaded), [number for number, item in enumerate(loaded) if _is_unread(item)]
    while users := [number for number in left if _may_use(found[number], stems)]:
        for number in users:
            found[number] = parse(found[number].path, found[number].before, user=True)
            stems |= {name.encode() for name in _import_names(found[number].path)}
        left = [number for number in left if number not in users]
    return found


def _import_names(path: Path) -> set[str]:
    """What imports of a module may call it: after its file, or after its folder."""
    return set(re.findall(r"\w+", f"{path.stem} {path.absolute().parent.name}"))


def _is_unread(item: Loaded) -> bool:
    return item.path.suffix.lower() in discover.NOTEBOOK and item.content is None and item.problem is None


def _may_use(item: Loaded, stems: Set[bytes]) -> bool:
    return any(not stems.isdisjoint(re.findall(rb"\w+", line)) for line in _IMPORTS.findall(item.before))


def own_packages(loaded: Sequence[Loaded]) -> dict[Path, frozenset[str]]:
    """Folders that hold a package of the user's own called azureml -> the names of its modules. An import of one of
    them from below such a folder is not SDK v1."""
    found: dict[Path, set[str]] = {}
    for item in loaded:
        parts = item.path.parts
        if "azureml" not in parts[:-1] or item.module is None:
            continue
        index = len(parts) - 2 - parts[:-1][::-1].index("azureml")
        folder, rest = Path(*parts[:index]), parts[index + 1 :]
        name = Path(rest[0]).stem if len(rest) == 1 else rest[0]
        if len(rest) == 1 or os.path.exists(folder / "azureml" / rest[0] / "__init__.py"):  # noqa: PTH110 - quick
            found.setdefault(folder, set()).add(name)
    return {folder: frozenset(names) for folder, names in found.items()}
