"""What a list that code gathers may hold: elements of dicts and lists that comprehensions and loops go through."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.trees import called_name

#: Calls that give what they are given, or what they are called on.
_SAME = frozenset({"list", "tuple", "sorted", "reversed", "sum", "chain", "from_iterable", "items", "values", "copy"})
#: Methods that put something into a list or dict.
_PUT = frozenset({"append", "extend", "insert", "add", "update", "setdefault"})
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp)
#: More expressions than this are not looked at.
_MOST = 200


def types_behind(node: ast.expr, to: Rewriter) -> set[str]:
    """The types of what may be in a list, as far as the code around says where that comes from."""
    found: set[str] = set()
    seen: set[ast.expr] = set()
    waiting = [node]
    while waiting and len(seen) < _MOST:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        kind = to.evaluator.type_of(here)
        if kind is not None and ":" not in kind:
            found.add(kind)
        else:
            waiting += _sources(here, to)
    return found


def _sources(node: ast.expr, to: Rewriter) -> Iterator[ast.expr]:
    """The expressions that an element of a value may come from."""
    if isinstance(node, ast.Name):
        for binding in to.evaluator.scopes.lookup(node.id, node):
            if binding.value is not None:
                yield binding.value
        yield from _put_in(node, to)
    elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        yield from node.elts
    elif isinstance(node, ast.Dict):
        yield from node.values
    elif isinstance(node, _COMPREHENSIONS):
        yield node.elt
    elif isinstance(node, (ast.DictComp, ast.Starred)):
        yield node.value
    elif isinstance(node, ast.BinOp):
        yield from (node.left, node.right)
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    elif isinstance(node, ast.Call):
        name = called_name(node)
        if name in _SAME:
            yield from node.args
            yield from [node.func.value] if isinstance(node.func, ast.Attribute) else []


def _put_in(name: ast.Name, to: Rewriter) -> Iterator[ast.expr]:
    """What code puts into the list or dict of a variable: ``given["--data"] = data``, ``words.append(data)``."""
    scopes = to.evaluator.scopes
    bound = {binding.node for binding in scopes.lookup(name.id, name)}
    for other in Objects.of(to).reads(name.id):
        around = scopes.parents.get(other)
        if not any(binding.node in bound for binding in scopes.lookup(other.id, other)):
            continue
        above = scopes.parents.get(around) if around is not None else None
        if isinstance(around, ast.Subscript) and isinstance(above, ast.Assign) and around in above.targets:
            yield above.value
        elif isinstance(around, ast.Attribute) and isinstance(above, ast.Call) and around.attr in _PUT:
            yield from above.args
            yield from (keyword.value for keyword in above.keywords)
