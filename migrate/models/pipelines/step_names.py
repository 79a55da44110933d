"""Under which names the code of a project looks for the runs of steps."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from amlbridge.migrate.rewriter import Rewriter

#: Calls that give runs of steps, which code tells apart by their names.
_ASKS = (".find_step_run", ".get_steps", ".get_children")


@dataclass(frozen=True)
class StepNames:
    """The names that other modules than the converted one may look for runs of steps by."""

    elsewhere: Callable[[str], bool]

    def tell(self, to: Rewriter) -> None:
        """Lets the rewriter of the module know."""
        to.memory[StepNames] = self


def asks_for(text: str, name: str) -> bool:
    """Whether the module with this text may look for the run of the step with a name: it has the name in quotes."""
    return any(f"{ask}(" in text for ask in _ASKS) and bool(re.search(rf"""["']{re.escape(name)}["']""", text))


def is_asked_for(name: str, to: Rewriter) -> bool:
    """Whether the runs of a step that is called ``name`` may be looked for by it."""
    if any(use.symbol.endswith(_ASKS) for use in to.uses):
        return True
    known = to.memory.get(StepNames)
    return isinstance(known, StepNames) and known.elsewhere(name)
