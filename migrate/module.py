"""What the conversion of one module gets and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from amlbridge.migrate.findings import Finding
from amlbridge.migrate.traced import TracedPipeline

#: The comment line that starts each code cell in the text of a notebook; its index in the notebook follows.
CELL_MARK = "# %% amlbridge cell "
#: The comment at the end of a line that stands for a magic or a shell line of a notebook.
MAGIC_MARK = "# amlbridge magic "


@dataclass(frozen=True)
class ModuleText:
    """A Python module. ``text`` has "\\n" line ends and no byte order mark. A notebook is one module over its code
    cells: each starts with the line ``CELL_MARK`` plus its index, and magics are masked by lines that end with
    ``MAGIC_MARK`` and more. An edit keeps all of these lines, in their order. ``masked_names``: what those lines
    may read of the module; ``shown_names``: what they ask for help about; ``names_of_magics``: what each of those lines
    may read, by the number behind its mark; -1: all ``%%magic`` lines. ``unread_names``: what cells that are no Python
    assign."""

    path: Path
    text: str
    notebook: bool = False
    masked_names: frozenset[str] = frozenset()
    shown_names: frozenset[str] = frozenset()
    names_of_magics: Mapping[int, frozenset[str]] = field(default_factory=dict)
    unread_names: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Options:
    """What the user chose. ``select``/``ignore``: names of rules; no ``select`` means all. ``components``: whether
    components of pipelines become YAML files beside the code, or Python. ``traced``: the pipelines that a traced run
    tells of, by their marks."""

    components: Literal["yaml", "python"] = "yaml"
    select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    line_length: int = 88
    traced: Mapping[str, TracedPipeline] = field(default_factory=dict)

    def applies(self, rule: str) -> bool:
        """Whether the user wants a rule."""
        return rule not in self.ignore and (not self.select or rule in self.select)


@dataclass(frozen=True)
class NamedInput:
    """An input that a run script asks for by name, as the code that submits the script has it. ``type``: "mltable",
    "uri_file" or "uri_folder". ``option``: the option of the script that gets the path ("--data"), "" when none does:
    then it is in the variable ``AZURE_ML_INPUT_name``, where ``port`` is the name. ``others``: the types that other
    code which submits the script has for it; ``apart``: whether other code has neither that option nor that name."""

    type: str
    option: str
    port: str
    others: frozenset[str] = frozenset()
    apart: bool = False

    @property
    def kinds(self) -> frozenset[str]:
        """All the types that it has."""
        return self.others | {self.type}

    def beside(self, other: NamedInput) -> NamedInput:
        """The input as code that submits the script elsewhere has it as well."""
        same = self.option == other.option
        apart = self.apart or other.apart or not (same or self.port == other.port)
        option = self.option if same or apart else ""  # the variable is what both have
        return NamedInput(self.type, option, self.port, self.others | other.kinds - {self.type}, apart)


@dataclass(frozen=True)
class Registered:
    """A dataset that some module of the project registers. ``type``: "mltable", "uri_file" or "uri_folder";
    ``lists_files``: whether it is an MLTable that lists files, not rows."""

    type: str
    lists_files: bool = False


@dataclass(frozen=True)
class Registrations:
    """The datasets that modules register, by name. ``clashing``: where and as what each name is registered that stands
    for several kinds."""

    known: Mapping[str, Registered] = field(default_factory=dict)
    clashing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DataParameter:
    """A parameter of a published pipeline that is data, with its default: a registered dataset, or a path in a
    datastore. Neither is known where the default is made at run time. ``type``: "mltable", "uri_file" or
    "uri_folder"."""

    name: str
    type: str
    dataset: str = ""
    datastore: str = ""
    path: str = ""


@dataclass(frozen=True)
class Publication:
    """A pipeline that some module of the project publishes. ``component``: the name of its component in SDK v2."""

    component: str
    data: tuple[DataParameter, ...] = ()


class RestOfRun:
    """What the conversion of a module may ask of the other modules and files of the run: nothing, until
    ``Project.settle`` has told."""

    def __init__(self) -> None:
        #: The module's own place, and the folders that files may be created in.
        self.path = Path("module.py")
        self.roots: tuple[Path, ...] = ()
        #: Folders that need not be there yet: a notebook writes the modules in them (``%%writefile``).
        self.folders: frozenset[Path] = frozenset()
        #: Whether another module may want to create a file of a name in a folder.
        self.claimed: Callable[[Path, str], bool] = lambda folder, name: False
        #: The text of another module, by its path.
        self.module_text: Callable[[Path], str | None] = lambda path: None
        #: The names that other modules may read of this one; what they import may be among them.
        self.read_elsewhere: Callable[[], set[str]] = set
        self.imported_elsewhere: Callable[[str], bool] = lambda name: False
        #: Whether the module is only imported by scripts of jobs.
        self.serves_jobs: Callable[[], bool] = lambda: False
        #: The inputs that the code which submits this script names: by the name that the script asks for.
        self.named_inputs: Mapping[str, NamedInput] = {}
        #: The file that submits this script and stays SDK v1, if all code that submits it does; "" otherwise.
        self.submitted_by_v1: Callable[[], str] = str
        #: The data assets that uploads of the modules beside this one become: by their path on the datastore.
        self.uploads: Mapping[str, str] = {}
        #: The pipelines that the modules beside this one publish, by name.
        self.published: Mapping[str, Publication] = {}


@dataclass(frozen=True)
class Conversion:
    """What became of a module. ``text`` is the module's own when nothing changed. ``created``: files that the new text
    needs; path relative to the module's folder, with "/", -> text."""

    text: str
    findings: tuple[Finding, ...] = ()
    created: Mapping[str, str] = field(default_factory=dict)
