"""Datasets that the code itself reads: they are MLTables in the new code, not assets."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.datasets.data import SELECTIONS
from amlbridge.migrate.rewriter import Rewriter

_MADE = tuple(f"Tabular.from_{kind}_files" for kind in ("delimited", "parquet", "json_lines"))
OPENING = frozenset({f"Dataset.{name}" for name in (*SELECTIONS, *_MADE, "with_timestamp_columns", "get_by_id")})
READING = OPENING | {"Dataset.to_pandas_dataframe", "Dataset.to_spark_dataframe"}
OPENED = READING | {"Dataset.to_path", "Dataset.download", "Dataset.mount"}


def is_only_read(use: Use, to: Rewriter, seen: tuple[ast.AST, ...] = (), reading: frozenset[str] = READING) -> bool:
    """Whether all that happens to what a use gives is that it is selected from and read. ``seen``: the calls that name
    time columns on the way; ``reading``: the methods that read it."""
    parts = use.symbol.endswith(".random_split")
    return _is_only_read(use.node, to, seen, reading, parts=parts)


def _is_only_read(
    node: ast.AST, to: Rewriter, seen: tuple[ast.AST, ...], reading: frozenset[str], *, parts: bool
) -> bool:
    """The same of an expression. ``parts``: whether it is two tables, one of which ``[0]`` or ``[1]`` gives."""
    parent = to.evaluator.scopes.parents.get(node)
    if parts and isinstance(parent, ast.Subscript) and parent.value is node:
        return _is_only_read(parent, to, seen, reading, parts=False)
    if isinstance(parent, ast.Attribute):
        return not parts and _reads(to.evaluator.scopes.parents.get(parent, parent), to, seen, reading)
    if not isinstance(parent, ast.Assign) or len(parent.targets) != 1:
        return False
    target = parent.targets[0]
    if isinstance(target, ast.Name):
        return _name_is_only_read(target, to, seen, reading, parts=parts)
    names = target.elts if parts and isinstance(target, ast.Tuple) else []
    return len(names) == 2 and all(
        isinstance(name, ast.Name) and _name_is_only_read(name, to, seen, reading, parts=False) for name in names
    )


def _name_is_only_read(
    target: ast.Name, to: Rewriter, seen: tuple[ast.AST, ...], reading: frozenset[str], *, parts: bool
) -> bool:
    scopes = to.evaluator.scopes
    for node in scopes.named(target.id):
        if not isinstance(node.ctx, ast.Load):
            continue
        if not any(binding.node is target for binding in scopes.lookup(node.id, node)):
            continue
        attribute = scopes.parents.get(node)
        if parts:
            if not isinstance(attribute, ast.Subscript) or not _is_only_read(node, to, seen, reading, parts=True):
                return False
            continue
        if not isinstance(attribute, ast.Attribute):
            return False
        if not _reads(scopes.parents.get(attribute, node), to, seen, reading):
            return False
    return True


def _reads(node: ast.AST, to: Rewriter, seen: tuple[ast.AST, ...], reading: frozenset[str]) -> bool:
    """Whether a call selects from a table, or reads it. With its time columns named, it is the same table."""
    use = to.use_of(node)
    if use is None or use.symbols[-1] not in reading:
        return False
    same = use.symbols[-1] == "Dataset.with_timestamp_columns"
    return not same or node in seen or is_only_read(use, to, (*seen, node), reading)
