"""Datasets that a function of the project gives: a table in one branch, files in another. The type of each is known
when the code runs, as ``data.type``."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.functions import returns
from amlbridge.migrate.analysis.values import Function, Instance
from amlbridge.migrate.models.datasets.any_names import ASSUMED
from amlbridge.migrate.rewriter import Rewriter

#: The types of datasets that differ in what SDK v2 makes of them.
_KINDS = frozenset({"TabularDataset", "FileDataset"})
_READ = "{}() gives data of several types: they are read as that of its first branch is"
_REVIEW = (
    "{}() gives data of several types, a table here and files there: the input has the type that comes out, "
    "but what a component or the script says of it is that of the first"
)


def mixed_input(held: ast.expr | None, code: str, path: str, mode: str, to: Rewriter) -> str:
    """The Input of data whose type is known when the code runs, "" for other data. ``held``: the expression that holds
    the data, ``code`` is what it becomes; ``path``: code of the path of what the first branch gives."""
    function = mixed_function(held, to)
    if not function:
        return ""
    to.assumed.append(_REVIEW.format(function))
    found = f"{code}.id or {code}.path" if path.endswith(".id") else f"{code}.path"
    return f"{to.need('azure.ai.ml', 'Input')}(type={code}.type, path={found}{mode})"


def mixed_function(held: ast.expr | None, to: Rewriter) -> str:
    """The name of the function whose branches give data of several types, where a call of it is, or made, what an
    expression holds; "" for anything else."""
    made = to.evaluator.scopes.only_value(held) if held is not None else None
    called = to.evaluator.value(made.func) if isinstance(made, ast.Call) else None
    if not isinstance(called, Function):
        return ""
    given = returns(called.node)
    values = [called.evaluator.value(node) for node in given] if len(given) > 1 else []
    kinds = {value.type for value in values if isinstance(value, Instance)}
    if kinds < _KINDS and len(values) > 1 and called.evaluator is to.evaluator and _several_types(given, to):
        return called.node.name
    return called.node.name if kinds >= _KINDS else ""


def _several_types(given: list[ast.expr], to: Rewriter) -> bool:
    """Whether datasets become data of several types: a table in one file is one, several files are listed."""
    from amlbridge.migrate.models.datasets.data import follow, kind_of

    return len({kind_of(data, to) for node in given if (data := follow(node, to)) is not None}) > 1


def mixed_table(node: ast.expr, to: Rewriter) -> str:
    """What is to be checked where the rows of data are read that a function gives in several types, or that is looked
    up by a name which only the running code knows; "" elsewhere."""
    from amlbridge.migrate.models.datasets.data import follow, is_any_asset

    if function := mixed_function(node, to):
        return _READ.format(function)
    data = follow(node, to)
    return ASSUMED if data is not None and is_any_asset(data, to) else ""
