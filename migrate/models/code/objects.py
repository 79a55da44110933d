"""The uses of one object: what a script does with what it made."""

from __future__ import annotations

import ast
from typing import cast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.trees import FUNCTIONS


class Objects:
    """The uses of each object of a module, by the node that made it."""

    def __init__(self, to: Rewriter) -> None:
        self._to = to
        self._members: dict[ast.AST, list[Use]] = {}
        for use in to.uses:
            value = use.receiver_value
            if value is not None and value.origin is not None:
                self._members.setdefault(value.origin, []).append(use)
        self._reads: dict[str, list[ast.Name]] | None = None
        self._names: dict[ast.AST, list[ast.Name]] | None = None

    @classmethod
    def of(cls, to: Rewriter) -> Objects:
        """The objects of the module that is converted; made once."""
        if "objects" not in to.memory:
            to.memory["objects"] = cls(to)
        return cast("Objects", to.memory["objects"])

    def members(self, origin: ast.AST) -> list[Use]:
        """The uses of an object's members, in the order of the text."""
        return self._members.get(origin, [])

    def names(self, origin: ast.AST) -> list[ast.Name]:
        """The names that are read and stand for an object, in the order of the text."""
        if self._names is None:
            self._names = {}
            for node in self._to.evaluator.scopes.every(ast.Name):
                if isinstance(node.ctx, ast.Load):
                    value = self._to.evaluator.value(node)
                    if isinstance(value, Instance) and value.origin is not None and not value.path:
                        self._names.setdefault(value.origin, []).append(node)
        return self._names.get(origin, [])

    def reads(self, name: str) -> list[ast.Name]:
        """All places where a name is read, in the whole module."""
        if self._reads is None:
            self._reads = {}
            for node in self._to.evaluator.scopes.every(ast.Name):
                if isinstance(node.ctx, ast.Load):
                    self._reads.setdefault(node.id, []).append(node)
        return self._reads.get(name, [])

    def variable(self, origin: ast.AST) -> ast.Name | None:
        """The variable that an object is assigned to where it is made, or None."""
        parent = self._to.evaluator.scopes.parents.get(origin)
        if isinstance(parent, ast.Assign) and len(parent.targets) == 1 and isinstance(parent.targets[0], ast.Name):
            return parent.targets[0]
        return None

    def straight(self, origin: ast.AST, changes: list[Use]) -> bool:
        """Whether all changes of an object follow its making in the same block, before anything else reads it."""
        scopes = self._to.evaluator.scopes
        made = scopes.statement_of(origin)
        if made is None or self.variable(origin) is None:
            return False
        parent = scopes.parents.get(made)
        if any(scopes.parents.get(use.statement) is not parent for use in changes):
            return False
        block = scopes.block(made)
        if block is None or any(use.statement not in block for use in changes):
            return False
        last = max((block.index(use.statement) for use in changes), default=block.index(made))
        statements = {use.statement for use in changes}
        function = next((node for node in scopes.ancestors(made) if isinstance(node, FUNCTIONS)), None)
        for name in self.names(origin):
            if function is not None and function not in scopes.ancestors(name):
                continue  # what the function has given
            statement = self._in_block(name, block)
            if statement is None and self._is_below(name, parent, made):
                continue
            if statement is None or (block.index(statement) <= last and statement not in statements):
                return False
        return True

    def _is_below(self, name: ast.Name, parent: ast.AST | None, made: ast.stmt) -> bool:
        """Whether the code reads a name when it is done with the branch that an object is made in."""
        scopes = self._to.evaluator.scopes
        branch = isinstance(parent, (ast.If, ast.With)) and scopes.of(name) is scopes.of(made)
        return branch and name.lineno > (getattr(parent, "end_lineno", 0) or 0)

    def first_straight(self, origin: ast.AST, changes: list[Use]) -> list[Use]:
        """The changes that follow the making of an object before anything else reads it: all of them, or the first."""
        number = next((n for n in range(len(changes), 0, -1) if self.straight(origin, changes[:n])), 0)
        return changes[:number]

    def _in_block(self, node: ast.AST, block: list[ast.stmt]) -> ast.stmt | None:
        at: ast.AST | None = node
        while at is not None:
            if isinstance(at, ast.stmt) and at in block:
                return at
            at = self._to.evaluator.scopes.parents.get(at)
        return None
