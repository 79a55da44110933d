"""Which properties of a run code has added itself: those are tags of MLflow now, where the others stay properties."""

from __future__ import annotations

import ast
import re

from amlbridge.migrate.rewriter import Rewriter

#: What a person should know of a filter by such properties.
ADDED = "properties that code adds are tags in MLflow: runs of SDK v1 have them as properties only"
#: The service's own have a prefix (``azureml.git.commit``), or are written in another way (``ContentSnapshotId``).
_PLAIN = re.compile(r"[a-z][a-z0-9_ -]*")
#: Those of AutoML and HyperDrive that are not.
_OF_SERVICE = frozenset(
    {"attribution", "best_child_run_id", "hyperparameters", "iteration", "model_explanation", "model_name"}
    | {"num_iterations", "predicted_cost", "primary_metric", "score", "target", "task_type"}
)


def is_added(key: ast.expr | None, to: Rewriter) -> bool:
    """Whether a property is one that only ``Run.add_properties`` can have given a run."""
    name = to.evaluator.text(key) if key is not None else None
    return name is not None and _PLAIN.fullmatch(name) is not None and name not in _OF_SERVICE
