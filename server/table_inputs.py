"""The tables of AutoML steps as plain files, whichever SDK named them."""

from __future__ import annotations

from pathlib import Path

from amlbridge.engine.host import StepContext
from amlbridge.engine.plan import DataReference, Input
from amlbridge.server import own_programs, step_tables
from amlbridge.v1 import dataset_rows
from amlbridge.wire.context import Service
from amlbridge.wire.errors import bad_request

_DATASET = "azureml://saved_datasets/"


def rows(service: Service, context: StepContext, name: str, item: Input, reference: DataReference) -> Path | None:
    """The rows of a dataset of SDK v1, of an output that is read as one, or of an MLTable; None for files that say for
    themselves what they are, and for the inputs of other steps.

    Raises :class:`~amlbridge.engine.errors.EngineError` and a 4xx :class:`~amlbridge.wire.errors.ServiceError`.
    """
    if context.node.kind != "automl" or item.mode == "direct":
        return None
    table = step_tables.table(service, context, name, item, reference)
    if not table["tabular"]:
        if reference.uri.startswith(_DATASET):
            raise bad_request(
                "the dataset has files, not rows: make a tabular dataset of them, with "
                "Dataset.Tabular.from_delimited_files for instance"
            )
        return None
    paths = [str(file["path"]) for file in table["files"]]
    programs: own_programs.OwnPrograms = service.parts[own_programs.PART]
    return dataset_rows.write(paths, table["transformations"], context.scratch / f"{name}.rows", programs.run)
