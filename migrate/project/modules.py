"""All modules of a run, and what they know of each other."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from amlbridge.migrate.analysis.surroundings import Alone, Surroundings
from amlbridge.migrate.analysis.values import Evaluator, Function, OwnModule, Value
from amlbridge.migrate.models.code.names import identifier
from amlbridge.migrate.models.environments.script_packages import ScriptPackages, runs_in_jobs
from amlbridge.migrate.models.pipelines.step_names import StepNames, asks_for
from amlbridge.migrate.module import ModuleText, NamedInput, Options, Publication, Registered, Registrations
from amlbridge.migrate.notebooks.run_magics import encoded
from amlbridge.migrate.project.content import content_of
from amlbridge.migrate.project.helpers import key_of
from amlbridge.migrate.project.neighbours import Neighbours, Place, place
from amlbridge.migrate.project.script_packages import script_packages
from amlbridge.migrate.project.submitters import Submitters

if TYPE_CHECKING:
    from amlbridge.migrate.rewriter import Rewriter

#: A module that takes folders for missing must find them missing.
_MAKES_FOLDERS = re.compile(r"\bmkdir\((?!.*exist_ok\s*=\s*True)|makedirs\((?!.*exist_ok\s*=\s*True)|\brmtree\(")
#: What may be a step's name: a short text in quotes, or a variable.
_WORD = re.compile(r"""(?<=["'])[^"'\n]{1,80}(?=["'])|\b[A-Za-z_]\w*""")
#: What only the script of a job has, and what says that the code names a workspace of its own.
_IN_JOB = re.compile(r"\bRun\.get_context\(")
_NAMES_WORKSPACE = re.compile(r"\bWorkspace(\.(from_config|get|create))?\(|\.submit\(")


class Project:
    """What the conversion of a module has to know of the others. Can be pickled; nothing changes it."""

    def __init__(self, modules: Sequence[ModuleText] = ()) -> None:
        # One called azureml is told from SDK v1 import by import before a module is converted: own_package.py.
        self.own_packages = frozenset(
            module.path.parent.name for module in modules if module.path.name == "__init__.py"
        ) - {"azureml"}
        #: By the folder of the module that submits, and the path of the script that it gives.
        self._scripts: dict[tuple[Path, str], dict[str, NamedInput]] = {}
        self.submitters = Submitters()
        self.neighbours = Neighbours(modules, self.around)
        #: By path: where a module makes objects that stay v1 for the sake of others (or of itself).
        self._kept: dict[Path, frozenset[Place]] = {}
        #: Files may be created below these folders; without one there are none.
        self.roots: tuple[Path, ...] = ()
        self.modules = tuple(modules)
        self._texts = {module.path.absolute(): module.text for module in modules}
        #: By path: what others may read of a module.
        self._read_elsewhere: dict[Path, set[str]] = {}
        #: The scripts of jobs; by path: what those need that run in a module's environments.
        self.job_scripts = tuple(module for module in modules if runs_in_jobs(module.text))
        self._script_packages: dict[Path, tuple[str, ...]] = {}
        self._folders = frozenset(module.path.absolute().parent for module in modules)
        self._pipelines = [
            (module.path, module.text) for module in modules if "Step(" in module.text and "azureml" in module.text
        ]
        #: By folder: the paths on datastores that modules upload to, and the data assets that these become.
        self._uploads: dict[Path, dict[str, str]] = {}
        #: By folder: the pipelines that modules publish, by name.
        self._published: dict[Path, dict[str, Publication]] = {}
        #: The datasets that some module registers and others look up, or register as well.
        self.registrations = Registrations()
        #: The modules that read the rows of datasets whose names only the running code knows.
        self.any_table: frozenset[Path] = frozenset()

    def read_submissions(self, modules: Sequence[ModuleText]) -> None:
        """Reads which scripts the modules submit, and with what."""
        from amlbridge.migrate.project.publications import publications
        from amlbridge.migrate.project.registrations import reads_any_table, registered_datasets
        from amlbridge.migrate.project.submissions import Reading, join_inputs, submitted_scripts, upload_targets

        self.any_table = frozenset(module.path for module in modules if reads_any_table(module.text))
        self.registrations = registered_datasets(
            [module for module in modules if self.wants(module)], lambda module: self.around(module.path)
        )
        schedules = any("Schedule.create" in module.text for module in modules)
        for module in modules:
            if self.wants(module):
                reading = Reading(module, self.around(module.path))
                for script, inputs in submitted_scripts(reading).items():
                    self.submitters.add(module, script)
                    join_inputs(self._scripts.setdefault((module.path.parent, script), {}), inputs)
                if targets := upload_targets(reading):
                    self._uploads.setdefault(module.path.parent, {}).update(targets)
                if schedules and (published := publications(reading)):
                    self._published.setdefault(module.path.parent, {}).update(published)

    def read_exchanges(self, options: Options) -> None:
        """Decides which of the objects that modules hand to each other stay v1."""
        from amlbridge.migrate.project.exchange import kept_together

        self.neighbours.leave_out_unreached()
        self._kept = kept_together(self, options)

    def evaluator(self, module: ModuleText) -> Evaluator | None:
        """The evaluator of a module that is connected with others, None for others and for what is no Python."""
        return self.neighbours.evaluator(module) if module.path in self._kept else None

    def kept(self, module: ModuleText, evaluator: Evaluator) -> frozenset[ast.AST]:
        """The objects that have to stay v1 for the sake of the modules that a module is connected with: its own, and
        those of the modules that it imports."""
        if not self._kept:
            return frozenset()
        evaluators = {module.path: evaluator, **self.neighbours.evaluators_around(module)}
        found = [
            node
            for path, inner in evaluators.items()
            if (places := self._kept.get(path))
            for node in inner.scopes.parents
            if place(node) in places
        ]
        return frozenset(found)

    def script(self, path: Path) -> Mapping[str, NamedInput]:
        """The inputs that some module of the project gives the script at ``path``, by the name that it asks for."""
        return next((self._scripts[key] for key in self._submissions(path)), {})

    def _submissions(self, path: Path) -> list[tuple[Path, str]]:
        """The submissions that may be of the script at ``path``, the most probable first."""
        posix = f"/{path.as_posix()}"
        ends = [key for key in self._scripts if posix.endswith(f"/{key[1]}")]
        beside = [(folder, script) for folder, script in ends if folder / script == path]
        copied = [(folder, script) for folder, script in self._scripts if self._is_copy(folder, script, path)]
        return [*beside, *ends, *copied]

    def _is_copy(self, folder: Path, script: str, path: Path) -> bool:
        """Whether a module submits a script from a folder that is not there yet, where the one beside it is copied."""
        sent = folder / script
        return sent.name == path.name and path.parent == folder and sent.parent.absolute() not in self._folders

    def wants(self, module: ModuleText) -> bool:
        """Whether a module has to be converted: it has v1 code, or belongs to some that has."""
        return "azureml" in module.text or module.path in self.neighbours.users

    def settle(self, to: Rewriter, module: ModuleText) -> None:
        """Tells the rewriter of a module what it may ask of the rest of the run."""
        to.named_inputs = self.script(module.path)
        to.submitted_by_v1 = lambda: self.submitters.staying(self._submissions(module.path), self, to.options)
        to.uploads = self._uploads_for(module.path.parent)
        to.serves_jobs = lambda: self.serves_jobs(module)
        ScriptPackages(lambda: self.script_packages(module)).tell(to)
        StepNames(lambda name: self._asks_for_step(module, name)).tell(to)
        to.published = self._published.get(module.path.parent, {})
        to.path = module.path.absolute()
        to.roots = self.roots
        to.module_text = self._texts.get
        to.read_elsewhere = lambda: {*self.read_elsewhere(module.path), *module.masked_names, *module.shown_names}
        to.imported_elsewhere = lambda name: name in self.read_elsewhere(module.path)
        to.folders = frozenset() if _MAKES_FOLDERS.search(module.text) else self._folders
        to.claimed = lambda folder, name: self._claims(module.path, folder, name)

    def _uploads_for(self, folder: Path) -> dict[str, str]:
        """The uploads that modules of a folder read: their own, and those to paths that only one other folder uploads
        to."""
        others = [found for other, found in self._uploads.items() if other != folder]
        counts = Counter(path for found in others for path in found)
        lone = {path: asset for found in others for path, asset in found.items() if counts[path] == 1}
        own = self._uploads.get(folder, {})
        return {**own, **{path: asset for path, asset in lone.items() if path not in own}}

    def serves_jobs(self, module: ModuleText) -> bool:
        """Whether the scripts of jobs import a module, directly or through others, and nothing that names a workspace
        of its own does."""
        found, left = {module.path: module}, [module]
        while left:
            for other in self.neighbours.importers(key_of(left.pop().path)):
                if other.path not in found:
                    found[other.path] = other
                    left.append(other)
        texts = [other.text for path, other in found.items() if path != module.path]
        return any(_IN_JOB.search(text) for text in texts) and not any(_NAMES_WORKSPACE.search(text) for text in texts)

    def script_packages(self, module: ModuleText) -> tuple[str, ...]:
        """The packages that the scripts which run in a module's environments import in SDK v2."""
        if module.path not in self._script_packages:
            self._script_packages[module.path] = script_packages(module, self)
        return self._script_packages[module.path]

    def read_elsewhere(self, path: Path) -> set[str]:
        """The names that other modules may read of the module at ``path``."""
        if path not in self._read_elsewhere:
            self._read_elsewhere[path] = self._read_by_others(path)
        return self._read_elsewhere[path]

    def _read_by_others(self, path: Path) -> set[str]:
        stem = encoded(path.stem)
        taken = re.compile(rf"\bfrom\s+[\w.]*\b{stem}\s+import\s+(\([^)]*\)|[^\n]*)|\b{stem}\.(\w+)")
        others = (module.text for module in self.modules if module.path != path and stem in module.text)
        found = (
            text if (match.group(1) or "").startswith("*") else match.group(1) or match.group(2)
            for text in others
            for match in taken.finditer(text)
        )
        return {name for part in found for name in re.findall(r"\w+", part)}

    def _claims(self, path: Path, folder: Path, name: str) -> bool:
        """Whether a module other than ``path`` may want to create a component of this name in a folder, as far as its
        words tell; "" is any name."""
        for other, text in self._pipelines:
            if other == path or not _may_mean(other.absolute().parent, text, folder):
                continue
            if not name or any(identifier(word) == name for word in _WORD.findall(text)):
                return True
        return False

    def _asks_for_step(self, module: ModuleText, name: str) -> bool:
        """Whether a module other than the given one may look for the run of the step with a name."""
        return any(other.path != module.path and asks_for(other.text, name) for other in self.modules)

    def around(self, path: Path) -> Surroundings:
        """What the analysis of the module at ``path`` may ask of the others."""
        return Around(self, path)


