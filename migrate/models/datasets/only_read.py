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
    scopes = to.evaluator.scopes
    parent = scopes.parents.get(use.node)
    if isinstance(parent, ast.Attribute):
        return _reads(scopes.parents.get(parent, parent), to, seen, reading)
    if not isinstance(parent, ast.Assign) or len(parent.targets) != 1:
        return False
    target = parent.targets[0]
    names = target.elts if isinstance(target, ast.Tuple) else [target]
    return all(isinstance(name, ast.Name) and _name_is_only_read(name, to, seen, reading) for name in names)


def _name_is_only_read(target: ast.Name, to: Rewriter, seen: tuple[ast.AST, ...], reading: frozenset[str]) -> bool:
    scopes = to.evaluator.scopes
    for node in scopes.named(target.id):
        if not isinstance(node.ctx, ast.Load):
            continue
        if not any(binding.node is target for binding in scopes.lookup(node.id, node)):
            continue
        attribute = scopes.parents.get(node)
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
