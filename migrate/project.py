"""All modules of a run, and what they know of each other."""

from __future__ import annotations

from collections.abc import Sequence

from amlbridge.migrate.module import ModuleText, Options


class Project:
    """What the conversion of a module has to know of the others. Can be pickled; nothing changes it."""

    def wants(self, module: ModuleText) -> bool:
        """Whether a module has to be converted: it has v1 code, or belongs to some that has."""
        return "azureml" in module.text


def build_project(modules: Sequence[ModuleText], options: Options) -> Project:
    """The project over all modules of a run, which are not parsed yet."""
    return Project()
