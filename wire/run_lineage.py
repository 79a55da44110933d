"""Which datasets a run has read and written: ``inputDatasets`` and ``outputDatasets`` of ``run.get_details()``.

The shapes are DatasetLineage and OutputDatasetLineage of the v1 client; it makes a dataset of each ``savedId``.
"""

from __future__ import annotations

from typing import Any

from amlbridge.engine.records.runs import Run
from amlbridge.engine.records.workspaces import Workspace
from amlbridge.wire.context import Service

_SAVED = "azureml://saved_datasets/"
#: Mode of a Plan's input or output -> how the client calls it.
_MECHANISMS = {"direct": "Direct", "mount": "Mount", "download": "Download", "upload": "Upload"}


def inputs(run: Run) -> list[dict[str, Any]]:
    """The datasets that the engine gave a step. Data references and outputs of other steps are no datasets."""
    found = []
    modes = run.execution.get("modes", {})
    for name, reference in run.execution.get("inputs", {}).items():
        if not reference["uri"].startswith(_SAVED):
            continue
        details: dict[str, Any] = {"inputName": name, "mechanism": _MECHANISMS[modes.get(name, "direct")]}
        # A sweep has no path of its own: its trials have.
        path = run.execution.get("values", {}).get(name)
        if details["mechanism"] != "Direct" and path is not None:
            details["pathOnCompute"] = path
        identifier = {"savedId": reference["uri"].removeprefix(_SAVED)}
        found.append({"identifier": identifier, "consumptionType": "RunInput", "inputDetails": details})
    return found


def add_output(service: Service, workspace: Workspace, run_id: str, name: str, saved_id: str, mode: str) -> None:
    """Notes that a run has written the dataset ``saved_id`` as its output ``name``."""
    lineage = {
        "identifier": {"savedId": saved_id},
        "outputType": "RunOutput",
        "outputDetails": {"outputName": name, "mechanism": _MECHANISMS[mode]},
    }

    def change(run: Run) -> dict[str, Any]:
        others = [item for item in run.extra.get("outputDatasets", []) if item != lineage]
        return {"extra": {**run.extra, "outputDatasets": [*others, lineage]}}

    service.records.runs.change(workspace.id, run_id, change)
