"""Functions that converted code calls and that SDK v2 has not: they are written above the code that needs them."""

from __future__ import annotations

import ast
from typing import cast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.attempt import NEW
from amlbridge.migrate.rewriter import Rewriter

_LISTING = '''def {name}(run_id, folder=None):
    """The paths of the files of a run, also of those in folders of folders."""
    found = []
    for item in {mlflow}.MlflowClient().list_artifacts(run_id, folder):
        found += {name}(run_id, item.path) if item.is_dir else [item.path]
    return found


'''


def add_above(at: ast.stmt, code: str, names: tuple[str, ...], to: Rewriter) -> None:
    """Writes functions above the statement of the module that a statement is in. ``names``: what they are called."""
    to.memory[NEW] = (*cast("tuple[str, ...]", to.memory.get(NEW, ())), *names)
    around = [at, *(node for node in to.evaluator.scopes.ancestors(at) if isinstance(node, ast.stmt))]
    body = to.evaluator.tree.body
    above = body[body.index(around[-1]) - 1] if around[-1] is not body[0] else None
    if above is None or around[-1] is at or isinstance(above, (ast.Import, ast.ImportFrom)):
        to.before(around[-1], code)
    else:  # a comment above a function stays there
        to.after(above, code)


def listing_function(use: Use, mlflow: str, to: Rewriter) -> str:
    """The name of the function that lists the files of a run, which MLflow lists a folder at a time. It is above the
    first statement of the module that may call it. ``mlflow``: what the module calls MLflow."""
    if "listing function" not in to.memory:
        name = to.fresh("artifact_paths")
        places = [other.statement for other in to.uses if other.symbol.endswith(".get_file_names")]
        first = min([use.statement, *places], key=lambda statement: (statement.lineno, statement.col_offset))
        add_above(first, _LISTING.format(name=name, mlflow=mlflow), (name,), to)
        to.memory["listing function"] = name
    return str(to.memory["listing function"])
