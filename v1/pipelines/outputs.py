"""Where the outputs of a step lie."""

from __future__ import annotations

from typing import Any

from amlbridge.engine.records.runs import Run
from amlbridge.v1.pipelines import data_locations, run_records
from amlbridge.v1.pipelines.entities import make_routes, node_path
from amlbridge.wire.context import Call
from amlbridge.wire.routing import Reply

routes = make_routes()


def of_step(call: Call, run: Run) -> dict[str, dict[str, Any]]:
    """A NodeOutput for each output of a step, once the step has started."""
    found = {}
    for name, place in (run.execution.get("outputs") or {}).items():
        location = data_locations.of_path(call.service, call.workspace, place["datastore"], place["path"])
        found[name] = {
            "DataTypeId": "AnyFile",
            "LogicalSizeInBytes": 0,
            "PhysicalSizeInBytes": 0,
            "Hash": None,
            "DataLocation": location,
        }
    return found


@routes.post("/PipelineRuns/{run_id}/Outputs")
def get_node_outputs(call: Call) -> Reply:
    """The outputs of a node by name: none before it has started."""
    return of_step(call, run_records.step_run(call, run_records.engine_run(call), node_path(call)))
