"""``azureml_user.parallel_run``: the module that Azure's driver offers to entry scripts.

Public documentation and samples use ``EntryScript().logger``, ``log_dir``, ``agent_name`` and ``output_dir``.
"""

from __future__ import annotations

import logging
import sys
import types
from pathlib import Path
from typing import Any


def offer(values: dict[str, Any]) -> None:
    """Makes the module importable in this process; ``values`` are the attributes of the one EntryScript."""

    class EntryScript:
        """What Azure's driver tells an entry script."""

        def __new__(cls) -> Any:
            return made

    made = object.__new__(EntryScript)
    vars(made).update(values)
    package, module = types.ModuleType("azureml_user"), types.ModuleType("azureml_user.parallel_run")
    package.__path__ = []
    vars(module)["EntryScript"] = EntryScript
    vars(package)["parallel_run"] = module
    sys.modules.update({package.__name__: package, module.__name__: module})


def logger(path: Path, level: str) -> logging.Logger:
    """The logger of an EntryScript: a file of its own, nothing on standard error."""
    found = logging.getLogger("azureml_user.parallel_run")
    handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s|%(levelname)s|%(message)s"))
    found.handlers[:] = [handler]
    found.setLevel(level)
    found.propagate = False
    return found
