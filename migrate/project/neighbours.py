"""The modules of a project that import one another: which file an import means, and their syntax trees."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from amlbridge.migrate.analysis.fixtures import fixture_in
from amlbridge.migrate.analysis.surroundings import Surroundings
from amlbridge.migrate.analysis.values import (
    Code,
    Evaluator,
    Function,
    LocalClass,
    OwnModule,
    Value,
)
from amlbridge.migrate.module import MAGIC_MARK, ModuleText
from amlbridge.migrate.notebooks.run_magics import decoded, encoded
from amlbridge.migrate.project.helpers import V1, helpers, key_of
from amlbridge.migrate.project.reach import reached
from amlbridge.migrate.text.trees import FUNCTIONS, parse_python

#: What a node is, and where it stands: the same in every process.
Place = tuple[str, int, int, int, int]
_IMPORTED = re.compile(
    r"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]*)|import[ \t]+([^\n#]*))", re.MULTILINE
)
_IMPORTS_OF = re.compile(r"^[ \t]*(?:from|import)[ \t]+[^\n]*(?:\([^)]*\))?", re.MULTILINE)
_WORD = re.compile(r"\w+")
#: What stands for ``%run``, and the last part of the path behind it.
_RUN = re.compile(rf"^from [.\w]*?(\w+) import \*  {re.escape(MAGIC_MARK)}", re.MULTILINE)
#: Where pytest looks for fixtures.
_CONFTEST = "conftest"


class Neighbours:
    """The modules that name SDK v1, by their path. Their trees are read when they are asked for, and kept; they are not
    pickled."""

    def __init__(self, modules: Sequence[ModuleText], around: Callable[[Path], Surroundings]) -> None:
        self._around = around
        modules = _told_apart(modules)
        python = [module for module in modules if module.path.suffix == ".py"]
        #: By path without ending; a package is its folder.
        self._modules = {key_of(module.path): module for module in python if V1 in module.text}
        self._modules |= {key_of(module.path): module for module in helpers(modules)}
        self._add_run_notebooks(modules)
        #: Modules that look for others in further folders, which only the running code knows.
        self._extended = frozenset(module.path.absolute() for module in modules if "sys.path" in module.text)
        self._folders = {str(folder) for module in python for folder in module.path.absolute().parents}
        #: Where packages lie that are installed to be imported: beside their setup file, or in a folder that says so.
        self._installed = _roots_of_packages([module.path.absolute() for module in python])
        self._evaluators: dict[Path, Evaluator | None] = {}
        self._imports: dict[Path, tuple[str, ...]] = {}
        self._resolved: dict[tuple[Path, str, int], OwnModule | None] = {}
        self._importers: dict[str, list[ModuleText]] | None = None
        self._importing_known: dict[str, list[tuple[ModuleText, Evaluator]]] = {}
        stems = frozenset(encoded(Path(key).name) for key in self._modules)
        #: Packages that do not name SDK v1, and have modules that do: by what these are called outside.
        self._packages: dict[str, ModuleText] = {}
        for module in sorted(python, key=lambda module: -len(module.path.parts)):
            if module.path.name == "__init__.py" and V1 not in module.text and self._may_import(module, stems):
                self._packages[key_of(module.path)] = module
                self._modules[key_of(module.path)] = module
                self._resolved.clear()  # what was looked up may be this one
                stems |= {module.path.absolute().parent.name}
        #: Those that import them, as notebooks and modules do that get objects of SDK v1 without naming it.
        self._all = [module for module in modules if self._is_known(module) or self._may_import(module, stems)]
        self.users = frozenset(module.path for module in self._all if V1 not in module.text)
        self._by_path = {module.path: module for module in (*self._modules.values(), *self._all)}
        self._unreached: frozenset[Path] = frozenset()

    def __getstate__(self) -> Mapping[str, object]:
        return {**self.__dict__, "_evaluators": {}, "_importing_known": {}}

    def _add_run_notebooks(self, modules: Sequence[ModuleText]) -> None:
        """Takes in the notebooks that other notebooks run, with ``%run``."""
        run = {name for module in modules if module.notebook for name in _RUN.findall(module.text)}
        for module in modules if run else ():
            if module.path.suffix == ".ipynb" and encoded(module.path.stem) in run:
                self._modules.setdefault(key_of(module.path), module)

    def _is_known(self, module: ModuleText) -> bool:
        return V1 in module.text or (module.path.suffix == ".py" and key_of(module.path) in self._modules)

    def _may_import(self, module: ModuleText, stems: frozenset[str]) -> bool:
        """Whether a module that does not name SDK v1 imports one that does. Others are not looked up."""
        words = _IMPORTS_OF.findall(module.text) if stems else []
        named = any(not stems.isdisjoint(_WORD.findall(line)) for line in words)
        return (named or bool(self._takes_fixtures(module))) and bool(self.imported(module))

    def _conftests(self, path: Path) -> list[ModuleText]:
        """The ``conftest.py`` that name SDK v1 and may have fixtures for a module of tests, the nearest first."""
        stem, own = path.stem, key_of(path)
        if not (stem.startswith("test") or stem.endswith("_test") or stem == _CONFTEST):
            return []
        keys = [str(folder / _CONFTEST) for folder in path.absolute().parents]
        return [self._modules[key] for key in keys if key in self._modules and key != own]

    def _takes_fixtures(self, module: ModuleText) -> list[str]:
        """The paths of those of which a module of tests names a fixture, as far as its words tell."""
        found = [other for other in self._conftests(module.path) if "fixture" in other.text]
        words = set(_WORD.findall(module.text)) if found else set()
        return [key_of(other.path) for other in found if not words.isdisjoint(_names_of_fixtures(other.text))]

    def fixture(self, path: Path, name: str) -> Function | None:
        """The fixture of a name that the tests of a module take from the nearest ``conftest.py`` which has it."""
        for evaluator in map(self.evaluator, self._conftests(path)):
            found = fixture_in(evaluator.tree, name) if evaluator is not None else None
            if found is not None and evaluator is not None:
                return Function(found, evaluator)
        return None

    def evaluator(self, module: ModuleText) -> Evaluator | None:
        """The evaluator of a module, the same for all who ask; None for what is no Python."""
        if module.path not in self._evaluators:
            tree = parse_python(module.text)
            self._evaluators[module.path] = Evaluator(tree, self._around(module.path)) if tree is not None else None
        return self._evaluators[module.path]

    def home(self, evaluator: Evaluator) -> ModuleText | None:
        """The module of an evaluator, None for one of elsewhere."""
        path = next((path for path, other in self._evaluators.items() if other is evaluator), None)
        return self._by_path.get(path) if path is not None else None

    def resolve(self, path: Path, name: str, level: int) -> OwnModule | None:
        """The module of the project that ``name`` means in an import of the module at ``path``: from the folders above
        when it has dots, else from its own folder or the nearest one above, or where ``sys.path`` may lead."""
        key = (path, name, level)
        if key not in self._resolved:
            self._resolved[key] = self._resolve(path, name, level)
        return self._resolved[key]

    def _resolve(self, path: Path, name: str, level: int) -> OwnModule | None:
        folder = path.absolute().parent
        if level:
            above = [folder, *folder.parents]
            parts = map(decoded, name.split(".")) if name else ()
            found = str(above[min(level, len(above)) - 1].joinpath(*parts))
            return OwnModule(found) if self._is_there(found) else None
        for start in (folder, *folder.parents):
            if str(start) not in self._folders:
                break
            found = str(start.joinpath(*name.split(".")))
            if self._is_there(found):
                return OwnModule(found)
        installed = [str(root.joinpath(*name.split("."))) for root in self._installed.get(name.split(".")[0], ())]
        there = [found for found in installed if self._is_there(found)]
        if len(there) == 1:
            return OwnModule(there[0])
        return self._further(name) if path.absolute() in self._extended else None

    def _further(self, name: str) -> OwnModule | None:
        """The only module of the run whose path ends like this, for one that has extended ``sys.path``."""
        end = "/" + name.replace(".", "/")
        found = [key for key in self._modules if key.endswith(end)] if name else []
        return OwnModule(found[0]) if len(found) == 1 else None

    def _is_there(self, found: str) -> bool:
        return found in self._modules or found in self._folders

    def member(self, module: OwnModule, name: str) -> Value | None:
        """The value of a name of a module. Of what is no object of SDK v1 only plain constants."""
        text = self._modules.get(module.path)
        evaluator = self.evaluator(text) if text is not None else None
        value = evaluator.global_value(name) if evaluator is not None else None
        if value is None:
            inner = f"{module.path}/{name}"
            return OwnModule(inner) if self._is_there(inner) else None
        return None if isinstance(value, Code) and not isinstance(value.node, ast.Constant) else value

    def imported(self, module: ModuleText) -> tuple[str, ...]:
        """The modules of the project that name SDK v1 and that a module imports, as far as its words tell."""
        if module.path not in self._imports:
            found: dict[str, None] = {}
            for match in _IMPORTED.finditer(module.text):
                for level, name in _names(*match.groups()):
                    meant = self.resolve(module.path, name, level)
                    if meant is not None and meant.path in self._modules and meant.path != key_of(module.path):
                        found[meant.path] = None
                        if meant.path in self._packages:
                            found.update(dict.fromkeys(self.imported(self._packages[meant.path])))
            found.update(dict.fromkeys(self._takes_fixtures(module)))
            self._imports[module.path] = tuple(found)
        return self._imports[module.path]

    def importers(self, key: str) -> list[ModuleText]:
        """The modules that import the one at a path without ending."""
        if self._importers is None:
            self._importers = {}
            for module in self._all:
                for other in self.imported(module):
                    self._importers.setdefault(other, []).append(module)
        return self._importers.get(key, [])

    def connected(self) -> list[ModuleText]:
        """The modules that import others which name SDK v1, and those that are imported, in order; without those that
        get nothing of it."""
        found = {module.path: module for module in self._all if self.imported(module)}
        found.update((module.path, module) for key, module in self._modules.items() if self.importers(key))
        return [found[path] for path in sorted(found.keys() - self._unreached)]

    def leave_out_unreached(self) -> None:
        """Finds which modules get something of SDK v1; others are not looked at any further."""
        connected = self.connected()
        # What runs a notebook of these has its variables, and the notebook has those of what runs it.
        run = {module.path for module in self._modules.values() if module.path.suffix == ".ipynb"}
        having = [module for module in connected if V1 in module.text or module.path in run]
        if len(having) == len(connected):
            return
        try:
            found = reached(self, having)
        except Exception:  # noqa: BLE001 - the conversion of the module in question meets the error again, and reports it
            return
        self._unreached = frozenset(module.path for module in connected) - found
        self.users -= self._unreached

    def evaluators_around(self, module: ModuleText) -> dict[Path, Evaluator]:
        """The evaluators of the modules that a module imports, and of those that they import."""
        found: dict[Path, Evaluator] = {}
        waiting = [module]
        while waiting:
            for key in self.imported(waiting.pop()):
                other = self._modules[key]
                known = other.path in found or other.path in self._unreached
                evaluator = None if known else self.evaluator(other)
                if evaluator is not None:
                    found[other.path] = evaluator
                    waiting.append(other)
        return found

    def callers(self, path: Path, function: ast.AST) -> list[tuple[Evaluator, ast.Call]]:
        """The calls in other modules of a function of the module at ``path``."""
        key = key_of(path)
        own = self._evaluators.get(path)
        if own is None or not isinstance(function, FUNCTIONS):
            return []
        owner = own.scopes.parents.get(function)
        wanted: ast.AST = owner if isinstance(owner, ast.ClassDef) and function.name == "__init__" else function
        found: list[tuple[Evaluator, ast.Call]] = []
        for module, evaluator in self._importing(key):
            for call in evaluator.calls().get(wanted.name, ()):  # type: ignore[attr-defined]
                called = evaluator.value(call.func)
                if isinstance(called, (Function, LocalClass)) and called.node is wanted:
                    found.append((evaluator, call))
            if isinstance(owner, ast.ClassDef) and wanted is owner:
                found += self._callers_of_derived(evaluator, module.path, function)
        return found

    def _importing(self, key: str) -> list[tuple[ModuleText, Evaluator]]:
        """The modules that import the one at a path without ending and that are Python, with their evaluators."""
        if key not in self._importing_known:
            found = [(module, self.evaluator(module)) for module in self.importers(key)]
            self._importing_known[key] = [(module, known) for module, known in found if known is not None]
        return self._importing_known[key]

    def _callers_of_derived(
        self, evaluator: Evaluator, path: Path, function: ast.AST
    ) -> list[tuple[Evaluator, ast.Call]]:
        """The calls that make objects of the classes of a module which have the ``__init__`` of another module's."""
        found: list[tuple[Evaluator, ast.Call]] = []
        for derived in evaluator.tree.body:
            if not isinstance(derived, ast.ClassDef) or not derived.bases:
                continue
            made = evaluator.field(derived, "__init__")
            if not isinstance(made, Function) or made.node is not function:
                continue
            for home in (evaluator, *(home for _user, home in self._importing(key_of(path)))):
                for call in home.calls().get(derived.name, ()):
                    called = home.value(call.func)
                    if isinstance(called, LocalClass) and called.node is derived:
                        found.append((home, call))
        return found


