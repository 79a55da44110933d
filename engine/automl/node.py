"""A node of kind automl as its driver is told of it. Imports nothing heavy: the service loads this."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from amlbridge.engine import child_runs
from amlbridge.engine.automl.settings import OPTION, AutoMLSettings
from amlbridge.engine.errors import EngineError
from amlbridge.engine.host import StepContext
from amlbridge.engine.plan import Json

SCRIPT = Path(__file__).parent / "step" / "driver.py"
#: The inputs of a node, by what they are; the first one it must have.
INPUTS = ("training_data", "validation_data", "test_data")
#: What an old interface has in place of an input: features, label and weights, each a table of its own.
PARTS = {
    "training_data": ("X", "y", "sample_weight"),
    "validation_data": ("X_valid", "y_valid", "sample_weight_valid"),
}
EVENTS = "events.jsonl"


def driver_settings(context: StepContext, arguments: Sequence[str]) -> Json:
    """What the driver is told; of each input its path or those of its parts, of each output its path, type and (v1)
    training output. Raises :class:`EngineError`."""
    settings = AutoMLSettings.from_json(context.node.options.get(OPTION))
    data: dict[str, Json] = {name: context.inputs[name] for name in INPUTS if context.inputs.get(name)}
    for name, parts in PARTS.items():
        if name not in data and parts[0] in context.inputs:
            data[name] = [context.inputs.get(part) for part in parts]
    if INPUTS[0] not in data:
        raise EngineError("AutoML has no training data: give the step an input training_data")
    return {
        "automl": settings.to_json(),
        "data": data,
        "outputs": {
            name: {
                "path": str(place.written),
                "type": context.node.outputs[name].type,
                "training": context.node.outputs[name].training,
            }
            for name, place in context.outputs.items()
        },
        "run_id": context.run_id,
        "events": str(context.scratch / EVENTS),
        "cancelled": str(child_runs.cancel_folder(context.scratch)),
        "scratch": str(context.scratch / "automl"),
    }
