"""The twins, a module for each group of rules. A module has ``TWINS``."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from tests.migrate.twins.twin import Twin


def all_twins() -> tuple[Twin, ...]:
    """Every twin."""
    return tuple(twin for module in _modules() for twin in module.TWINS)


def _modules() -> list[ModuleType]:
    return [importlib.import_module(info.name) for info in pkgutil.iter_modules(__path__, __name__ + ".")]
