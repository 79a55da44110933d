"""Versions of assets: numbers in SDK v1, texts in SDK v2."""

from __future__ import annotations

import ast
import json

from amlbridge.migrate.analysis.functions import default_of
from amlbridge.migrate.analysis.kinds import declaration
from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.rewriter import Rewriter

_ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_SUMS = (ast.Add, ast.Sub)


def code(use: Use, to: Rewriter) -> str:
    """The code of a use of ``version``: a number where the code orders or counts versions, else the text that it is."""
    assert use.receiver is not None
    found = f"{to.source(use.receiver)}.version"
    return f"int({found})" if _is_number(use.node, to) else found


_LATEST = 'label="latest"'


def asked_for(version: ast.expr | None, to: Rewriter, *, label: ast.expr | None = None, is_text: bool = False) -> str:
    """The keywords by which ``get`` of SDK v2 finds the version of an asset: a version or a label, one of the two. In
    SDK v1 None was the latest one, and "latest" that of a dataset. ``label``: what SDK v1 found an environment by where
    no version was asked for. ``is_text``: the version was a text in SDK v1."""
    if is_none(version) and label is not None and (to.evaluator.text(label) or "latest").lower() != "latest":
        return f"label={to.source(label)}"
    if version is None or is_none(version) or to.evaluator.text(version) == "latest":
        return _LATEST
    if isinstance(version, ast.Constant):
        return f"version={json.dumps(str(version.value))}"
    found = to.source(version)
    text = found if is_text else f"str({found})"
    defaults = _defaults(version, to)
    if "latest" in defaults:
        return f'version=None if {found} == "latest" else {text}, label="latest" if {found} == "latest" else None'
    if None in defaults:
        given = found if is_text else f"{text} if {found} else None"
        return f'version={given}, label=None if {found} else "latest"'
    return f"version={text}"


def _defaults(version: ast.expr, to: Rewriter) -> set[object]:
    """What a version is where nobody says another one, as far as it is None or a text: by default, or at first."""
    found: set[object] = set()
    waiting: list[ast.expr | None] = [version]
    for node in waiting:
        if isinstance(node, ast.Constant):
            found.add(node.value)
        elif isinstance(node, ast.IfExp):
            waiting += [node.body, node.orelse]
        elif isinstance(node, ast.Call) and _may_find_nothing(node):
            found.add(None)
        elif isinstance(node, ast.Attribute) and (declared := declaration(to.evaluator, node.attr)) is not None:
            given = {keyword.arg: keyword.value for keyword in declared.keywords}
            if "required" not in given and any(str(getattr(arg, "value", "")).startswith("-") for arg in declared.args):
                waiting.append(given.get("default", ast.Constant(None)))
        elif isinstance(node, ast.Name) and len(waiting) < _MOST:
            for binding in to.evaluator.scopes.lookup(node.id, node):
                if binding.kind == "parameter" and isinstance(binding.scope.node, (ast.FunctionDef, ast.Lambda)):
                    waiting.append(default_of(binding.scope.node.args, binding.name))
                elif binding.kind == "assign":
                    waiting.append(binding.value)
    return found


#: So many expressions are followed to what a version may be.
_MOST = 20


def _may_find_nothing(call: ast.Call) -> bool:
    """Whether a call gives None for what is not there: ``os.environ.get("VERSION")``, ``os.getenv("VERSION")``."""
    return isinstance(call.func, ast.Attribute) and call.func.attr in ("get", "getenv") and len(call.args) == 1


#: Functions that order what they are given.
_ORDERING = frozenset({"max", "min", "sorted"})
#: A number may have a variable, and that another one.
_DEPTH = 2


def _is_number(node: ast.AST, to: Rewriter, depth: int = _DEPTH) -> bool:
    """Whether what is around a version, or a variable with it, orders it, counts with it, or compares it with a
    number."""
    parent = to.evaluator.scopes.parents.get(node)
    if isinstance(parent, ast.Compare):
        others = [other for other in (parent.left, *parent.comparators) if other is not node]
        return any(isinstance(sign, _ORDER) for sign in parent.ops) or any(map(_is_figure, others))
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, _SUMS):
        return _is_figure(parent.right if parent.left is node else parent.left)
    if isinstance(parent, ast.Lambda):  # sorted(models, key=lambda model: model.version)
        keyword = to.evaluator.scopes.parents.get(parent)
        return isinstance(keyword, ast.keyword) and keyword.arg == "key"
    if isinstance(parent, ast.Assign) and depth:
        return any(_is_number(name, to, depth - 1) for name in _reads(parent, to))
    return _is_in_order(node, to)


def _is_in_order(node: ast.AST, to: Rewriter) -> bool:
    """Whether a version is an element, or a part of one, of a list that the code orders."""
    parents = to.evaluator.scopes.parents
    element, around = node, parents.get(node)
    if isinstance(around, ast.Tuple):
        element, around = around, parents.get(around)
    if isinstance(around, (ast.ListComp, ast.SetComp, ast.GeneratorExp)) and around.elt is element:
        holder = parents.get(around)
        reads: list[ast.expr] = _reads(holder, to) if isinstance(holder, ast.Assign) else [around]
    elif isinstance(around, ast.Call) and isinstance(around.func, ast.Attribute) and around.func.attr == "append":
        owner = around.func.value
        bound = to.evaluator.scopes.lookup(owner.id, owner) if isinstance(owner, ast.Name) else []
        reads = [name for one in bound if isinstance(one.statement, ast.Assign) for name in _reads(one.statement, to)]
    else:
        return False
    return any(_is_ordered(read, to) for read in reads)


def _is_ordered(node: ast.expr, to: Rewriter) -> bool:
    """Whether a list is given to what orders it."""
    around = to.evaluator.scopes.parents.get(node)
    if isinstance(around, ast.Attribute):
        return around.attr == "sort"
    given = isinstance(around, ast.Call) and node in around.args
    return given and isinstance(around.func, ast.Name) and around.func.id in _ORDERING  # type: ignore[union-attr]


def _reads(made: ast.Assign, to: Rewriter) -> list[ast.expr]:
    """Where the variable that a statement assigns is read."""
    target = made.targets[0] if len(made.targets) == 1 else None
    if not isinstance(target, ast.Name):
        return []
    scopes = to.evaluator.scopes
    home, names = scopes.of(made), Objects.of(to).reads(target.id)
    return [name for name in names if any(one.scope is home for one in scopes.lookup(name.id, name))]


def _is_figure(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int) and not isinstance(node.value, bool)
