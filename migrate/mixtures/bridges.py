"""Bridges: how code that stays SDK v1 gets the v1 object of something that has become v2.

Runs, registered datasets, datastores, computes and models live in the workspace, which both SDKs see: v1 code finds
them again by their name or id. Without a bridge all code that such an object passes through would have to stay v1 as
well.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from amlbridge.migrate.analysis.symbols import lineage
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Evaluator, Function, Instance

#: v1 type -> code that finds the v1 object again, from the workspace and the converted object.
BRIDGES = {
    "AutoMLChildRun": "Run.get({ws}, {it}.info.run_id)",
    "AutoMLRun": "AutoMLRun({ws}.experiments[{it}.experiment_name], {it}.name)",
    "HyperDriveRun": "HyperDriveRun({ws}.experiments[{it}.experiment_name], {it}.name)",
    "Run": "Run.get({ws}, {it}.name)",
    "ComputeTarget": "ComputeTarget({ws}, {it}.name)",
    "Datastore": "Datastore.get({ws}, {it}.name)",
    "Dataset": "Dataset.get_by_name({ws}, {it}.name)",
    "Experiment": "Experiment({ws}, {it})",
    "Model": "Model({ws}, {it}.name, version={it}.version)",
    "Workspace": "Workspace.get({it}.workspace_name, subscription_id={it}.subscription_id,"
    " resource_group={it}.resource_group_name)",
}
#: Where the v1 classes of these calls are imported from.
MODULES = {
    "ComputeTarget": "azureml.core.compute",
    "AutoMLRun": "azureml.train.automl.run",
    "HyperDriveRun": "azureml.train.hyperdrive",
    "Model": "azureml.core.model",
}
#: Types of which the workspace knows all objects.
_KNOWN = frozenset({"AutoMLRun", "HyperDriveRun", "Run", "ComputeTarget", "Datastore", "Model"})
#: Collections of a workspace -> the type of what is in them.
_COLLECTIONS = {"datasets": "Dataset", "datastores": "Datastore", "compute_targets": "ComputeTarget"}
#: Objects of these types that were made in this way are not known to the workspace.
_UNREGISTERED = (".from_", ".get_file_dataset", ".get_tabular_dataset", "upload_directory", "DatasetConsumptionConfig")
#: Types of objects that a call gives among others: ``best_run, model = run.get_output()``.
_PARTS = frozenset({"AutoMLChildRun"})
#: Symbols that make an object which the workspace knows.
_SPECIAL = frozenset({"RunContext", "InteractiveRun", "ParentRun", "ChildRun"})

#: Types whose objects have the same ``name`` in both SDKs.
_SAME_NAME = frozenset({"ComputeTarget", "Datastore"})

#: Names that code which stays SDK v1 reads of what has become v2: texts.
_NAMED = ("Step.name", "PipelineData.name", "OutputFileDatasetConfig.name", "PipelineOutputDataset.name")


def may_be_none(node: ast.AST, evaluator: Evaluator) -> bool:
    """Whether a variable holds None in a branch: ``target = None``."""
    bound = evaluator.scopes.bindings_of(node)
    return any(isinstance(binding.value, ast.Constant) and binding.value.value is None for binding in bound)


def is_plain_name(node: ast.AST, evaluator: Evaluator, makers: Mapping[ast.expr, Use], kept: set[ast.AST]) -> bool:
    """Whether an expression is the name of a step or of its data, which need not stay v1 for the sake of who reads it:
    ``run.find_step_run(train_step.name)``."""
    use = makers.get(node) if isinstance(node, ast.Attribute) else None
    if use is None or not use.symbol.endswith(_NAMED) or use.receiver is None:
        return False
    value = evaluator.value(use.receiver)
    return isinstance(value, Instance) and value.origin is not None and value.origin not in kept


def bridge_of(node: ast.AST, evaluator: Evaluator, makers: Mapping[ast.expr, Use], kept: set[ast.AST]) -> str | None:
    """The type whose bridge leads to the object of a name or attribute; None where there is no bridge."""
    if not isinstance(node, (ast.Name, ast.Attribute)) or not isinstance(node.ctx, ast.Load):
        return None
    value = evaluator.value(node)
    if not isinstance(value, Instance) or value.origin is None or value.origin in kept:
        return None
    if value.type == "Workspace":
        elsewhere = isinstance(node, ast.Attribute) and value.origin not in evaluator.scopes.parents
        return "Workspace" if elsewhere and node not in makers else None
    if value.path == ("[]",) and isinstance(value.origin, ast.Attribute) and value.origin.attr in _COLLECTIONS:
        return next((base for base in lineage(value.type) if base in _COLLECTIONS.values()), None)
    if value.path and value.type not in _PARTS:
        return None
    if value.origin is node or _SPECIAL.intersection(lineage(value.type)):
        return None
    around = evaluator.scopes.parents.get(node)
    if isinstance(around, ast.Attribute) and around.attr == "name" and _SAME_NAME.intersection(lineage(value.type)):
        return None
    made = makers.get(value.origin) if isinstance(value.origin, ast.expr) else None
    if made is None and _is_given(value.origin, evaluator):
        return next((base for base in lineage(value.type) if base in _KNOWN), None)
    if made is None or any(part in made.symbol for part in _UNREGISTERED):
        return None
    return next((base for base in lineage(value.type) if base in BRIDGES), None)


def _is_given(origin: ast.AST, evaluator: Evaluator) -> bool:
    """Whether a function of another module gives the object."""
    return isinstance(origin, ast.Call) and isinstance(evaluator.value(origin.func), Function)
