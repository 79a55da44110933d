"""Scopes and bindings of a module: which assignment a name refers to."""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TypeGuard, TypeVar

from amlbridge.migrate.text.trees import FUNCTIONS, LEAVES, blocks_of, children

ScopeNode = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda | ast.expr
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
#: Most nodes of a module: they bind no name and open no scope, and what is in them is evaluated where they are.
_PLAIN = frozenset(
    {ast.Attribute, ast.Call, ast.keyword, ast.Subscript, ast.List, ast.Tuple, ast.Dict}
    | {ast.JoinedStr, ast.FormattedValue, ast.BinOp, ast.BoolOp, ast.Compare, ast.UnaryOp, ast.Starred, ast.alias}
)

_Node = TypeVar("_Node", bound=ast.AST)


@dataclass(frozen=True)
class Binding:
    """One place that gives a name a value.

    ``kind``: "assign", "augment", "element" (of ``value``: loops), "unpack" (element ``index`` of ``value``), "pair"
    (element ``index`` of the elements of ``value``: loops), "with",
    "import", "parameter", "def", "class" or "other". ``node``: the name's own node, the alias, the argument or the
    definition. ``statement``: the statement that it is in.
    """

    name: str
    kind: str
    node: ast.AST
    value: ast.expr | None
    scope: Scope = field(repr=False)
    statement: ast.stmt | None = None
    index: int = 0

    @property
    def is_alone(self) -> bool:
        """Whether its statement gives nothing else a value: not one of ``a, b = x, y`` or ``a = b = x``."""
        return not isinstance(self.statement, ast.Assign) or [*self.statement.targets] == [self.node]

    @property
    def position(self) -> tuple[int, int]:
        """Line and column where it takes effect."""
        if self.statement is not None and self.kind in ("assign", "augment", "unpack"):
            return (self.statement.end_lineno or 0, self.statement.end_col_offset or 0)
        return (getattr(self.node, "lineno", 0), getattr(self.node, "col_offset", 0))


@dataclass(eq=False)
class Scope:
    """A module, function, class or comprehension, and the names that it binds."""

    node: ScopeNode
    parent: Scope | None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    outside: set[str] = field(default_factory=set)
    #: Of the names in ``outside``: the function around that has them (``nonlocal``). All others are the module's.
    nonlocals: dict[str, Scope] = field(default_factory=dict, repr=False)

    @property
    def is_class(self) -> bool:
        """Whether functions below do not see its names."""
        return isinstance(self.node, ast.ClassDef)

    @property
    def is_module(self) -> bool:
        """Whether it is the module itself."""
        return self.parent is None


