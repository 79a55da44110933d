"""Syntax trees of texts, and what is asked of any node of one."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, cached_property, lru_cache

#: Definitions that have a name and statements.
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
#: What runs its parts more than once.
LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
#: Fields of nodes that hold no nodes, or only the mark for reading and writing (``ast.Load``).
_WITHOUT_NODES = frozenset({"ctx", "id", "attr", "arg", "asname", "kind", "type_comment"})
#: Half of all nodes, which have no nodes below them.
LEAVES = frozenset({ast.Name, ast.Constant})


@contextmanager
def without_warnings() -> Iterator[None]:
    """Keeps to itself what Python says of the texts that are parsed, such as of ``"\\d"`` in a string of the user's:
    their code is not run here. Also a decorator."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)  # what it is up to Python 3.11
        yield


def parse(text: str) -> ast.Module:
    """The tree of a text. Raises SyntaxError, ValueError, RecursionError or MemoryError where ``ast.parse`` does."""
    with without_warnings():
        tree = ast.parse(text)
    _take_for_assignments(tree)
    return tree


class Annotation(ast.AST):
    """What an assignment says of its variable's type."""

    _fields = ("said",)

    def __init__(self, said: ast.expr) -> None:
        super().__init__()
        self.said = said
        ast.copy_location(self, said)


class Assign(ast.Assign):
    """``variable: Type = value``, in the form of an assignment without a type: what holds of one holds of the other."""

    _fields = ("targets", "annotation", "value")


def _take_for_assignments(tree: ast.Module) -> None:
    """Makes assignments of those that say a type. What a class declares in its body stays a declaration."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            block = getattr(node, name, None)
            if not isinstance(block, list):
                continue
            waiting += block
            if not isinstance(node, ast.ClassDef):
                block[:] = [_as_assignment(part) if isinstance(part, ast.AnnAssign) else part for part in block]


def _as_assignment(node: ast.AnnAssign) -> ast.stmt:
    if node.value is None:
        return node
    made = Assign(targets=[node.target], value=node.value, type_comment=None)
    made.annotation = Annotation(node.annotation)  # type: ignore[attr-defined]
    return ast.copy_location(made, node)


def parse_python(text: str) -> ast.Module | None:
    """The tree of a text; None for what is no Python, which ``convert_module`` reports."""
    try:
        return parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class Parsed:
    """A text that several checks look at, one after the other; nobody may change its tree."""

    def __init__(self, text: str) -> None:
        self.tree = parse(text)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes of the tree, as :func:`walk` gives them."""
        return walk(self.tree)

    @cached_property
    def read(self) -> frozenset[str]:
        """The variables that the code reads."""
        names = (node for node in self.nodes if isinstance(node, ast.Name))
        return frozenset(node.id for node in names if isinstance(node.ctx, ast.Load))

    @cached_property
    def used(self) -> frozenset[str]:
        """The names that the code uses outside of its imports, in ``__all__`` and in annotations in quotes, too."""
        texts = (node.value for node in self.nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
        names = (node.id for node in self.nodes if isinstance(node, ast.Name))
        return frozenset(names).union(text for text in texts if text.isidentifier())


@lru_cache(maxsize=4)
def parsed(text: str) -> Parsed:
    """A text as a tree, and what is read of it. Raises what :func:`parse` does."""
    return Parsed(text)


def tree_of(text: str) -> ast.Module:
    """The tree of :func:`parsed`."""
    return parsed(text).tree


def walk(node: ast.AST) -> list[ast.AST]:
    """What ``ast.walk`` gives, in its order, without the marks for reading and writing; in a third of the time."""
    found = [node]
    for at in found:  # which grows on the way
        if type(at) not in LEAVES:
            found += children(at)
    return found


def children(node: ast.AST) -> list[ast.AST]:
    """What ``ast.iter_child_nodes`` gives, without the marks for reading and writing; in a third of the time."""
    found: list[ast.AST] = []
    for name in _fields(type(node)):  # type: ignore[arg-type]  # kinds of nodes are hashable
        value = getattr(node, name, None)
        if isinstance(value, list):
            found += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def blocks_of(node: ast.AST | None) -> list[list[ast.stmt]]:
    """The lists of statements that a node has itself; those of handlers and cases are the handlers' and the cases'."""
    found = (getattr(node, name, None) for name in ("body", "orelse", "finalbody"))
    return [block for block in found if isinstance(block, list) and block]


def only_target(node: ast.AST | None) -> ast.expr | None:
    """What an assignment with one target assigns to; None for any other node."""
    return node.targets[0] if isinstance(node, ast.Assign) and len(node.targets) == 1 else None


def root_of(node: ast.expr) -> ast.expr:
    """What an expression of attributes starts from: ``a`` of ``a.b.c``."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def called_name(call: ast.Call) -> str:
    """The last name of what is called: "run" of ``run(...)`` and of ``subprocess.run(...)``; "" where it has none."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


@cache
def _fields(kind: type[ast.AST]) -> tuple[str, ...]:
    """The fields of a kind of nodes that may hold nodes."""
    if kind is ast.Constant:
        return ()
    return tuple(name for name in kind._fields if name not in _WITHOUT_NODES)
