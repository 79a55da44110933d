"""Data of AutoML that SDK v1 took as features and target, and SDK v2 takes as one table with the target in a column.

``AutoMLConfig(X=, y=)`` had arrays or data frames of the client, or two parts of one dataset. ``data_script=`` named a
script whose ``get_data()`` gives them as a dict (azureml-train-automl 1.0: AutoMLConfig, "data_script").
"""

from __future__ import annotations

import ast
import posixpath
from dataclasses import dataclass
from pathlib import Path

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.models.code.static import NotKnownError, Static
from amlbridge.migrate.rewriter import Rewriter

#: The columns of the target and of the weights in tables that are made of arrays.
TARGET, WEIGHT = "target", "weight"
#: Data of the v2 job -> keywords of AutoMLConfig, and of what ``get_data()`` gives: features, target, weights.
KEYS = {
    "training_data": ("X", "y", "sample_weight"),
    "validation_data": ("X_valid", "y_valid", "sample_weight_valid"),
}
_ONE_TABLE = "AutoML of SDK v2 takes one table with the target in a column, not X and y"


@dataclass(frozen=True)
class Rows:
    """Features, target and weights ("" for none) of a table, as code. ``setup``: statements that they need."""

    features: str
    target: str
    weight: str = ""
    setup: tuple[str, ...] = ()

    def frame(self, to: Rewriter) -> str:
        """Code for the data frame that has them all."""
        ravel = f"{to.need_module('numpy')}.ravel"
        columns = [f"{TARGET}={ravel}({self.target})"]
        columns += [f"{WEIGHT}={ravel}({self.weight})"] if self.weight else []
        return f"{to.need_module('pandas')}.DataFrame({self.features}).assign({', '.join(columns)})"


def take_rows(given: dict[str, ast.expr], to: Rewriter) -> dict[str, Rows]:
    """The tables that arrays become; their keywords go. Raises ValueError for other things than arrays."""
    found: dict[str, Rows] = {}
    for data, names in KEYS.items():
        parts = [given.pop(name, None) for name in names]
        if not any(parts):
            continue
        features, target, weight = parts
        values = [to.evaluator.value(part) for part in parts if part is not None]
        if features is None or target is None or any(isinstance(value, Instance) for value in values):
            raise ValueError(_ONE_TABLE)
        found[data] = Rows(to.source(features), to.source(target), to.source(weight) if weight is not None else "")
    return found


def split_table(given: dict[str, ast.expr], to: Rewriter) -> tuple[ast.expr, ast.expr] | None:
    """The dataset of which ``X`` and ``y`` are the columns, and the name of the target; None for others."""
    features, target = (_made_by(given.get(name), to) for name in KEYS["training_data"][:2])
    if features is None or target is None or features.receiver is None or target.receiver is None:
        return None
    if not (features.symbol.endswith(".drop_columns") and target.symbol.endswith(".keep_columns")):
        return None
    dropped, kept = (use.argument("columns", position=0) for use in (features, target))
    whole = to.evaluator.value(features.receiver)
    same = whole is not None and whole == to.evaluator.value(target.receiver)
    label = _only(kept)
    if not same or label is None or ast.dump(label) != ast.dump(_only(dropped) or ast.Constant(None)):
        return None
    return features.receiver, label


def _made_by(node: ast.expr | None, to: Rewriter) -> Use | None:
    use = to.maker(node)
    return use if use is not None and use.call is not None else None


def _only(columns: ast.expr | None) -> ast.expr | None:
    """The column of ``columns="a"`` and ``columns=["a"]``."""
    if isinstance(columns, (ast.List, ast.Tuple)):
        return columns.elts[0] if len(columns.elts) == 1 else None
    return columns


def rows_of_script(script: ast.expr, to: Rewriter) -> dict[str, Rows]:
    """The tables of what ``get_data()`` of a script gives. Raises ValueError for a script that reads what only the job
    has."""
    text = _text_of(script, to)
    if "AZUREML_DATAREFERENCE" in text:
        raise ValueError(
            "the script of data_script reads what a step writes: let a step write an MLTable with the target in a "
            "column, and give it to the job as training_data"
        )
    data = to.fresh("data")
    setup = f'{data} = {to.need_module("runpy")}.run_path({to.source(script)})["get_data"]()'
    found = {}
    for at, (keyword, names) in enumerate(KEYS.items()):
        if at and not (f'"{names[0]}"' in text or f"'{names[0]}'" in text):
            continue
        features, target, weight = (f'{data}["{name}"]' for name in names)
        weighted = f'"{names[2]}"' in text or f"'{names[2]}'" in text
        found[keyword] = Rows(features, target, weight if weighted else "", () if at else (setup,))
    return found


def _text_of(script: ast.expr, to: Rewriter) -> str:
    """The text of a script, if it is a module of the project; "" else."""
    try:
        path = Static(to, script).value(script)
    except NotKnownError:
        return ""
    return to.module_text(Path(posixpath.normpath(posixpath.join(to.path.parent.as_posix(), str(path))))) or ""


def save_table(frame: str, folder: str, at: ast.stmt, setup: tuple[str, ...], to: Rewriter) -> str:
    """The Input of a data frame, which is saved as a table above a statement."""
    os, mltable, make = to.need_module("os"), to.need_module("mltable"), to.need("azure.ai.ml", "Input")
    lines = [
        *setup,
        f'{os}.makedirs("{folder}", exist_ok=True)',
        f'{frame}.to_csv("{folder}/rows.csv", index=False)',
        f'{mltable}.from_delimited_files([{{"file": "{folder}/rows.csv"}}]).save("{folder}")',
    ]
    to.before(at, "\n".join(lines))
    return f'{make}(type="mltable", path="{folder}")'
