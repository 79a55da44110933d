"""Whether a Python expression gives an array or a table of numbers, or a thing that is no number: none of them is a
metric, and SDK v1 logged their texts."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.kinds import called
from amlbridge.migrate.analysis.scopes import Binding
from amlbridge.migrate.analysis.values import Evaluator

#: Functions of numpy, pandas and scikit-learn that give several numbers.
_MAKING = frozenset(
    {"arange", "confusion_matrix", "cross_val_score", "eye", "linspace", "ones", "zeros"}
    | {"DataFrame", "read_csv", "read_excel", "read_json", "read_parquet", "describe", "head", "tail", "value_counts"}
)
#: What gives one thing that is no number: a time, an id, a class.
_THINGS = frozenset({"now", "utcnow", "today", "uuid1", "uuid4", "type"})
#: Those that do so with ``average=None``: a score for each class.
_SCORES = frozenset({"f1_score", "fbeta_score", "jaccard_score", "precision_score", "recall_score", "roc_auc_score"})
_DEPTH = 6


def is_array(node: ast.expr, evaluator: Evaluator, depth: int = _DEPTH) -> bool:
    """Whether an expression is an array of several numbers for sure."""
    if isinstance(node, ast.Name):
        bindings = evaluator.scopes.lookup(node.id, node) if depth else []
        return bool(bindings) and all(_gets_array(binding, evaluator, depth - 1) for binding in bindings)
    if isinstance(node, ast.Attribute):
        return node.attr in ("coef_", "feature_importances_", "shape")
    if not isinstance(node, ast.Call):
        return False
    name = called(node)
    if name in ("array", "asarray"):
        return bool(node.args) and isinstance(node.args[0], (ast.List, ast.Tuple)) and len(node.args[0].elts) > 1
    return name in _MAKING or (name in _SCORES and any(map(_is_for_each, node.keywords)))


def is_thing(node: ast.expr, evaluator: Evaluator) -> bool:
    """Whether an expression is one thing that is no number for sure: ``datetime.now()``."""
    made = evaluator.scopes.only_value(node)
    return isinstance(made, ast.Call) and called(made) in _THINGS


def _gets_array(binding: Binding, evaluator: Evaluator, depth: int) -> bool:
    value = binding.value
    if binding.kind == "unpack" and isinstance(value, ast.Call):
        return called(value) == "train_test_split"  # X_train, X_test, y_train, y_test
    return binding.kind == "assign" and value is not None and is_array(value, evaluator, depth)


def _is_for_each(keyword: ast.keyword) -> bool:
    return keyword.arg == "average" and isinstance(keyword.value, ast.Constant) and keyword.value.value is None