class Scopes:
    """All scopes of a module. ``parents``: each node's parent; ``of``: the scope that a node is evaluated in."""

    def __init__(self, tree: ast.Module) -> None:
        self.module = Scope(tree, None)
        self.parents: dict[ast.AST, ast.AST] = {}
        self._scopes: dict[ast.AST, Scope] = {}
        #: The list of statements that each statement stands in.
        self._blocks: dict[ast.AST, list[ast.stmt]] = {}
        self.all: list[Scope] = [self.module]
        self._note_blocks(tree)
        for statement in tree.body:
            self._visit(statement, tree, self.module, statement)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names that anything in the module binds."""
        return frozenset(name for scope in self.all for name in scope.bindings)

    def every(self, kind: type[_Node]) -> list[_Node]:
        """All nodes of a kind, outer ones first; of a class that has no classes below it, but those of this project."""
        return self._kinds.get(kind, [])  # type: ignore[return-value]

    def named(self, name: str) -> list[ast.Name]:
        """All places where a name stands, in the order of :meth:`every`."""
        return self._places.get(name, [])

    @cached_property
    def _places(self) -> dict[str, list[ast.Name]]:
        found: dict[str, list[ast.Name]] = {}
        for node in self.every(ast.Name):
            found.setdefault(node.id, []).append(node)
        return found

    @cached_property
    def _kinds(self) -> dict[type[ast.AST], list[ast.AST]]:
        found: dict[type[ast.AST], list[ast.AST]] = {}
        for node in self.parents:
            found.setdefault(type(node), []).append(node)
        return found

    def of(self, node: ast.AST) -> Scope:
        """The scope that a node stands in."""
        return self._scopes.get(node, self.module)

    def home(self, name: ast.Name) -> Scope:
        """The scope that a name which is set stands for a variable of: the module's after ``global``, after
        ``nonlocal`` that of a function around."""
        return self._home(name.id, self.of(name))

    def _home(self, name: str, scope: Scope) -> Scope:
        return scope.nonlocals.get(name, self.module) if name in scope.outside else scope

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around a node, innermost first."""
        at = self.parents.get(node)
        while at is not None:
            yield at
            at = self.parents.get(at)

    def statement_of(self, node: ast.AST) -> ast.stmt | None:
        """The innermost statement that a node is in, or the node itself."""
        at: ast.AST | None = node
        while at is not None and not isinstance(at, ast.stmt):
            at = self.parents.get(at)
        return at

    def place_of(self, node: ast.AST) -> tuple[int, int]:
        """Line and column up to which all that was set is there for a node: the start of its line, or of its statement
        where other statements stand before it on that line."""
        statement = self.statement_of(node)
        start = (statement.lineno, statement.col_offset) if statement is not None else (0, 0)
        return max((getattr(node, "lineno", 0), 0), start)

    def is_set_elsewhere(self, binding: Binding) -> bool:
        """Whether a function sets a variable of the module (``global``), or of a function around (``nonlocal``)."""
        return self._function(self.of(binding.node)) is not self._function(binding.scope)

    def block(self, statement: ast.stmt) -> list[ast.stmt] | None:
        """The list of statements that a statement stands in."""
        return self._blocks.get(statement)

    def lookup(self, name: str, at: ast.AST) -> list[Binding]:
        """The bindings that a name may refer to at a node, the most probable first. Empty: a builtin or unbound."""
        scope: Scope | None = self.of(at)
        first = scope
        while scope is not None:
            found = scope.bindings.get(name)
            if found and not (scope.is_class and scope is not first):
                if self._function(scope) is not self._function(first):
                    return found[::-1]
                return self._reaching(found, at)
            scope = scope.parent
        return []

    def bindings_of(self, node: ast.AST | None) -> list[Binding]:
        """What :meth:`lookup` finds for a name where it stands. Empty for an expression that is no name."""
        return self.lookup(node.id, node) if isinstance(node, ast.Name) else []

    def only_value(self, node: ast.expr) -> ast.expr | None:
        """The expression that a variable was assigned, None where it has another binding, too. Of an expression that is
        no name, itself."""
        if not isinstance(node, ast.Name):
            return node
        found = self.lookup(node.id, node)
        return found[0].value if len(found) == 1 and found[0].kind == "assign" else None

    def is_bound(self, name: str, at: ast.AST) -> bool:
        """Whether there is any binding that a name may refer to at a node."""
        scope: Scope | None = self.of(at)
        first = scope
        while scope is not None:
            if name in scope.bindings and not (scope.is_class and scope is not first):
                return True
            scope = scope.parent
        return False

    @cached_property
    def methods(self) -> dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]]:
        """The methods of all classes by their names."""
        found: dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]] = {}
        for scope in self.all:
            for node in scope.node.body if isinstance(scope.node, ast.ClassDef) else ():
                if isinstance(node, FUNCTIONS):
                    found.setdefault(node.name, []).append(node)
        return found

    @cached_property
    def starred(self) -> list[ast.ImportFrom]:
        """The statements at the module's top level that import all that another one has."""
        assert isinstance(self.module.node, ast.Module)
        imports = [node for node in self.module.node.body if isinstance(node, ast.ImportFrom)]
        return [node for node in imports if any(alias.name == "*" for alias in node.names)]

    def hides_stars(self, bindings: list[Binding]) -> int:
        """The line above which no ``import *`` gives what has these bindings: an import or a definition at the module's
        top level follows there."""
        own = [
            binding for binding in bindings if binding.scope.is_module and binding.kind in ("import", "def", "class")
        ]
        return max((binding.statement.lineno for binding in own if self._is_at_top(binding.statement)), default=0)

    def _is_at_top(self, statement: ast.stmt | None) -> TypeGuard[ast.stmt]:
        return statement is not None and self.parents.get(statement) is self.module.node

    def _function(self, scope: Scope | None) -> Scope | None:
        while scope is not None and isinstance(scope.node, _COMPREHENSIONS):
            scope = scope.parent
        return scope

    def _reaching(self, bindings: list[Binding], at: ast.AST) -> list[Binding]:
        if len(bindings) == 1:
            return bindings[:]
        place = (getattr(at, "lineno", 0), getattr(at, "col_offset", 0))
        before = [binding for binding in bindings if binding.position <= place]
        if not before:
            return bindings[::-1]  # a loop, or cells that ran in another order
        around = [at, *self.ancestors(at)]
        blocks = {id(self._blocks[node]) for node in around if node in self._blocks}
        others = sorted(_extent(branch) for node in around if (branch := self._other_branch(node)))
        reaching = []
        for binding in reversed(before):
            statement = binding.statement
            if statement is None:
                reaching.append(binding)
                break
            if _is_in(others, statement):
                continue
            reaching.append(binding)
            if any(id(self._blocks.get(node)) in blocks for node in self._always(statement)):
                break
        return reaching or bindings[::-1]

    def _always(self, statement: ast.stmt) -> Iterator[ast.stmt]:
        """A statement, and the ``with`` statements around it: where they run to their end, it has run."""
        yield statement
        parent = self.parents.get(statement)
        while isinstance(parent, (ast.With, ast.AsyncWith)) and not any(_swallows(item) for item in parent.items):
            yield parent
            parent = self.parents.get(parent)

    def _other_branch(self, node: ast.AST) -> list[ast.stmt] | None:
        """The branch of an ``if`` that does not run when that of a statement does."""
        parent = self.parents.get(node)
        if not isinstance(parent, ast.If) or node is parent.test:
            return None
        return parent.orelse if self._blocks.get(node) is parent.body else parent.body

    # Building ---------------------------------------------------------------------------------------------------

    def _note_blocks(self, node: ast.AST) -> None:
        for block in blocks_of(node):
            self._blocks.update(dict.fromkeys(block, block))

    def _bind(self, scope: Scope, binding: Binding) -> None:
        if binding.name in scope.outside and scope is not self.module:
            scope = self._home(binding.name, scope)
            binding = replace(binding, scope=scope)
        scope.bindings.setdefault(binding.name, []).append(binding)

    def _visit(self, node: ast.AST, parent: ast.AST, scope: Scope, statement: ast.stmt | None) -> None:
        self.parents[node] = parent
        self._scopes[node] = scope
        if type(node) in LEAVES:
            return
        if type(node) in _PLAIN:
            for child in children(node):
                self._visit(child, node, scope, statement)
            return
        if isinstance(node, (ast.stmt, ast.ExceptHandler, ast.match_case)):
            self._note_blocks(node)
        if isinstance(node, ast.stmt):
            statement = node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            kind = "class" if isinstance(node, ast.ClassDef) else "def"
            self._bind(scope, Binding(node.name, kind, node, None, scope, node))
        inner = self._opened(node, scope, statement)
        self._bindings_of(node, scope, statement)
        outside = self._evaluated_outside(node)
        around = (scope.parent or scope) if isinstance(node, (ast.arguments, ast.arg)) else scope
        for child in children(node):
            self._visit(child, node, around if child in outside else inner, statement)

    def _opened(self, node: ast.AST, scope: Scope, statement: ast.stmt | None) -> Scope:
        if not isinstance(node, (*_FUNCTIONS, *_COMPREHENSIONS, ast.ClassDef)):
            return scope
        inner = Scope(node, scope)
        self.all.append(inner)
        if isinstance(node, _FUNCTIONS):
            arguments = node.args
            values = self._runs_over(node) if isinstance(node, ast.Lambda) and len(arguments.args) == 1 else None
            for arg in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
                kind = "parameter" if values is None else "element"
                self._bind(inner, Binding(arg.arg, kind, arg, values, inner, None))
            for rest in (arguments.vararg, arguments.kwarg):
                if rest is not None:
                    self._bind(inner, Binding(rest.arg, "other", rest, None, inner, None))
        if isinstance(node, _COMPREHENSIONS):
            for generator in node.generators:
                self._target(generator.target, "element", generator.iter, inner, None)
        return inner

    def _runs_over(self, node: ast.Lambda) -> ast.expr | None:
        """What a lambda gets the elements of: a key to sort by, the first argument of map or filter."""
        around = self.parents.get(node)
        call = self.parents.get(around) if isinstance(around, ast.keyword) else around
        if not isinstance(call, ast.Call):
            return None
        name = getattr(call.func, "id", "")
        if isinstance(around, ast.keyword) and around.arg == "key":
            if name in ("sorted", "max", "min") and len(call.args) == 1:
                return call.args[0]
            return call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr == "sort" else None
        return call.args[1] if name in ("map", "filter") and len(call.args) == 2 and call.args[0] is node else None

    def _evaluated_outside(self, node: ast.AST) -> tuple[ast.AST, ...]:
        """The parts of a definition that do not see its names."""
        found: tuple[ast.AST | None, ...] = ()
        if isinstance(node, FUNCTIONS):
            found = (*node.decorator_list, node.returns)
        elif isinstance(node, ast.arguments):
            found = (*node.defaults, *node.kw_defaults)
        elif isinstance(node, ast.arg):
            found = (node.annotation,)
        elif isinstance(node, ast.ClassDef):
            found = (*node.decorator_list, *node.bases, *node.keywords)
        return tuple(part for part in found if part is not None)

    def _bindings_of(self, node: ast.AST, scope: Scope, statement: ast.stmt | None) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._target(target, "assign", node.value, scope, statement)
        elif isinstance(node, ast.AnnAssign):
            self._target(node.target, "assign", node.value, scope, statement)
        elif isinstance(node, ast.AugAssign):
            self._target(node.target, "augment", node.value, scope, statement)
        elif isinstance(node, ast.NamedExpr):
            self._target(node.target, "assign", node.value, scope, None)
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            for target, values in _loops(node.target, node.iter):
                self._target(target, "element", values, scope, statement)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            self._target(node.optional_vars, "with", entered(node), scope, statement)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                name = alias.asname or alias.name.split(".")[0]
                self._bind(scope, Binding(name, "import", alias, None, scope, statement))
        elif isinstance(node, ast.Global):
            scope.outside.update(node.names)
        elif isinstance(node, ast.Nonlocal):
            scope.outside.update(node.names)
            scope.nonlocals.update({name: found for name in node.names if (found := _owner_of(name, scope))})
        elif isinstance(node, ast.ExceptHandler) and node.name:
            self._bind(scope, Binding(node.name, "other", node, None, scope, statement))

    def _target(
        self, target: ast.expr, kind: str, value: ast.expr | None, scope: Scope, statement: ast.stmt | None
    ) -> None:
        if isinstance(target, ast.Name):
            self._bind(scope, Binding(target.id, kind, target, value, scope, statement))
        elif isinstance(target, (ast.Tuple, ast.List)):
            for index, element in enumerate(target.elts):
                if not isinstance(element, ast.Name):
                    self._target(element, "other", None, scope, statement)
                elif (
                    isinstance(value, (ast.Tuple, ast.List))
                    and kind == "assign"
                    and len(value.elts) == len(target.elts)
                ):
                    self._bind(scope, Binding(element.id, "assign", element, value.elts[index], scope, statement))
                else:
                    inner = {"assign": "unpack", "element": "pair"}.get(kind, "other")
                    self._bind(scope, Binding(element.id, inner, element, value, scope, statement, index))
        elif isinstance(target, ast.Starred):
            self._target(target.value, "other", None, scope, statement)


