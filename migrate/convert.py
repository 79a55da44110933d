"""One module of SDK v1 becomes one of SDK v2."""

from __future__ import annotations

from amlbridge.migrate.module import Conversion, ModuleText, Options
from amlbridge.migrate.project import Project


def convert_module(module: ModuleText, project: Project, options: Options) -> Conversion:
    """Converts a module. Finds nothing yet. Raises BadInputError for a text that is no Python."""
    return Conversion(module.text)
