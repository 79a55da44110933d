"""The conversion of one file of a run: of a module, of a notebook with what its cells write, or of another text."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from amlbridge.migrate import files
from amlbridge.migrate.cleanup.guard import WrongConversionError, checked
from amlbridge.migrate.convert import convert_module
from amlbridge.migrate.depth import with_room
from amlbridge.migrate.files.staying import imported, imported_near, is_of_jobs, kept_for
from amlbridge.migrate.findings import BadInputError, FileReport, FileStatus, Finding, status_of
from amlbridge.migrate.load import Loaded, is_python
from amlbridge.migrate.module import Conversion, ModuleText, Options
from amlbridge.migrate.notebooks.notebook import Notebook, WrittenFile
from amlbridge.migrate.project.modules import Project
from amlbridge.migrate.project.own_package import own_imports
from amlbridge.migrate.text.source import SourceFile
from amlbridge.migrate.text.trees import without_warnings

#: What a shell line of a notebook is converted as.
_SHELL_FILE = Path("cell.sh")


@dataclass(frozen=True)
class Work:
    """All files of a run, and what is known of them together."""

    loaded: tuple[Loaded, ...]
    project: Project
    options: Options
    own_packages: Mapping[Path, frozenset[str]]
    #: By path: the packages of SDK v1 that a module or notebook needs which stays, and whether it runs in jobs.
    staying: Mapping[Path, tuple[frozenset[str], bool]] = field(default_factory=dict)
    #: By path: the packages beside the client that a converted module or notebook imports.
    imports: Mapping[Path, tuple[str, ...]] = field(default_factory=dict)

    def is_late(self, item: Loaded) -> bool:
        """Whether what becomes of a file depends on what has become of modules and notebooks: it lists packages."""
        return item.path.name == "setup.py" or (item.module is None and isinstance(item.content, SourceFile))

    def kept_packages(self, path: Path) -> frozenset[str]:
        """The packages of SDK v1 that the list at ``path`` goes on naming."""
        if not self.staying:
            return frozenset()
        text = next((item.before for item in self.loaded if item.path == path), b"")
        named = any(path.name.encode() in item.before for item in self.loaded if item.named and item.path != path)
        return kept_for(path, self._code(), self.staying, of_jobs=is_of_jobs(path, text, named))

    def imported_packages(self, path: Path) -> tuple[str, ...]:
        """The packages beside the client that converted code imports which the list at ``path`` is for."""
        return imported_near(path, self._code(), self.imports)

    def _code(self) -> Iterator[Path]:
        return (item.path for item in self.loaded if item.named and not self.is_late(item))

    def wants(self, item: Loaded) -> bool:
        """Whether a file has to be looked at any further."""
        if item.problem is not None:
            return True
        if item.module is not None:
            return any(self.project.wants(module) for module in item.modules()) or item.named
        return isinstance(item.content, SourceFile) and files.handles(item.path, item.content.text)


@without_warnings()
def convert(work: Work, index: int) -> FileReport:
    """Converts one file. Whatever goes wrong becomes a finding, and the file stays as it is."""
    item = work.loaded[index]
    try:
        return with_room(lambda: _converted(work, item))
    except BadInputError as error:
        return _failed(item, error)
    except WrongConversionError as error:
        return _failed(item, BadInputError("internal-error", f"{error}; the file is left as it is, please report it"))
    except Exception as error:  # noqa: BLE001 - an error in a rule must not end the run; the finding tells it
        where = traceback.extract_tb(error.__traceback__)[-1]
        text = f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
        message = f"{text}; the file is left as it is, please report it"
        return _failed(item, BadInputError("internal-error", message))


def refused(path: Path, error: BadInputError, before: bytes = b"") -> FileReport:
    """The report on a file that was not looked at, and why."""
    return FileReport(path, FileStatus.FAILED, (error.finding(),), before, before)


def _failed(item: Loaded, error: BadInputError) -> FileReport:
    # What does not name SDK v1 has nothing to convert: it is told that we could not look, and no more.
    status = FileStatus.FAILED if item.named or not item.before else FileStatus.UNCHANGED
    if error.rule == "not-python":
        status = FileStatus.UNCHANGED
    return FileReport(item.path, status, (error.finding(),), item.before, item.before)


def _converted(work: Work, item: Loaded) -> FileReport:
    if item.problem is not None:
        raise item.problem
    if isinstance(item.content, Notebook):
        return _notebook(work, item, item.content)
    assert isinstance(item.content, SourceFile)
    if item.module is not None:
        own = own_imports(item.module, work.own_packages)
        if own:
            return FileReport(item.path, FileStatus.UNCHANGED, own, item.before, item.before)
        conversion = _module(work, item.module)
        if item.path.name == "setup.py":
            kept, imports = work.kept_packages(item.path), work.imported_packages(item.path)
            conversion = files.with_requirements(conversion, work.options, kept, imports)
    else:
        kept, imports = work.kept_packages(item.path), work.imported_packages(item.path)
        conversion = files.convert_file(item.path, item.content.text, work.project, work.options, kept, imports)
    after = item.content.encode(conversion.text)
    return _report(item, after, conversion.findings, _created(item.path.parent, conversion))


def _module(work: Work, module: ModuleText) -> Conversion:
    return checked(module, convert_module(module, work.project, work.options))


def _notebook(work: Work, item: Loaded, notebook: Notebook) -> FileReport:
    main = _module(work, notebook.main)
    findings = list(notebook.findings)
    for finding in main.findings:
        cell, line = notebook.place(finding.line)
        findings.append(replace(finding, cell=cell, line=line))
    created, written = _created(item.path.parent, main), {}
    for part in notebook.written:
        conversion, problem = _written(work, part)
        if problem is not None:
            findings.append(replace(problem, cell=part.cell, line=problem.line + 1))
        if conversion is not None:
            written[part.cell] = conversion.text
            findings += (replace(finding, cell=part.cell, line=finding.line + 1) for finding in conversion.findings)
            created.update(_created(part.path.parent, conversion))
    shell: dict[int, str] = {}
    for number, mask, command in notebook.shell_lines():
        if files.handles(_SHELL_FILE, command):
            imports = imported(main.text.encode())
            changed = files.convert_file(_SHELL_FILE, command, work.project, work.options, by_code=imports)
            cell, line = notebook.place(number)
            findings += [replace(finding, cell=cell, line=line) for finding in changed.findings]
            shell.update({mask: changed.text} if changed.text != command else {})
    findings.sort(key=lambda finding: (finding.cell or 0, finding.line, finding.column))
    try:
        after = notebook.with_code(main.text, written, shell)
    except ValueError as error:
        raise WrongConversionError(str(error)) from error
    return _report(item, after, tuple(findings), created)


def _written(work: Work, part: WrittenFile) -> tuple[Conversion | None, Finding | None]:
    """What a ``%%writefile`` cell writes; one that cannot be converted does not keep the notebook from being."""
    try:
        if is_python(part.path):
            module = ModuleText(part.path, part.text)
            return (_module(work, module) if work.project.wants(module) else None), None
        if files.handles(part.path, part.text):
            return files.convert_file(part.path, part.text, work.project, work.options), None
    except BadInputError as error:
        return None, error.finding()
    return None, None


def _created(folder: Path, conversion: Conversion) -> dict[Path, bytes]:
    found = {}
    for name, text in conversion.created.items():
        path = PurePosixPath(name)
        if path.is_absolute():
            raise WrongConversionError(f"a file would be created outside of the code: {name}")
        content, target = text.encode(), Path(os.path.normpath(folder / path))  # "../train.job.yml" of .azureml
        if not _is_there(target, content):
            found[target] = content
    return found


def _is_there(path: Path, content: bytes) -> bool:
    """Whether an earlier run has created the file: a second one changes nothing."""
    try:
        return path.read_bytes() == content
    except OSError:
        return False  # not there, or it cannot be read: writing it will tell why


def _report(item: Loaded, after: bytes, findings: tuple[Finding, ...], created: Mapping[Path, bytes]) -> FileReport:
    changed = after != item.before or bool(created)
    return FileReport(item.path, status_of(findings, changed=changed), findings, item.before, after, created)
