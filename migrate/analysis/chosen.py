"""Objects that code keeps in lists and dicts of its own: ``runs.append(run)``, ``runs["a"] = run``, and later
``runs[0]``, ``for run in runs``, ``for name, run in runs.items()``."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set
from typing import TYPE_CHECKING

from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.analysis.symbols import element_of, lineage

if TYPE_CHECKING:
    from amlbridge.migrate.analysis.scopes import Binding
    from amlbridge.migrate.analysis.values import Evaluator, Instance, Value

#: Types of objects that are kept so. Steps and data, of which code makes lists as well, are followed elsewhere.
_LISTED = frozenset(
    {"PublishedPipeline", "PipelineEndpoint", "Run", "Model", "Webservice", "ComputeTarget", "Datastore", "Experiment"}
)
#: What code looks for in lists of SDK v1: ``next(item for item in ... if ...)``.
_FOUND = _LISTED | {"Dataset", "Schedule", "Environment"}
#: What loops get of such a collection as well, each as an object of its own.
_DATA = frozenset({"Dataset"})
#: What gives the elements of a collection as they are: functions of it, and methods.
_SAME = frozenset({"list", "sorted", "reversed", "tuple", "iter", "set", "tqdm"})
_VALUES = frozenset({"values", "copy"})
#: Methods that give one element.
_ONE = frozenset({"pop", "popleft", "get"})


#: The expressions that stand for a collection.
_COLLECTIONS = (ast.Name, ast.Attribute, ast.List, ast.Tuple, ast.Dict, ast.GeneratorExp)
#: How many calls a collection is followed up through.
_DEPTH = 3


def chosen(
    node: ast.expr | None,
    evaluator: Evaluator,
    index: int | None = None,
    depth: int = _DEPTH,
    listed: Set[str] = _LISTED,
) -> Instance | None:
    """An object of the collection that an expression stands for, or None. ``index``: the part of the tuples in it.
    ``listed``: its type is one of these, or below one."""
    from amlbridge.migrate.analysis.values import Instance

    node, index = _collection(node, index)
    if isinstance(node, ast.GeneratorExp):
        made = _part(node.elt, index, evaluator)
        return made if isinstance(made, Instance) and not _FOUND.isdisjoint(lineage(made.type)) else None
    if node is None:
        return None
    literal = literal_of(node, evaluator)
    bindings = evaluator.scopes.bindings_of(node)
    if (literal is None and not bindings) or _is_record(literal, index, evaluator):
        return None
    for added in (*_elements(literal), *_put_into(literal, bindings, evaluator)):
        found = _part(added, index, evaluator)
        if isinstance(found, Instance) and not listed.isdisjoint(lineage(found.type)):
            return found
    for binding in _made(bindings) if depth else []:
        if binding.kind == "parameter" and isinstance(binding.node, ast.arg):
            given = evaluator.given(binding.scope.node, binding.name)
            found = next(
                filter(None, (chosen(argument, other, index, depth - 1, listed) for other, argument in given)), None
            )
            return Instance(found.type, binding.node) if found is not None else None
    return None


def iterated(binding: Binding, evaluator: Evaluator) -> Instance | None:
    """An object that a loop over such a collection gets, or None: a loop over a dict gets its names."""
    from amlbridge.migrate.analysis.values import Instance

    node, _ = _collection(binding.value, None)
    literal = literal_of(node, evaluator) if node is not None else None
    if node is binding.value and isinstance(literal, (ast.Dict, ast.DictComp)):
        return None
    index = binding.index if binding.kind == "pair" else None
    found = chosen(binding.value, evaluator, index)
    if found is not None:
        return found
    data = chosen(binding.value, evaluator, index, listed=_DATA)
    return Instance(data.type, binding.node) if data is not None else None  # each may have its own type of files


def taken(call: ast.Call, evaluator: Evaluator) -> Instance | None:
    """An object that a method takes out of such a collection, or None."""
    function = call.func
    return chosen(function.value, evaluator) if isinstance(function, ast.Attribute) and function.attr in _ONE else None


def mapped(node: ast.expr, evaluator: Evaluator) -> Instance | None:
    """An object that a function of its class is called with: for ``Run.cancel`` of ``map(Run.cancel, runs)``. None
    where an expression is no such function."""
    from amlbridge.migrate.analysis.values import Instance

    call = evaluator.scopes.parents.get(node)
    named = getattr(call.func, "id", getattr(call.func, "attr", "")) if isinstance(call, ast.Call) else ""
    if not isinstance(call, ast.Call) or named not in _MAPPING or len(call.args) != 2 or call.args[0] is not node:
        return None
    given = evaluator.value(call.args[1])
    if isinstance(given, Instance) and (element := element_of(given.type)) and not given.type.startswith("dict:"):
        return Instance(element, given.origin, (*given.path, "[]"))
    return chosen(call.args[1], evaluator)


#: ``map(...)`` and ``pool.map(...)``.
_MAPPING = frozenset({"map", "imap", "imap_unordered"})


def _collection(node: ast.expr | None, index: int | None) -> tuple[ast.expr | None, int | None]:
    """The collection that an expression gives the elements of: ``runs`` of ``sorted(runs.values())[1:]``."""
    while not isinstance(node, _COLLECTIONS):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            node = node.value
        elif not isinstance(node, ast.Call):
            return None, index
        elif isinstance(node.func, ast.Name) and node.func.id in _SAME and node.args:
            node = node.args[0]
        elif isinstance(node.func, ast.Attribute) and node.func.attr in _VALUES:
            node = node.func.value
        elif isinstance(node.func, ast.Attribute) and node.func.attr == "items" and index == 1:
            node, index = node.func.value, None
        else:
            break
    return node, index


def _part(added: ast.expr, index: int | None, evaluator: Evaluator) -> Value | None:
    part = _at(added, index, evaluator)
    return evaluator.value(part) if part is not None else None


def _at(added: ast.expr, index: int | None, evaluator: Evaluator) -> ast.expr | None:
    """The element of a collection, or the part of it that is a tuple; None where that cannot be told."""
    from amlbridge.migrate.analysis.values import Code

    if index is None:
        return added
    found = evaluator.value(added)
    parts = found.node.elts if isinstance(found, Code) and isinstance(found.node, ast.Tuple) else []
    return parts[index] if index < len(parts) else None


def literal_of(node: ast.expr, evaluator: Evaluator) -> ast.expr | None:
    """The list or dict of this module that an expression stands for, where the code makes it."""
    from amlbridge.migrate.analysis.values import Code

    value = evaluator.value(node)
    kinds = (ast.List, ast.ListComp, ast.Dict, ast.DictComp)
    own = isinstance(value, Code) and value.evaluator is evaluator and isinstance(value.node, kinds)
    return value.node if own and isinstance(value, Code) else None


def _elements(literal: ast.expr | None) -> list[ast.expr]:
    if isinstance(literal, (ast.DictComp, ast.ListComp)):
        return [literal.value if isinstance(literal, ast.DictComp) else literal.elt]
    if isinstance(literal, (ast.List, ast.Tuple)):
        return literal.elts
    return literal.values if isinstance(literal, ast.Dict) else []


def _is_record(literal: ast.expr | None, index: int | None, evaluator: Evaluator) -> bool:
    """Whether a dict or a list that is written out has things of several kinds: ``{"run": run, "args": args}``."""
    if not isinstance(literal, (ast.Dict, ast.List)):
        return False
    parts = [_at(node, index, evaluator) for node in _elements(literal)]
    values = [part for part in parts if part is None or not is_none(part)]
    return len({evaluator.type_of(part) if part is not None else None for part in values}) > 1


def is_same(owner: ast.expr, literal: ast.expr | None, bindings: list[Binding], evaluator: Evaluator) -> bool:
    """Whether an expression is the same collection: of one name, or made in one place."""
    if isinstance(owner, ast.Name) and bindings:
        made = _made(evaluator.scopes.lookup(owner.id, owner))
        if made and made == _made(bindings):
            return True
    return literal is not None and literal_of(owner, evaluator) is literal


def _made(bindings: list[Binding]) -> list[Binding]:
    """The nearest binding that does not only add to what there was (``runs += [run]``)."""
    if bindings and bindings[0].kind == "augment":
        earlier = bindings[0].scope.bindings[bindings[0].name]
        bindings = [one for one in earlier[::-1] if one.kind != "augment" and one.position <= bindings[0].position]
    return bindings[:1]


def additions_of(evaluator: Evaluator) -> list[tuple[ast.expr, ast.expr]]:
    """What the module puts into collections: the collection, and the element."""
    if evaluator.additions is None:
        evaluator.additions = [item for item in _added(evaluator) if not isinstance(item[1], _PLAIN)]
    return evaluator.additions


def _put_into(literal: ast.expr | None, bindings: list[Binding], evaluator: Evaluator) -> list[ast.expr]:
    """What the module puts into a collection. That of a variable is looked up: code sets hundreds of columns of a data
    frame."""
    if literal is not None:
        return [added for owner, added in additions_of(evaluator) if is_same(owner, literal, bindings, evaluator)]
    by_name = named_additions(evaluator)
    return [added for made in _made(bindings) for added in by_name.get(made.node, ())]


def named_additions(evaluator: Evaluator) -> dict[ast.AST, list[ast.expr]]:
    """What the module puts into the collections of variables, by what gives the variable its value."""
    if evaluator.named_additions is None:
        evaluator.named_additions = {}
        for owner, added in additions_of(evaluator):
            for made in _made(evaluator.scopes.lookup(owner.id, owner)) if isinstance(owner, ast.Name) else ():
                evaluator.named_additions.setdefault(made.node, []).append(added)
    return evaluator.named_additions


#: What is no object of an SDK, nor holds one.
_PLAIN = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.Compare, ast.JoinedStr)


def _added(evaluator: Evaluator) -> Iterator[tuple[ast.expr, ast.expr]]:
    for name, position in (("append", 0), ("add", 0), ("insert", 1)):
        for call in evaluator.calls().get(name, ()):
            if isinstance(call.func, ast.Attribute) and len(call.args) == position + 1:
                yield call.func.value, call.args[position]
    for node in evaluator.scopes.parents:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Subscript):
            yield node.targets[0].value, node.value
        elif isinstance(node, ast.AugAssign) and isinstance(node.value, ast.List):
            for element in node.value.elts:
                yield node.target, element
