"""Packages that clients look for and that cannot be installed here, in a folder of their PYTHONPATH.

``azureml.train.automl.runtime`` is Microsoft's; its dependencies fit no Python that the rest runs on. The folders above
it have no ``__init__.py``: Python takes the installed packages of these names, whose path then includes ours, last.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from amlbridge.v1 import automl_runtime

#: The folder in the state folder.
NAME = "client-packages"
_VARIABLE = "PYTHONPATH"
_RUNTIME = "azureml/train/automl/runtime"


def folder(home: Path) -> Path:
    """Makes the folder, and returns it."""
    root, target = home / NAME, Path(automl_runtime.__file__).parent
    link = root / _RUNTIME
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink() or link.resolve() != target.resolve():
        link.unlink(missing_ok=True)
        link.symlink_to(target, target_is_directory=True)
    return root


def variables(home: Path, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """PYTHONPATH of a client: the one of its environment (by default this process's), and the folder behind it."""
    own = (os.environ if environment is None else environment).get(_VARIABLE, "")
    place = str(folder(home))
    entries = [entry for entry in own.split(os.pathsep) if entry and entry != place]
    return {_VARIABLE: os.pathsep.join([*entries, place])}
