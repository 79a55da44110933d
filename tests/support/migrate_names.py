"""Names that converted code reads without, or above, their definition, where the code before has none of these faults:
``python -m tests.support.migrate_names CHECKOUT...``

Told by Python's own symbol tables and by a walk in the order of the text, so that it shares nothing with the codemod.
Each line is a mistake of a conversion, or code that was wrong before in another way: look at the diff of its file.
"""

from __future__ import annotations

import ast
import builtins
import symtable
import sys
from collections.abc import Iterator
from pathlib import Path

from amlbridge.migrate.findings import FileReport
from amlbridge.migrate.load import parse
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings

_KNOWN = frozenset({*dir(builtins), "__file__", "__name__", "__doc__", "__path__", "display", "get_ipython"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def undefined(code: str) -> set[str]:
    """The names that code reads and nothing around defines; none where ``import *`` may bring them."""
    module = symtable.symtable(code, "code", "exec")
    if _brings_all(code):
        return set()
    known = _KNOWN | {symbol.get_name() for symbol in module.get_symbols() if _is_made(symbol)}
    known |= {symbol.get_name() for table in _tables(module) for symbol in table.get_symbols() if _is_declared(symbol)}
    return {
        symbol.get_name()
        for table in _tables(module)
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (symbol.is_global() or table is module) and symbol.get_name() not in known
    }


def _refused(code: str) -> str:
    """Why Python compiles no such code, "" where it does."""
    try:
        symtable.symtable(code, "code", "exec")
    except SyntaxError as error:
        return f"line {error.lineno}: {error.msg}"
    return ""


def _brings_all(code: str) -> bool:
    return any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in ast.walk(ast.parse(code)))


def _names(code: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for inner in table.get_children():
        yield from _tables(inner)


def _is_made(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()


def _is_declared(symbol: symtable.Symbol) -> bool:
    return symbol.is_declared_global() and symbol.is_assigned()


def early(code: str) -> set[tuple[str, str]]:
    """The names that code reads above what makes them, with the function that they belong to, "" for the module."""
    tree = ast.parse(code)
    found = {("", name) for name in _early_in(tree.body)}
    for node in ast.walk(tree):
        if isinstance(node, _FUNCTIONS):
            given = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
            outside = (part for part in ast.walk(node) if isinstance(part, (ast.Global, ast.Nonlocal)))
            given.update(name for part in outside for name in part.names)
            found |= {(node.name, name) for name in _early_in(node.body) if name not in given}
    return found


def _early_in(body: list[ast.stmt]) -> set[str]:
    """The names of a body that are made in it, below the first place that reads them."""
    walk = _Walk()
    for statement in body:
        walk.visit(statement)
    return {name for name in walk.early if name in walk.made}


class _Walk(ast.NodeVisitor):
    """Goes through a body as it runs, without the bodies of functions, which run later."""

    def __init__(self) -> None:
        self.made: set[str] = set()
        self.early: set[str] = set()

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.made.add(node.id)
        elif node.id not in self.made and node.id not in _KNOWN:
            self.early.add(node.id)

    def generic_visit(self, node: ast.AST) -> None:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            self.made |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            outside = [*node.decorator_list, *(node.bases if isinstance(node, ast.ClassDef) else node.args.defaults)]
            for part in outside:
                self.visit(part)
            self.made.add(node.name)
        elif isinstance(node, _COMPREHENSIONS):
            self._comprehension(node)
        elif not isinstance(node, ast.Lambda):
            if isinstance(node, ast.ExceptHandler) and node.name:
                self.made.add(node.name)
            for part in self._in_order(node):
                self.visit(part)

    def _in_order(self, node: ast.AST) -> Iterator[ast.AST]:
        """The parts of a node; of an assignment, its value first."""
        parts = list(ast.iter_child_nodes(node))
        value = getattr(node, "value", None) or getattr(node, "iter", None) or getattr(node, "items", None)
        first = value if isinstance(value, list) else [value]
        yield from (part for part in parts if part in first)
        yield from (part for part in parts if part not in first)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        inner = _Walk()
        inner.made = set(self.made)
        for generator in node.generators:
            for part in (generator.iter, generator.target, *generator.ifs):
                inner.visit(part)
        for part in (getattr(node, name) for name in ("elt", "key", "value") if hasattr(node, name)):
            inner.visit(part)
        self.early |= inner.early


def new_faults(before: str, after: str) -> list[str]:
    """What is wrong with names in a module's new code, and was not before."""
    if _refused(before):  # as Python refuses a global statement below the first use of its name
        return []
    if why := _refused(after):
        return [why]
    known = undefined(before) if not _brings_all(before) else _names(before)
    lost = sorted(undefined(after) - known)
    wrong = {where for where, _name in early(before)}  # what is early there may have another name now
    above = sorted((where, name) for where, name in early(after) if where not in wrong)
    told = [f"{name} is not defined" for name in lost]
    return told + [f"{name} is read above its definition in {where or 'the module'}" for where, name in above]


def _module(report: FileReport, text: str | bytes) -> str | None:
    read = parse(report.path, text if isinstance(text, bytes) else text.encode()).module
    return read.text if read is not None else None


def main(folders: list[str]) -> int:
    """Tells of all changed files below some folders. Returns 1 where there is something to tell."""
    found = 0
    for folder in folders:
        for report in (report for report in run([Path(folder)], Settings()) if report.changed):
            before, after = _module(report, report.before), _module(report, report.after)
            for fault in new_faults(before, after) if before is not None and after is not None else ():
                found += 1
                print(f"{report.path}: {fault}", flush=True)
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
