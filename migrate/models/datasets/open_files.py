"""Files of Azure Open Datasets of which some are taken, or whose places here are asked for: a list of their paths."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.datasets.open_datasets import ACCOUNT, OPEN
from amlbridge.migrate.registry import Outcome, Replace, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.trees import only_target

#: Selections of files, as what stands behind their list.
_SELECTING = {"take": "[:{}]", "skip": "[{}:]"}
_PUBLIC = "fsspec reads the public files with the package adlfs"


def file_system(to: Rewriter) -> str:
    """Code for where the files of Azure Open Datasets are."""
    return f'{to.need_module("fsspec")}.filesystem("abfs", account_name="{ACCOUNT}", anon=True)'


def open_files(node: ast.expr | None, to: Rewriter) -> Use | None:
    """The call of ``get_file_dataset`` all or some of whose files an expression is; None for anything else."""
    while (made := to.maker(node)) is not None:
        if (method := _method(made)) == "get_file_dataset":
            return made if made.symbol.partition(".")[0] in OPEN else None
        if method not in _SELECTING:
            return None
        node = made.receiver
    return None


def is_listed(made: Use, to: Rewriter) -> bool:
    """Whether the files are a list in the new code: some are taken, or where they are downloaded to is asked for, and
    nothing else happens to them."""
    key = ("listed open files", made.node)
    if key not in to.memory:
        members = [use for use in to.uses if use.receiver is not None and open_files(use.receiver, to) is made]
        asked = any(_method(use) in _SELECTING or not use.is_statement for use in members)
        taken = [made, *(use for use in members if _method(use) != "download")]
        left = any(_method(use) == "download" and not _is_plain(use) for use in members)
        to.memory[key] = asked and not left and all(_is_followed(use, made, to) for use in taken)
    return bool(to.memory[key])


def listed(made: Use, to: Rewriter) -> Outcome:
    """The list of the files. ``made``: the call that gets them."""
    return Replace(f'{file_system(to)}.glob("{OPEN[made.symbol.partition(".")[0]].files}")', _PUBLIC)


def some(use: Use, to: Rewriter) -> Outcome | None:
    """A part of the list; None for a selection of anything else."""
    made, count = open_files(use.node, to), use.argument("count", position=0)
    if made is None or use.receiver is None or count is None or not is_listed(made, to):
        return None
    return Replace(f"{to.source(use.receiver)}{_SELECTING[_method(use)].format(to.source(count))}")


def downloaded(use: Use, to: Rewriter) -> Outcome | None:
    """The download of such files, and the list of where they are here; None for a download of anything else."""
    made, target = open_files(use.receiver, to), use.argument("target_path", position=0)
    if made is None or use.receiver is None or not is_listed(made, to):
        return None
    found, variable = to.source(use.receiver), only_target(use.statement)
    assert target is not None
    folder = to.source(target)
    if use.is_statement:
        return Replace(f"{file_system(to)}.get({found}, {folder})", _PUBLIC)
    above = []
    if not isinstance(target, (ast.Name, ast.Constant)):
        above.append(f"{(name := to.fresh('folder'))} = {folder}")
        folder = name
    if not isinstance(use.receiver, ast.Name):
        above.append(f"{(name := to.fresh('files'))} = {found}")
        found = name
    path, here = f"{to.need_module('os')}.path", to.source(variable) if variable is not None else ""
    places = f"{here} = [{path}.join({folder}, {path}.basename(file)) for file in {found}]"
    return Statements("\n".join([*above, places, f"{file_system(to)}.get({found}, {here})"]), _PUBLIC)


def _is_plain(use: Use) -> bool:
    """Whether a download is into a folder, and a statement of its own or the value of a variable."""
    variable = only_target(use.statement) if use.is_assigned else None
    if isinstance(variable, ast.Name) and isinstance(use.receiver, ast.Name) and use.receiver.id == variable.id:
        return False  # whose old value is needed until all files are here
    return use.passed("target_path", position=0) is not None and (use.is_statement or isinstance(variable, ast.Name))


def _method(use: Use) -> str:
    return use.symbol.rpartition(".")[2]


def _is_followed(use: Use, made: Use, to: Rewriter) -> bool:
    """Whether all that reads what a use gives takes some of the files, or downloads them."""
    scopes = to.evaluator.scopes
    if isinstance(scopes.parents.get(use.node), ast.Attribute):
        return _goes_on(use.node, to)
    variable = only_target(use.statement) if use.is_assigned else None
    if not isinstance(variable, ast.Name):
        return False
    for name in Objects.of(to).reads(variable.id):
        bindings = scopes.lookup(name.id, name)
        if not any(binding.node is variable for binding in bindings):
            continue
        if not _goes_on(name, to) or not all(open_files(binding.value, to) is made for binding in bindings):
            return False
    return True


def _goes_on(node: ast.expr, to: Rewriter) -> bool:
    """Whether an expression is the object of a method that takes some of the files, or downloads them."""
    parents = to.evaluator.scopes.parents
    attribute = parents.get(node)
    call = parents.get(attribute) if isinstance(attribute, ast.Attribute) else None
    called = isinstance(call, ast.Call) and call.func is attribute
    return called and isinstance(attribute, ast.Attribute) and attribute.attr in (*_SELECTING, "download")
