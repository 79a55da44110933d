"""Where intermediate data of a pipeline are written: SDK v1 says it with the data, SDK v2 with the output of a node."""

from __future__ import annotations

import ast
import json

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.datasets.data import follow
from amlbridge.migrate.models.datasets.paths import DEFAULT_DATASTORE, datastore_name, datastore_path
from amlbridge.migrate.rewriter import Rewriter

#: As SDK v1 lays them out in the datastore of the data: a folder for each run.
_INSIDE = "azureml/${{name}}/${{output_name}}/"
_DEFAULT = json.dumps(f"azureml://datastores/{DEFAULT_DATASTORE}/paths/")


def _store(use: Use, to: Rewriter) -> ast.expr | None:
    """The datastore of the data: where it is that of other data, the one that these are made with, if that is known."""
    store = use.passed("datastore", position=1)
    while isinstance(store, ast.Attribute) and store.attr == "datastore":
        other = follow(store.value, to)
        made = to.use_of(other.root) if other is not None else None
        store = made.passed("datastore", position=1) if made is not None and made.symbol == "PipelineData" else None
    return store


def own_store(use: Use, to: Rewriter) -> list[str]:
    """The path of an output for a ``PipelineData`` of another datastore than the default one; nothing for that."""
    store = _store(use, to)
    path = datastore_path(store, None, to, written=True) if store is not None else _DEFAULT
    if path == _DEFAULT:
        return []
    inside = _INSIDE.replace("{", "{{").replace("}", "}}") if path.startswith("f") else _INSIDE
    return [f"path={path[:-1]}{inside}{path[-1]}"]


def default_store(use: Use, to: Rewriter) -> list[str]:
    """What a ``Pipeline`` with another ``default_datastore`` than that of the workspace says of it in SDK v2."""
    store = use.passed("default_datastore", position=3)
    name, known = datastore_name(store, to) if store is not None else (DEFAULT_DATASTORE, True)
    return (
        [f"default_datastore={json.dumps(name) if known else name}"]
        if (name, known) != (DEFAULT_DATASTORE, True)
        else []
    )
