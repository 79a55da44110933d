"""What a documented case needs around it to be a program, and what of its result may differ."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from amlbridge.migrate.registry import Case, all_rules

#: Submits ``src/train.py``, which is the case, as a run of its own.
SUBMIT = """\
from azureml.core import Experiment, ScriptRunConfig, Workspace

ws = Workspace.from_config()
config = ScriptRunConfig("src", script="train.py", compute_target="cpu")
run = Experiment(ws, "trials").submit(config)
run.wait_for_completion(show_output=False)
"""
#: Submits it as the only step of a pipeline, so that there is a run above it.
SUBMIT_STEP = """\
from azureml.core import Experiment, Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
step = PythonScriptStep(
    "train.py", name="train", source_directory="src", compute_target="cpu", allow_reuse=False
)
run = Experiment(ws, "trials").submit(Pipeline(ws, steps=[step]))
run.wait_for_completion(show_output=False)
"""


#: The number of a twin that is a program of its own.
PROGRAM = -1
#: Programs with what no case shows.
_PROGRAMS = Path(__file__).with_name("programs")


@dataclass(frozen=True)
class Twin:
    """A case of a rule as a program.

    ``rule``, ``number``: the case; ``number`` is ``PROGRAM`` for the program ``programs/RULE.py``, which is no case: it
    does what else a rule converts. ``head`` stands before it and ``foot`` after it: v1 code, which is converted with
    it. In a ``foot``, ``print("=", ...)`` prints what both programs must print alike, in the same order.

    ``script``: the case is a run script, ``src/train.py`` or another ``path``, with ``head`` and ``foot`` of its own;
    this program, such as ``SUBMIT``, submits it. Its own lines that begin with "= " are compared where the program
    prints its log.

    ``setup``: code that uses no v1. It runs first in both programs and finds the v2 client as ``ml``; what it defines
    is imported with ``from setup_workspace import NAME``. ``files``: what lies beside the program, by path.

    ``cluster``: there is a cluster of this name; for a ``script`` it is ``cpu``.

    ``refused``: both programs end at a submit which the service refuses with this in its text.

    ``urls``: what lies at addresses of the web. ``folders``: addresses below which a folder lies, which ``setup``
    fills; it is beside those of the programs. ``intercepted``: the service answers hosts of Azure, such as key
    vaults and the one where service principals sign in.

    ``needs``: a package that is installed apart; without it the twin is skipped.

    ``printed``: everything that the program prints is compared, not only the lines that begin with "= ".

    ``packages``: what the programs need that cannot be installed beside the tests' packages. Both run in an environment
    of their own, and with them the run script, which starts itself again there; without it the twin is skipped.

    ``notebook``: the program is the cell of a notebook, which ends with its last statement whatever threads it has.

    ``stand_ins``: modules that are not installed, for which ``setup`` makes small ones, as ``{module: why}``. A module
    that is installed fails the test.

    ``differs``: what of the workspace's content differs rightly, as ``{"jobs/*/tags": "why"}``: patterns of paths as
    in ``fnmatch``, below which nothing is compared. A pattern that hides no difference fails the test.
    """

    rule: str
    number: int = 0
    head: str = ""
    foot: str = ""
    script: str = ""
    path: str = "src/train.py"
    setup: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    urls: Mapping[str, str] = field(default_factory=dict)
    folders: Mapping[str, str] = field(default_factory=dict)
    cluster: str = ""
    refused: str = ""
    intercepted: bool = False
    needs: str = ""
    packages: tuple[str, ...] = ()
    notebook: bool = False
    printed: bool = False
    stand_ins: Mapping[str, str] = field(default_factory=dict)
    differs: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As pytest shows it."""
        return f"{self.rule}-program" if self.is_program else f"{self.rule}-{self.number}"

    @property
    def is_program(self) -> bool:
        """Whether it is a program of its own, not a case."""
        return self.number == PROGRAM

    @property
    def case(self) -> Case:
        """The documented case. Raises KeyError when no rule has this name, IndexError when it has fewer cases."""
        if self.is_program:
            return Case((_PROGRAMS / f"{self.rule}.py").read_text(), "")
        return {rule.name: rule for rule in all_rules()}[self.rule].cases[self.number]

    def program(self) -> dict[str, str]:
        """The v1 program's files by path: ``main.py`` is what runs."""
        body = "\n".join(textwrap.dedent(part) for part in (self.head, self.case.before, self.foot) if part)
        others = {path: textwrap.dedent(text) for path, text in self.files.items()}
        if not self.script:
            return {**others, "main.py": "import setup_workspace\n" + body}
        return {**others, self.path: body, "main.py": "import setup_workspace\n" + textwrap.dedent(self.script)}

    @property
    def asks_azure(self) -> bool:
        """Whether it asks hosts of Azure, which the service answers."""
        return self.intercepted or bool(self.urls or self.folders)

    @property
    def computes(self) -> str:
        """The name of the cluster that the program needs, or ""."""
        return self.cluster or ("cpu" if self.script else "")

    @property
    def place(self) -> str:
        """The file that the case is in."""
        return self.path if self.script else "main.py"
