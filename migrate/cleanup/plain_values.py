"""Plain values, such as names and paths, that only code of SDK v1 read, which is gone: their variables go as well.

Only where that code was a part of the script itself, and nothing is said of the value in a comment: what functions read
may be the settings of a module, which others import.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set
from typing import cast

from amlbridge.migrate.analysis.scopes import Binding, Scope
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.comments import lost_comments
from amlbridge.migrate.text.statements import StatementWriter
from amlbridge.migrate.text.trees import walk

_PARTS = (
    *(ast.Constant, ast.Name, ast.List, ast.Tuple, ast.Dict, ast.JoinedStr, ast.FormattedValue, ast.BinOp),
    *(ast.operator, ast.expr_context),
)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
#: Code that may read variables without naming them.
_ANY = frozenset({"eval", "exec", "globals", "locals", "vars"})


def drop_plain_values(writer: StatementWriter, before: Set[str], read: Set[str]) -> bool:
    """Takes such assignments away. ``before``, ``read``: what the old code and the new one read. Returns whether there
    were any."""
    to = writer.to
    if before & _ANY:
        return False
    dropped = False
    for scope in to.evaluator.scopes.all:
        for name in scope.bindings if not scope.is_class else ():
            if name in before and name not in read and _is_spare(name, scope, writer):
                for binding in scope.bindings[name]:
                    assert binding.statement is not None
                    to.replace_statement(binding.statement, "")
                dropped = True
    return dropped


def _is_spare(name: str, scope: Scope, writer: StatementWriter) -> bool:
    to = writer.to
    bindings = scope.bindings[name]
    if not all(_is_plain(binding, writer) for binding in bindings):
        return False
    reads = list(_reads(name, scope, to))
    return bool(reads) and name not in _deleted(to) and all(_runs_in(read, scope, to) for read in reads)


def _reads(name: str, scope: Scope, to: Rewriter) -> Iterator[ast.Name]:
    for read in Objects.of(to).reads(name):
        found = to.evaluator.scopes.lookup(name, read)
        if found and found[0].scope is scope:
            yield read


def _deleted(to: Rewriter) -> set[str]:
    """The variables that ``del`` statements name."""
    if "deleted names" not in to.memory:
        nodes = [node for node in walk(to.evaluator.tree) if isinstance(node, ast.Delete)]
        named = [target.id for node in nodes for target in node.targets if isinstance(target, ast.Name)]
        to.memory["deleted names"] = set(named)
    return cast("set[str]", to.memory["deleted names"])


def _runs_in(read: ast.Name, scope: Scope, to: Rewriter) -> bool:
    """Whether a name is read by the code of a scope itself, not by functions in it."""
    at: Scope | None = to.evaluator.scopes.of(read)
    while at is not None and at is not scope and isinstance(at.node, _COMPREHENSIONS):
        at = at.parent
    return at is scope


def _is_plain(binding: Binding, writer: StatementWriter) -> bool:
    """Whether nothing but a plain value is assigned, on lines of its own without comments, where no other code waits
    for it."""
    to, statement = writer.to, binding.statement
    if not isinstance(statement, ast.Assign) or binding.kind != "assign" or not binding.is_alone:
        return False
    if to.evaluator.scopes.is_set_elsewhere(binding) or writer.whole(statement) is not None:
        return False
    if isinstance(to.evaluator.binding_value(binding), Instance):
        return False  # ``ws = workspace`` gives an object another name, which may have a new one
    if not all(isinstance(part, _PARTS) for part in walk(statement.value)):
        return False  # a call may do something
    start, end = to.lines.span(statement)
    first, last = to.lines.line_start(start), to.lines.line_end(end)
    alone = not to.lines.text[first:start].strip() and not to.lines.text[end:last].strip()
    block = to.evaluator.scopes.block(statement) or []
    needed = len(block) < 2 and not isinstance(to.evaluator.scopes.parents.get(statement), ast.Module)
    told = to.lines.comments_above(first) or lost_comments(to.lines.text[start:end], "")
    return alone and not needed and not told and statement not in to.inserted
