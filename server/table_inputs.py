"""The tables of AutoML steps as plain files, whichever SDK named them."""

from __future__ import annotations

from pathlib import Path

from amlbridge.engine.host import StepContext
from amlbridge.engine.plan import DataReference, Input
from amlbridge.v1 import dataset_paths, dataset_rows
from amlbridge.wire.context import Service

_STORE, _DATASET = "azureml://datastores/", "azureml://saved_datasets/"


def rows_of_dataset(
    service: Service, context: StepContext, name: str, item: Input, reference: DataReference
) -> Path | None:
    """The rows of a dataset of SDK v1, or of an output that is read as one; None for any other input. Raises a 4xx
    :class:`~amlbridge.wire.errors.ServiceError`."""
    if context.node.kind != "automl" or item.mode == "direct":
        return None
    saved = None
    if reference.uri.startswith(_DATASET):
        saved = reference.uri.removeprefix(_DATASET)
    elif item.transformations is not None and reference.uri.startswith(_STORE):
        store, _, path = reference.uri.removeprefix(_STORE).partition("/paths/")
        saved = dataset_paths.saved_dataset_for_path(service, context.workspace, store, path, item.transformations)
    if saved is None:
        return None
    return dataset_rows.of_dataset(service, context.workspace, saved, context.scratch / f"{name}.rows")


def rows_of_mltable(service: Service, context: StepContext, name: str, path: str) -> str:
    """``path``, or the file with its rows when it is a folder with an MLTable. Raises a 4xx
    :class:`~amlbridge.wire.errors.ServiceError`."""
    folder = Path(path)
    if context.node.kind != "automl" or not (folder / dataset_rows.MLTABLE).is_file():
        return path
    target = context.scratch / f"{name}.rows"
    return str(dataset_rows.of_mltable(service, context.workspace, folder.resolve(), target))
