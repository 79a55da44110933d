"""The uses of symbols of SDK v1 in a module: what rules are asked to convert."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from amlbridge.migrate.analysis.keywords import keywords_behind
from amlbridge.migrate.analysis.known import CLIENT_MEMBERS
from amlbridge.migrate.analysis.literals import unless_none
from amlbridge.migrate.analysis.symbols import ENUMERATIONS, NAMESPACES, element_of, lineage, member_of
from amlbridge.migrate.analysis.values import Evaluator, Instance, Module, Symbol
from amlbridge.migrate.signatures.places import named_at, place_of
from amlbridge.migrate.text.trees import children

#: So many variables may lie between a use and the import that it starts from.
_DEPTH = 8


@dataclass(frozen=True, eq=False)
class Use:
    """One use of a v1 symbol.

    ``symbol``: its canonical name. An assignment to an attribute has "=" at its end ("RunConfiguration.target="),
    an item of a collection "[]" ("Workspace.datasets[]").
    ``node``: the whole expression of the use: the call when it is called. ``receiver``: the expression before the last
    dot when that is an object. ``statement``: the statement that it stands in. ``again``: whether a comment on an
    earlier use in the module says the same.
    """

    symbol: str
    node: ast.expr
    statement: ast.stmt
    evaluator: Evaluator = field(repr=False)
    receiver: ast.expr | None = field(default=None, repr=False)
    again: bool = False

    @property
    def call(self) -> ast.Call | None:
        """The call, if it is one."""
        return self.node if isinstance(self.node, ast.Call) else None

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbol, and what it is called in base classes."""
        if "." not in self.symbol:
            return (self.symbol,)
        owner, member = self.symbol.rsplit(".", 1)
        if owner in ENUMERATIONS:
            return self.symbol, f"{owner}.*"
        return tuple(f"{base}.{member}" for base in lineage(owner))

    @property
    def module(self) -> str:
        """The dotted name in SDK v1 that the use starts from ("azureml.interpret.ExplanationClient"); "" when it is not
        known."""
        node: ast.expr | None = self.node
        for _ in range(_DEPTH):
            while isinstance(node, (ast.Call, ast.Attribute, ast.Subscript)):
                node = node.func if isinstance(node, ast.Call) else node.value
            found = self.evaluator.scopes.bindings_of(node)
            if not found:
                break
            statement, alias = found[0].statement, found[0].node
            if isinstance(alias, ast.alias):
                above = f"{statement.module}." if isinstance(statement, ast.ImportFrom) else ""
                return above + alias.name
            node = alias.annotation if isinstance(alias, ast.arg) else found[0].value
        return ""

    @property
    def is_statement(self) -> bool:
        """Whether it is a statement of its own, so that nothing reads its value and several statements may take its
        place."""
        return isinstance(self.statement, ast.Expr) and self.statement.value is self.node

    @property
    def is_assigned(self) -> bool:
        """Whether its value is assigned as it is."""
        return isinstance(self.statement, ast.Assign) and self.statement.value is self.node

    @property
    def receiver_value(self) -> Instance | None:
        """The object before the last dot, or None."""
        value = self.evaluator.value(self.receiver)
        return value if isinstance(value, Instance) else None

    def arguments(self) -> dict[str | int, ast.expr]:
        """What the call passes: keyword -> expression, position -> expression. Literal dicts behind ``**`` are opened.
        Raises ValueError where a ``*`` or ``**`` cannot be opened."""
        found: dict[str | int, ast.expr] = {}
        call = self.call
        if call is None:
            return found
        given = call.args[1:] if self.receiver is not None and self.receiver in call.args else call.args
        for index, argument in enumerate(given):
            if isinstance(argument, ast.Starred):
                raise ValueError("positional arguments come from a list")
            found[index] = argument
        for keyword in call.keywords:
            if keyword.arg is not None:
                found[keyword.arg] = keyword.value
            else:
                found.update(keywords_behind(keyword.value, self.evaluator))
        return found

    def argument(self, *names: str, position: int | None = None) -> ast.expr | None:
        """The expression passed for a parameter: under one of its names (old ones and typos, too), or at its position,
        which SDK v1 tells where the caller does not. None when it is not passed. Raises ValueError where that cannot be
        told."""
        arguments = self.arguments()
        for name in names:
            if name in arguments:
                return arguments[name]
        if position is None and 0 in arguments:
            position = place_of(names, self.symbols)
        return arguments.get(position) if position is not None else None

    def named(self) -> dict[str, ast.expr]:
        """What the call passes, by the names that SDK v1 has for its parameters; "0" where it has none for a place.
        Raises ValueError as :meth:`arguments` does."""
        return {named_at(key, self.symbols): value for key, value in self.arguments().items()}

    def passed(self, *names: str, position: int | None = None) -> ast.expr | None:
        """The same; None as well where the code says ``None``, which SDK v1 takes for nothing."""
        return unless_none(self.argument(*names, position=position))


#: Libraries that are no part of SDK v1, and that SDK v2 goes on with (mltable reads with azureml-dataprep): one comment
#: tells of each thing that a module takes from them.
_BESIDE = ("azureml.dataprep", "azureml.designer", "azureml.studio")


#: What SDK v1's workspace has not: it holds a client of SDK v2 in another branch, which is asked there, and which gives
#: datastores that have an id.
_OF_CLIENTS = frozenset({*(f"Workspace.{member}" for member in CLIENT_MEMBERS), "Datastore.id"})


