"""Conda dependencies of a file that code changes or reads: the file is read into a dict first.

``CondaDependencies("conda.yml")`` is the path of the file where it is only handed on: an environment of SDK v2 takes a
path as well as a dict. A path has no packages to add to.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.environments import conda as conda_model
from amlbridge.migrate.registry import Outcome, Replace, Statements
from amlbridge.migrate.rewriter import Rewriter

ONE_SECTION = "the conda file has to list its pip packages in one section `pip:`"


def is_read(use: Use, to: Rewriter) -> bool:
    """Whether code asks more of what ``CondaDependencies(path)`` makes than to be handed on."""
    if not use.symbol.startswith("CondaDependencies") or use.call is None:
        return False
    return bool(Objects.of(to).members(use.node)) and bool(conda_model.of_creation(use, to).base)


def read_file(use: Use, path: str, to: Rewriter) -> Outcome:
    """Reads the file. ``path``: code of its path."""
    yaml, statement = to.need_module("yaml"), use.statement
    alone = isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is use.node
    target = statement.targets if isinstance(statement, ast.Assign) else []
    if alone and len(target) == 1 and isinstance(target[0], ast.Name):
        return Statements(f"with open({path}) as file:\n    {target[0].id} = {yaml}.safe_load(file)")
    return Replace(f"{yaml}.safe_load({to.need('pathlib', 'Path')}({path}).read_text())")


def place(owner: str, kind: str, *, of_file: bool) -> str:
    """Code of the list that a package ("pip", "conda") or a "channel" is added to. ``owner``: code of the dict;
    ``of_file``: whether it was read from a file, which may have its sections in any order, or no channels."""
    if kind == "conda":
        return f'{owner}["dependencies"]'
    if kind == "channel":
        return f'{owner}.setdefault("channels", [])' if of_file else f'{owner}["channels"]'
    section = f'next(part for part in {owner}["dependencies"] if isinstance(part, dict))'
    return f'{section}["pip"]' if of_file else f'{owner}["dependencies"][-1]["pip"]'
