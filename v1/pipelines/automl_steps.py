"""The run of an AutoMLStep, which is the AutoML run as well: ``AutoMLStepRun`` and ``AutoMLRun`` read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amlbridge.engine.plan import Node, Plan
from amlbridge.v1 import automl_properties, graph_automl, graph_parameters
from amlbridge.v1.graph_reading import Fields
from amlbridge.v1.graph_step import Step


def properties(item: Mapping[str, Any], module: Mapping[str, Any], plan: Plan, node: Node) -> dict[str, str]:
    """What the client reads of an AutoML run. ``item`` is the node of the graph. Raises a 400 ServiceError."""
    step = Step(
        Fields(item, f"step {node.name!r}"),
        Fields(module, "the module"),
        graph_parameters.with_values(plan.parameters, {}),
        frozenset(parameter.name for parameter in plan.parameters),
        frozenset(parameter.name for parameter in plan.data_parameters),
    )
    request = graph_automl.read(step.setting, step.parameters, frozenset(node.inputs), f"step {node.name!r}")
    compute = node.resources.compute or plan.settings.default_compute
    return automl_properties.of_request(request, compute)
