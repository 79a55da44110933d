"""The same names of SDK v1, imported in other ways."""

from __future__ import annotations

import ast
from collections.abc import Callable

from amlbridge.migrate.signatures import v1_table
from tests.support.rewritings.blocks import in_main
from tests.support.rewritings.code import FUNCTIONS, Program, Replaced, bound_otherwise, names_in, stored, unparsed


def of_module(text: str) -> Program | None:
    """``import azureml.core as azureml_core``, and the class by way of it."""
    return _by_module(text, lambda module: module.replace(".", "_"))


def of_full_name(text: str) -> Program | None:
    """``import azureml.core``, and the class with its full name."""
    return _by_module(text, lambda module: "")


def _by_module(text: str, called: Callable[[str], str]) -> Program | None:
    tree, by_name = ast.parse(text), dict[str, str]()
    for statement in _of_v1(tree):
        module = statement.module or ""
        by_name |= {alias.asname or alias.name: f"{called(module) or module}.{alias.name}" for alias in statement.names}
    if not by_name or {*by_name} & stored(tree.body):
        return None
    Replaced(by_name=by_name).visit(tree)
    for statement in _of_v1(tree):
        name = called(statement.module or "")
        tree.body[tree.body.index(statement)] = ast.Import([ast.alias(statement.module or "", name or None)])
    return Program(unparsed(tree.body))


def under_another_name(text: str) -> Program | None:
    """``import Workspace as AmlWorkspace``."""
    tree, by_name = ast.parse(text), dict[str, str]()
    for statement in _of_v1(tree):
        for alias in statement.names:
            by_name[alias.asname or alias.name] = f"Aml{alias.name}"
            alias.asname = f"Aml{alias.name}"
    if not by_name or {*by_name} & stored(tree.body):
        return None
    return Program(unparsed(Replaced(by_name=by_name).visit(tree).body))


def of_submodule(text: str) -> Program | None:
    """From another module that has the same: ``azureml.core.workspace``."""
    tree, changed = ast.parse(text), False
    for statement in _of_v1(tree):
        others = []
        for alias in statement.names:
            module = _other(statement.module or "", alias.name)
            changed |= module != statement.module
            others.append(ast.ImportFrom(module, [alias], 0))
        at = tree.body.index(statement)
        tree.body[at : at + 1] = others
    return Program(unparsed(tree.body)) if changed else None


def _other(module: str, name: str) -> str:
    path = v1_table().canonical(f"{module}.{name}")
    entry = v1_table().entries.get(path or "")
    known = [path, *entry.aka] if entry is not None else []
    return next((other.rpartition(".")[0] for other in known if other and other != f"{module}.{name}"), module)


def inside(text: str) -> Program | None:
    """All in functions, and the imports of each in it."""
    program = in_main(text)
    tree = ast.parse(program.text if program is not None else text)
    known = {alias.asname or alias.name: (node, alias) for node in _of_v1(tree) for alias in node.names}
    functions = [node for node in tree.body if isinstance(node, FUNCTIONS)]
    apart = [node for node in tree.body if node not in functions and not isinstance(node, (ast.Import, ast.ImportFrom))]
    heads = [part for node in functions for part in (*node.decorator_list, node.args)]
    told = {node.id for part in heads for node in ast.walk(part) if isinstance(node, ast.Name)}
    if not known or {*known} & (names_in(apart) | told):
        return None
    for node in functions:
        read = sorted(names_in(node.body) & {*known})
        node.body[:0] = [ast.ImportFrom(known[word][0].module, [known[word][1]], 0) for word in read]
    moved = {word for node in functions for word in names_in(node.body) & {*known}}
    for statement in _of_v1(tree):
        kept = [alias for alias in statement.names if (alias.asname or alias.name) not in moved]
        tree.body[tree.body.index(statement)] = ast.ImportFrom(statement.module, kept, 0)
    return Program(unparsed([node for node in tree.body if not isinstance(node, ast.ImportFrom) or node.names]))


def _of_v1(tree: ast.Module) -> list[ast.ImportFrom]:
    """The statements that import classes of SDK v1, none where a name of them has another meaning as well."""
    found = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    found = [node for node in found if (node.module or "").startswith("azureml.")]
    found = [node for node in found if all(alias.name[:1].isupper() for alias in node.names)]
    rest = ast.Module([node for node in tree.body if node not in found], [])
    taken = bound_otherwise(rest)
    return [node for node in found if not {alias.asname or alias.name for alias in node.names} & taken]
