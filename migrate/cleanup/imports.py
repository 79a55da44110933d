"""The imports of the new code: what it needs comes in, what it no longer uses goes."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Set

from amlbridge.migrate.analysis.known import STARRED
from amlbridge.migrate.analysis.scopes import Binding
from amlbridge.migrate.analysis.values import Evaluator
from amlbridge.migrate.text.edits import Edits, Lines

#: A comment behind a statement that means nothing without it.
_FOR_CHECKERS = re.compile(r"\s*#\s*(noqa|type:\s*ignore|pylint:|pragma:|nosec|fmt:|isort:)")


class Imports:
    """Collects what the new code needs. ``need`` answers with the name that the module has for it. ``left``: names that
    what stays SDK v1 reads; ``uses``: the nodes of the uses of SDK v1."""

    def __init__(self, evaluator: Evaluator, left: set[str], uses: Set[ast.AST]) -> None:
        self._evaluator = evaluator
        self._left = left
        self._wanted: dict[tuple[str, str], str] = {}
        #: Names that the new code takes from imports that are there already, those of SDK v1 among them.
        self.reused: set[str] = set()
        self._present = _present(evaluator, uses)
        #: Names that a function imports itself: they hide those of the module in all of it.
        self._shadowed = {
            name
            for scope in evaluator.scopes.all
            for name, bindings in scope.bindings.items()
            if not scope.is_module and any(binding.kind == "import" for binding in bindings)
        }
        self._bound = evaluator.scopes.names
        #: Names that the module reads and nothing in it defines: to import them would say what they are.
        self._undefined = {node.id for node in evaluator.scopes.every(ast.Name) if node.id not in self._bound}
        #: Those of them that no ``import *`` of SDK v1 brings either: cells of a notebook are missing.
        self._unknown = {
            node.id
            for node in evaluator.scopes.every(ast.Name)
            if node.id in self._undefined and evaluator.value(node) is None
        }
        self._lines = _import_lines(evaluator)

    def need(self, module: str, name: str) -> str:
        """The name of ``module.name`` (of the module itself when ``name`` is "") in the new code."""
        found = self._name_of(module, name)
        if module.startswith("azureml."):
            self._left.add(found)  # what SDK v2 calls the same gets another name, in the next attempt
        return found

    def need_as(self, module: str, local: str) -> str:
        """Makes sure that a module has the name that the code calls it by further below."""
        self._wanted[module, ""] = local
        return local

    def _name_of(self, module: str, name: str) -> str:
        key = (module, name)
        known = self._present.get(key)
        plain = known == (name or module)
        if known is not None and (known not in self._shadowed or (plain and self._is_import_of(module, name))):
            self.reused.add(known)
            return known
        if key not in self._wanted:
            self._wanted[key] = self._free(module, name)
        return self._wanted[key]

    def _free(self, module: str, name: str) -> str:
        plain = name or module
        if module.startswith("azureml."):
            return f"V1{name}" if name in self._undefined else plain
        taken = plain.split(".")[0] in self._bound and not self._is_v1_import(plain)
        taken = taken and not self._is_import_of(module, name)
        taken = taken or plain in self._left or (module.startswith("azure.ai.ml") and plain in self._unknown)
        if not taken:
            return plain
        return f"V2{name}" if name[:1].isupper() else f"v2_{(name or module).replace('.', '_')}"

    def _is_v1_import(self, name: str) -> bool:
        """Whether the module has this name from SDK v1: then the v1 import may make way (Environment, Model, …)."""
        for scope in self._evaluator.scopes.all:
            for binding in scope.bindings.get(name, []):
                statement = binding.statement
                module = statement.module if isinstance(statement, ast.ImportFrom) else ""
                if binding.kind != "import" or not self._evaluator.is_v1(module or ""):
                    return False
        return True

    def _is_import_of(self, module: str, name: str) -> bool:
        """Whether all that has this name is the same import of the module, further below, or first in a function."""
        if "." in (name or module):
            return False
        for scope in self._evaluator.scopes.all:
            for binding in scope.bindings.get(name or module, []):
                if not scope.is_module and not _comes_first(binding):
                    return False
                alias, statement = binding.node, binding.statement
                if not isinstance(alias, ast.alias) or alias.asname:
                    return False
                source = statement.module if isinstance(statement, ast.ImportFrom) else None
                imported = alias.name if source else alias.name.split(".")[0]
                if (source, imported) != ((module, name) if name else (None, module)):
                    return False
        return True

    def locals_of(self, used: Set[str]) -> set[str]:
        """The names that those import statements define."""
        return {local.split(".")[0] for local in self._wanted.values()} & used

    def sources(self, used: Set[str]) -> dict[str, tuple[str, str]]:
        """What the names are imported from that those import statements define: module and name there."""
        found = {}
        for (module, name), local in self._wanted.items():
            if (first := local.split(".")[0]) in used:
                found[first] = (first if local == module else module, name)
        return found

    def lines_of(self, used: Set[str], at: ast.stmt | None) -> list[str]:
        """Import statements for what is wanted and used, the standard library's first, as isort sorts them.

        ``at``: where they will stand; what is imported above needs no second import, wherever it is used.
        """
        by_module: dict[str, set[str]] = {}
        for (module, name), local in self._wanted.items():
            above = at is not None and self._lines.get((module, name, local), at.lineno + 1) <= at.lineno
            if local.split(".")[0] in used and not above:
                if not name and local != module:
                    name = f"as {local}"
                by_module.setdefault(module, set()).add(
                    name if name in ("", local) or name.startswith("as ") else f"{name} as {local}"
                )
        groups: list[tuple[bool, bool, str]] = []  # third party, from, line
        for module, names in by_module.items():
            foreign = module.split(".")[0] not in sys.stdlib_module_names
            for whole in sorted(name for name in names if not name or name.startswith("as ")):
                groups.append((foreign, False, f"import {module} {whole}".rstrip()))
            if listed := ", ".join(sorted(name for name in names if name and not name.startswith("as "))):
                groups.append((foreign, True, f"from {module} import {listed}"))
        return [line for _foreign, _from, line in sorted(groups)]


def _comes_first(binding: Binding) -> bool:
    """Whether a function imports a name before it does anything else."""
    body = getattr(binding.scope.node, "body", None)
    for statement in body if isinstance(body, list) else ():
        documents = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not isinstance(statement, (ast.Import, ast.ImportFrom)) and not documents:
            return False
        if statement is binding.statement:
            return True
    return False


def _import_lines(evaluator: Evaluator) -> dict[tuple[str, str, str], int]:
    """The first line on which the module itself imports a name: by module, name and what it is called here."""
    found: dict[tuple[str, str, str], int] = {}
    for node in evaluator.tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                found.setdefault((node.module, alias.name, alias.asname or alias.name), node.lineno)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                found.setdefault((alias.name, "", alias.asname or alias.name), node.lineno)
    return found


def _present(evaluator: Evaluator, uses: Set[ast.AST]) -> dict[tuple[str, str], str]:
    """What the module imports before code of SDK v1 runs: notebooks import more further below."""
    found = {}
    v1 = {
        (alias.asname or alias.name).split(".")[0]
        for node in v1_imports(evaluator)
        if evaluator.scopes.of(node).is_module
        for alias in node.names
    }
    for node in evaluator.tree.body:
        if not isinstance(node, (ast.Import, ast.ImportFrom, *_LATER)) and _reads(node, v1, uses):
            break
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                found[node.module, alias.name] = alias.asname or alias.name
        elif isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.name, ""] = alias.asname or alias.name
                if alias.asname is None:  # "import os.path" gives the name os
                    found.setdefault((package := alias.name.split(".")[0], ""), package)
    return found


#: What is defined before it runs.
_LATER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _reads(statement: ast.stmt, names: set[str], uses: Set[ast.AST]) -> bool:
    return any(node in uses or (isinstance(node, ast.Name) and node.id in names) for node in ast.walk(statement))


def v1_imports(evaluator: Evaluator) -> list[ast.Import | ast.ImportFrom]:
    """The statements that import something of SDK v1, wherever they stand, in the order of the text."""
    every, is_v1 = evaluator.scopes.every, evaluator.is_v1
    whole = [node for node in every(ast.Import) if any(is_v1(alias.name) for alias in node.names)]
    parts = [node for node in every(ast.ImportFrom) if not node.level and is_v1(node.module or "")]
    return sorted([*whole, *parts], key=lambda node: (node.lineno, node.col_offset))


def is_standard(statement: ast.Import | ast.ImportFrom) -> bool:
    """Whether an import is one of the standard library: those of other packages may do more than give a name."""
    modules = [alias.name for alias in statement.names]
    if isinstance(statement, ast.ImportFrom):
        modules = [statement.module or ""] if not statement.level else [""]
    return all(module.split(".")[0] in sys.stdlib_module_names for module in modules)


def narrowed(
    statement: ast.Import | ast.ImportFrom, evaluator: Evaluator, used: set[str], missing: set[str]
) -> str | None:
    """The statement with only those v1 names that are used; None when all stay, "" when none does. ``missing``: the
    names that nothing in the new code defines but ``import *``, which hides names of SDK v2 that come before it."""
    kept = []
    for alias in statement.names:
        if alias.name == "*" and (brought := _starred(statement, missing)) is not None:
            kept += [ast.alias(name) for name in brought]
            continue
        v1 = isinstance(statement, ast.ImportFrom) or evaluator.is_v1(alias.name)
        local = (alias.asname or alias.name).split(".")[0]
        if not v1 or alias.name == "*" or local in used:
            kept.append(alias)
    if kept == statement.names:
        return None
    if not kept:
        return ""
    names = ", ".join(alias.name + (f" as {alias.asname}" if alias.asname else "") for alias in kept)
    if isinstance(statement, ast.ImportFrom):
        return f"from {statement.module} import {names}"
    return f"import {names}"


def _starred(statement: ast.Import | ast.ImportFrom, missing: set[str]) -> list[str] | None:
    """Which of the missing names ``import *`` brings; None when that cannot be told."""
    module = (isinstance(statement, ast.ImportFrom) and statement.module) or ""
    known = STARRED.keys() - {"azureml.core.runconfig"}
    if module not in known and missing - {name for names in STARRED.values() for name in names}:
        return None
    return sorted(missing & STARRED.get(module, frozenset()))


def remove_line(edits: Edits, lines: Lines, node: ast.stmt) -> None:
    """Takes a statement away with its line, if nothing else is on it but a comment that is meant for a checker."""
    start, end = lines.span(node)
    first, last = lines.line_start(start), lines.line_end(end)
    before, after = lines.text[first:start], lines.text[end:last]
    if not before.strip() and (not after.strip() or _FOR_CHECKERS.match(after)):
        edits.replace(first, min(last + 1, len(lines.text)), "")
    else:
        tail = end + len(after) - len(after.lstrip(" \t;")) if after.lstrip()[:1] in (";", "#") else end
        edits.replace(start, tail, "")