def _may_mean(start: Path, text: str, folder: Path) -> bool:
    """Whether a module in ``start`` with this text may have a step whose code is in ``folder``."""
    if start == folder:
        return True
    named = re.findall(rf"""["']([^"'\n]*?\b{re.escape(folder.name)})/?["']""", text)
    below = folder.is_relative_to(start) or ".." in text or ".parent" in text
    return bool(named) and (below or any(above / part == folder for above in start.parents for part in named))


class Around(Alone):
    """The project as one module sees it."""

    def __init__(self, project: Project, path: Path) -> None:
        self.project = project
        self.path = path

    def owns(self, package: str) -> bool:
        """Whether the project has a package of this name itself."""
        return package in self.project.own_packages

    def exported(self, module: str, name: str, level: int) -> Value | None:
        """The value of a name of another module of the project; of the module itself when the name is ""."""
        found = self.project.neighbours.resolve(self.path, module, level)
        return self.member(found, name) if found is not None and name else found

    def member(self, module: OwnModule, name: str) -> Value | None:
        """The value of a name of a module of the project."""
        return self.project.neighbours.member(module, name)

    def callers(self, function: ast.AST) -> list[tuple[Evaluator, ast.Call]]:
        """The calls of a function in other modules."""
        return self.project.neighbours.callers(self.path, function)

    def fixture(self, name: str) -> Function | None:
        """The pytest fixture of a name that the tests of this module may take from a ``conftest.py``."""
        return self.project.neighbours.fixture(self.path, name)

    def content(self, path: str) -> object:
        """What a JSON or YAML file says: below the folder of the module, or one above it that belongs to the run."""
        return content_of(path, self.path.absolute().parent, self.project.roots)

    def registered(self, name: str) -> Registered | None:
        """The dataset that another module registers under a name."""
        return self.project.registrations.known.get(name)

    def clashing(self, name: str) -> str:
        """Where and as what a name is registered that stands for several kinds of datasets, "" for other names."""
        return self.project.registrations.clashing.get(name, "")

    def reads_any_table(self) -> bool:
        """Whether another module reads the rows of a registered dataset whose name only the running code knows."""
        return bool(self.project.any_table - {self.path})


def build_project(modules: Sequence[ModuleText], options: Options, roots: Sequence[Path] = ()) -> Project:
    """The project over all modules of a run. ``roots``: the folders below which files may be created."""
    project = Project(modules)
    project.roots = tuple(root.absolute() for root in roots)
    project.read_submissions(modules)
    project.read_exchanges(options)
    return project
