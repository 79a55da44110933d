"""Code that submits a run script and stays SDK v1: what it gives the script by name, the script has to read as before.

SDK v1 gives a script datasets, SDK v2 gives it paths. The one cannot be converted ahead of the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from amlbridge.migrate.analysis.uses import find_uses
from amlbridge.migrate.analysis.values import Evaluator
from amlbridge.migrate.attempt import Attempt
from amlbridge.migrate.models.code.other_values import of_sdk_v1
from amlbridge.migrate.module import ModuleText, Options
from amlbridge.migrate.registry import Leave
from amlbridge.migrate.text.trees import parse_python

if TYPE_CHECKING:
    from amlbridge.migrate.project.modules import Project
    from amlbridge.migrate.rewriter import Rewriter


class Submitters:
    """The modules that submit scripts with inputs, and what becomes of these submissions. They are looked at when a
    script asks."""

    def __init__(self) -> None:
        #: By the folder of the module that submits, and the path of the script that it gives.
        self._modules: dict[tuple[Path, str], list[ModuleText]] = {}
        #: By path: the scripts whose submission stays v1. None while that is being found out.
        self._staying: dict[Path, frozenset[str] | None] = {}

    def add(self, module: ModuleText, script: str) -> None:
        """Notes that a module submits a script."""
        self._modules.setdefault((module.path.parent, script), []).append(module)

    def staying(self, keys: Iterable[tuple[Path, str]], project: Project, options: Options) -> str:
        """The name of the file that submits a script, where all that do so stay v1; "" otherwise. ``keys``: what the
        script is called there."""
        found = [(module, script) for folder, script in keys for module in self._modules.get((folder, script), ())]
        if not found or not all(script in self._of(module, project, options) for module, script in found):
            return ""
        return found[0][0].path.name

    def _of(self, module: ModuleText, project: Project, options: Options) -> frozenset[str]:
        if module.path not in self._staying:
            self._staying[module.path] = None  # which script packages it needs may depend on the script that asks
            self._staying[module.path] = _staying(module, project, options)
        return self._staying[module.path] or frozenset()


def _staying(module: ModuleText, project: Project, options: Options) -> frozenset[str]:
    """The scripts that a module submits with SDK v1 after its conversion, too."""
    try:
        to = _settled(module, project, options)
    except Exception:  # noqa: BLE001 - the conversion of that module meets the error again, and reports it
        return frozenset()
    if to is None:
        return frozenset()
    from amlbridge.migrate.project.submissions import script_given

    left: set[str] = set()
    converted: set[str] = set()
    for use in to.uses:
        if (script := script_given(use, to)) is not None:
            outcome = to.outcomes.get(use.node, (None, None))[1]
            (left if isinstance(outcome, Leave) else converted).add(script)
    return frozenset(left - converted)


def _settled(module: ModuleText, project: Project, options: Options) -> Rewriter | None:
    from amlbridge.migrate.convert import settled

    evaluator = project.evaluator(module)
    if evaluator is None:
        tree = parse_python(module.text)
        if tree is None:
            return None
        evaluator = Evaluator(tree, project.around(module.path))
    attempt = Attempt(module.masked_names)
    uses = of_sdk_v1(find_uses(evaluator))
    return settled(module, evaluator, uses, project, options, attempt, project.kept(module, evaluator))
