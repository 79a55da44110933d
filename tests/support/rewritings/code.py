"""What rewritings share: the parts of a module, its names and its calls of SDK v1."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from amlbridge.migrate.analysis.uses import Use, find_uses
from amlbridge.migrate.analysis.values import Evaluator
from amlbridge.migrate.signatures import v1_table
from amlbridge.migrate.signatures.table import Entry

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINITIONS = (*FUNCTIONS, ast.ClassDef)
_IMPORTS = (ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Program:
    """A module's new text, and the texts of modules beside it, by their names. ``suffix``: of a file that is none of
    Python's."""

    text: str
    beside: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ""


@dataclass
class Parts:
    """The top level of a module: what it imports, what it defines, and what it does."""

    imports: list[ast.stmt] = field(default_factory=list)
    definitions: list[ast.stmt] = field(default_factory=list)
    body: list[ast.stmt] = field(default_factory=list)

    @classmethod
    def of(cls, tree: ast.Module) -> Parts | None:
        """None where the code of its functions depends on its variables, or there is nothing that it does."""
        found = cls()
        for statement in tree.body:
            if isinstance(statement, _IMPORTS):
                found.imports.append(statement)
            elif isinstance(statement, _DEFINITIONS):
                found.definitions.append(statement)
            elif not is_docstring(statement):
                found.body.append(statement)
        made = stored(found.body)
        inside = {node.id for node in walk(found.definitions) if isinstance(node, ast.Name)}
        apart = any(isinstance(node, (ast.Global, ast.Nonlocal, ast.Await)) for node in ast.walk(tree))
        stars = any(alias.name == "*" for node in found.imports for alias in getattr(node, "names", ()))
        guarded = any(isinstance(node, ast.If) and "__name__" in names_in([node.test]) for node in found.body)
        return None if apart or stars or guarded or not found.body or made & inside else found

    def text(self, *body: ast.stmt) -> str:
        """A module with the same imports and definitions, and another body."""
        return unparsed([*self.imports, *self.definitions, *body])


@dataclass
class Halves:
    """What a module does, in two halves, and the names that the first makes for the second."""

    parts: Parts
    first: list[ast.stmt]
    second: list[ast.stmt]
    handed: list[str]

    @classmethod
    def of(cls, text: str) -> Halves | None:
        """None where they cannot be in functions of their own."""
        parts = movable(text)
        if parts is None or len(parts.body) < 2:
            return None
        half = len(parts.body) // 2
        first, second = parts.body[:half], parts.body[half:]
        handed = sorted(stored(first) & names_in(second))
        return cls(parts, first, second, handed) if handed else None


def movable(text: str) -> Parts | None:
    """The parts of a module whose body may become that of a function."""
    tree = ast.parse(text)
    parts = Parts.of(tree)
    if parts is None or stored(parts.body) & bound_otherwise(tree):  # which may be read above the place that sets it
        return None
    return None if any(isinstance(node, ast.Return) for node in walk(parts.body)) else parts


def guarded(body: list[ast.stmt]) -> list[ast.stmt]:
    """What runs where the module is the script."""
    return filled('if __name__ == "__main__":\n    pass\n', body)


def filled(block: str, body: list[ast.stmt]) -> list[ast.stmt]:
    """A block with another body."""
    found = parsed(block)
    found[0].body = body  # type: ignore[attr-defined]
    return found


def is_docstring(statement: ast.stmt) -> bool:
    """Whether a statement is nothing but a text."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def unparsed(body: Sequence[ast.stmt]) -> str:
    """The text of statements."""
    first = [node for node in body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    rest = [node for node in body if node not in first]
    return ast.unparse(ast.fix_missing_locations(ast.Module([*first, *rest], []))) + "\n"


def walk(nodes: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """All nodes in several."""
    for node in nodes:
        yield from ast.walk(node)


def names_in(nodes: Sequence[ast.AST]) -> set[str]:
    """The names that are read or set."""
    return {node.id for node in walk(nodes) if isinstance(node, ast.Name)}


def stored(body: Sequence[ast.AST]) -> set[str]:
    """The names that statements set, or delete."""
    return {node.id for node in walk(body) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}


def bound_otherwise(tree: ast.AST) -> set[str]:
    """The names that imports, definitions, parameters and handlers of exceptions bind."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.alias):
            found.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, _DEFINITIONS) or (isinstance(node, ast.ExceptHandler) and node.name):
            found.add(node.name or "")
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            found.update(node.names)
    return found


def bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """All lists of statements."""
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block


def uses(tree: ast.Module) -> list[Use]:
    """The uses of SDK v1."""
    return find_uses(Evaluator(tree))


@cache
def _entries() -> Mapping[str, Entry]:
    """What SDK v1 has, by the last two parts of a member's path and the last one of a class's; nothing that has the
    name of something else."""
    found: dict[str, list[Entry]] = {}
    for path, entry in v1_table().entries.items():
        kept = 1 if entry.kind in ("class", "function") else 2
        found.setdefault(".".join(path.split(".")[-kept:]), []).append(entry)
    return {short: known[0] for short, known in found.items() if len(known) == 1}


def signature(use: Use) -> Entry | None:
    """What a call of SDK v1 takes, None where that is not known."""
    return next((_entries()[symbol] for symbol in use.symbols if symbol in _entries()), None)


def name(text: str, store: bool = False) -> ast.Name:
    """A name that is read, or set."""
    return ast.Name(text, ast.Store() if store else ast.Load())


def assigned(target: str, value: ast.expr) -> ast.Assign:
    """``target = value``."""
    return ast.Assign([name(target, store=True)], value)


def function(called: str, parameters: list[str], body: list[ast.stmt]) -> ast.FunctionDef:
    """``def called(parameters): body``."""
    arguments = ast.arguments([], [ast.arg(parameter) for parameter in parameters], None, [], [], None, [])
    return ast.FunctionDef(called, arguments, body, [], None)


def parsed(text: str) -> list[ast.stmt]:
    """The statements of a text."""
    return ast.parse(text).body


class Replaced(ast.NodeTransformer):
    """Puts expressions in the place of others, by node or by the name that is read."""

    def __init__(
        self, nodes: Mapping[ast.AST, ast.expr] | None = None, by_name: Mapping[str, str] | None = None
    ) -> None:
        self.nodes = nodes or {}
        self.by_name = by_name or {}

    def visit(self, node: ast.AST) -> ast.AST:
        """The node, or what stands for it."""
        if node in self.nodes:
            return self.nodes[node]
        if isinstance(node, ast.Name) and node.id in self.by_name:
            new = ast.parse(self.by_name[node.id], mode="eval").body
            if isinstance(new, (ast.Name, ast.Attribute)):
                new.ctx = node.ctx
            return new
        return self.generic_visit(node)