def find_uses(evaluator: Evaluator) -> list[Use]:
    """All uses in a module, in the order of the text; an outer one comes before those inside of it."""
    found: list[Use] = []
    told: set[str] = set()
    for node in _in_order(evaluator.tree):
        use = _use(evaluator, node)
        if use is None or use.symbol in _OF_CLIENTS:
            continue
        again = use.symbol in told and use.module.startswith(_BESIDE)
        found.append(replace(use, again=True) if again else use)
        told.add(use.symbol)
    return found


def _in_order(tree: ast.AST) -> Iterator[ast.expr]:
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.expr):
            yield node
        waiting += reversed(children(node))


def _use(evaluator: Evaluator, node: ast.expr) -> Use | None:
    parent = evaluator.scopes.parents.get(node)
    if isinstance(node, ast.Call):
        return _make(evaluator, node.func, node)
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        return _item(evaluator, node)
    if not isinstance(node, (ast.Name, ast.Attribute)):
        return None
    if isinstance(parent, ast.Call) and parent.func is node:
        return None  # the call is the use
    if isinstance(parent, ast.Subscript) and parent.value is node and _item(evaluator, parent) is not None:
        return None  # the item is the use
    if isinstance(parent, ast.Attribute) and _is_prefix(evaluator, node, parent):
        return None  # the longer name is the use
    return _make(evaluator, node, node)


def _item(evaluator: Evaluator, node: ast.Subscript) -> Use | None:
    """``ws.datasets["x"]`` is one use: "Workspace.datasets[]"."""
    named = node.value
    if not isinstance(named, ast.Attribute) or not isinstance(node.ctx, ast.Load):
        return None
    value, base = evaluator.value(named), evaluator.value(named.value)
    statement = evaluator.scopes.statement_of(node)
    if isinstance(value, Instance) and isinstance(base, Instance) and element_of(value.type) and statement is not None:
        return Use(f"{base.type}.{named.attr}[]", node, statement, evaluator, named.value)
    return None


def _is_prefix(evaluator: Evaluator, node: ast.expr, parent: ast.Attribute) -> bool:
    value = evaluator.value(node)
    if isinstance(value, Module):
        return True
    if isinstance(value, Symbol) and (value.receiver is None or value.name in NAMESPACES):
        return True
    # ``env.docker`` of ``env.docker.base_image``; but ``ws.datasets`` of ``ws.datasets.items()`` is a use.
    return isinstance(value, Instance) and value.type in SECTIONS and isinstance(node, ast.Attribute)


#: Types of attributes that only lead to further attributes: not a use of their own.
SECTIONS = frozenset(
    {"PythonSection", "DockerSection", "SparkSection", "SparkConfiguration", "DatasetFactory", "ContainerRegistry"}
    | {"RSection"}
)


def _is_own_attribute(evaluator: Evaluator, node: ast.Attribute, symbol: str) -> bool:
    """Whether an attribute of the user's object holds a member of SDK v1: ``self.status = RunStatus.COMPLETED``."""
    own = not isinstance(evaluator.value(node.value), (Instance, Symbol, Module))
    return own and (isinstance(node.ctx, ast.Store) or "." in symbol)


#: Methods of the class that take a name first, though code may call that ``workspace``.
_STATIC = frozenset({"Workspace.get", "Workspace.create"})


def _given_object(evaluator: Evaluator, called: Symbol, node: ast.expr) -> ast.expr | None:
    """The object of a method that is called through its class: ``AmlCompute.delete(cluster)``."""
    owner, dot, _ = called.name.rpartition(".")
    if not (dot and isinstance(node, ast.Call) and node.args) or called.name in _STATIC:
        return None
    kind = evaluator.type_of(node.args[0])
    related = kind is not None and (owner in lineage(kind) or kind in lineage(owner))
    return node.args[0] if related else None


def _make(evaluator: Evaluator, named: ast.expr, node: ast.expr) -> Use | None:
    symbol: str | None = None
    receiver: ast.expr | None = None
    value = evaluator.value(named)
    if isinstance(value, Symbol):
        symbol, receiver = value.name, value.receiver or _given_object(evaluator, value, node)
        if isinstance(named, ast.Name) and not isinstance(named.ctx, ast.Load):
            return None
        if isinstance(named, ast.Name) and receiver is not None and node is named:
            return None  # ``url = endpoint.endpoint``: the variable holds what was read there
        if node is named and isinstance(named, ast.Attribute) and _is_own_attribute(evaluator, named, symbol):
            return None
    elif isinstance(value, Module) and isinstance(getattr(named, "ctx", None), ast.Load):
        # Called, or handed on: functions are lower case, as modules are (``@rawhttp``).
        symbol = value.name.rsplit(".", 1)[-1]
    if isinstance(named, ast.Attribute):
        base = evaluator.value(named.value)
        if isinstance(base, Instance) and element_of(base.type) and "InputDataset" not in base.type:
            return None  # a method of a dict or a list, which stays one
        if isinstance(base, Instance):
            symbol, receiver = member_of(base.type, named.attr), named.value
        if symbol and isinstance(named.ctx, ast.Store):
            symbol += "="
    statement = evaluator.scopes.statement_of(node)
    if symbol is None or statement is None or symbol in NAMESPACES:
        return None
    return Use(symbol, node, statement, evaluator, receiver)