def _roots_of_packages(paths: Sequence[Path]) -> dict[str, list[Path]]:
    """The folders that packages are installed from, by the name of the package."""
    setups = {path.parent for path in paths if path.name == "setup.py"}
    packages = {path.parent for path in paths if path.name == "__init__.py"}
    found: dict[str, list[Path]] = {}
    for path in paths:
        root, package = path.parent.parent, path.parent.name
        says = root in setups or root.name in ("src", "lib") or root.name.replace("-", "_") == package
        if path.name == "__init__.py" and says and root not in packages:
            found.setdefault(package, []).append(root)
    return found


def _told_apart(modules: Sequence[ModuleText]) -> list[ModuleText]:
    """The modules without those of which there are several texts: a file, and what a notebook writes there."""
    texts: dict[Path, ModuleText] = {}
    several = {module.path for module in modules if texts.setdefault(module.path, module).text != module.text}
    return [module for path, module in texts.items() if path not in several]


def place(node: ast.AST) -> Place:
    """The place of a node in its module."""
    at = (getattr(node, name, 0) or 0 for name in ("lineno", "col_offset", "end_lineno", "end_col_offset"))
    return (type(node).__name__, *at)  # type: ignore[return-value]


def _names_of_fixtures(text: str) -> set[str]:
    """The words of a ``conftest.py`` that may be names of fixtures."""
    return {*re.findall(r"\bdef (\w+)", text), *re.findall(r"""\bname\s*=\s*["'](\w+)""", text)}


def _names(base: str | None, members: str | None, plain: str | None) -> list[tuple[int, str]]:
    """The modules that one import may mean, with the dots before them."""
    if plain is not None:
        return [(0, part.split()[0]) for part in plain.split(",") if part.split()]
    name = (base or "").lstrip(".")
    level = len(base or "") - len(name)
    words = re.findall(r"([\w*]+)(?:\s+as\s+\w+)?", members or "")
    return [(level, name), *((level, f"{name}.{word}" if name else word) for word in words if word != "*")]