def _owner_of(name: str, scope: Scope) -> Scope | None:
    """The function around a scope that has a variable; the nearest one where none has it yet."""
    around: list[Scope] = []
    while scope.parent is not None:
        scope = scope.parent
        if isinstance(scope.node, FUNCTIONS):
            around.append(scope)
    return next((outer for outer in around if name in outer.bindings), next(iter(around), None))


def entered(item: ast.withitem) -> ast.expr:
    """What a context manager gives its block: itself, in what is known here, or what it has been given."""
    made = item.context_expr
    if not isinstance(made, ast.Call) or len(made.args) != 1 or isinstance(made.args[0], ast.Starred):
        return made
    name = made.func.attr if isinstance(made.func, ast.Attribute) else getattr(made.func, "id", "")
    return made.args[0] if name in ("nullcontext", "closing") else made


def _swallows(item: ast.withitem) -> bool:
    """Whether a context manager ends its block early where an exception is raised, and lets the code go on."""
    made = item.context_expr
    called = made.func if isinstance(made, ast.Call) else made
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in ("suppress", "raises", "assertRaises", "assertRaisesRegex")


def _extent(block: list[ast.stmt]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where the statements of a block start, and where they end."""
    first, last = block[0], block[-1]
    return (first.lineno, first.col_offset), (last.end_lineno or 0, last.end_col_offset or 0)


def _is_in(extents: list[tuple[tuple[int, int], tuple[int, int]]], statement: ast.stmt) -> bool:
    """Whether a statement is in one of some blocks. ``extents``: of blocks that are apart, in their order."""
    start = (statement.lineno, statement.col_offset)
    before = bisect_right(extents, start, key=lambda extent: extent[0])
    return before > 0 and start < extents[before - 1][1]


@lru_cache(maxsize=4)
def scopes_of(tree: ast.Module) -> Scopes:
    """The scopes of a tree that nobody changes, found once."""
    return Scopes(tree)


def iterated_by(function: ast.Lambda, scopes: Scopes) -> ast.expr | None:
    """What a function is called for each element of: ``sorted(values, key=lambda value: ...)``, ``filter``, ``map``."""
    around = scopes.parents.get(function)
    call = scopes.parents.get(around) if isinstance(around, ast.keyword) and around.arg == "key" else around
    if not isinstance(call, ast.Call):
        return None
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if call is around:
        return call.args[1] if name in ("filter", "map") and len(call.args) == 2 else None
    if isinstance(call.func, ast.Attribute) and call.func.attr == "sort":
        return call.func.value
    return call.args[0] if name in ("sorted", "max", "min") and len(call.args) == 1 else None


def _loops(target: ast.expr, values: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """The targets of a loop, each with what it runs over: those of ``enumerate`` and ``zip`` run over the arguments."""
    function = values.func.id if isinstance(values, ast.Call) and isinstance(values.func, ast.Name) else ""
    if isinstance(values, ast.Call) and values.args and isinstance(target, ast.Tuple):
        if function == "enumerate" and len(target.elts) == 2:
            return [(target.elts[0], values), (target.elts[1], values.args[0])]
        if function == "zip" and len(target.elts) == len(values.args):
            return list(zip(target.elts, values.args, strict=True))
    return [(target, values)]
