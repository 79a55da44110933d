"""What is checked before a Plan runs: its kinds of steps, and the values that are given for its parameters."""

from __future__ import annotations

from collections.abc import Mapping

from amlbridge.engine import kinds
from amlbridge.engine.errors import PlanError
from amlbridge.engine.plan import DataReference, Node, Plan, Scalar
from amlbridge.engine.sweep import checks as sweep_checks


def values(plan: Plan, given: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The value of each parameter: the given one, or the Plan's default. Raises :class:`PlanError`."""
    known = {item.name: item for item in plan.parameters}
    unknown = sorted(given.keys() - known.keys())
    if unknown:
        raise PlanError(
            f"unknown parameter {', '.join(unknown)}; this pipeline has: {', '.join(sorted(known)) or 'none'}"
        )
    found = {name: given.get(name, item.default) for name, item in known.items()}
    missing = sorted(name for name, item in known.items() if item.required and name not in given)
    if missing:
        raise PlanError(f"the parameter {', '.join(missing)} has no default and needs a value")
    return found


def data(plan: Plan, given: Mapping[str, DataReference]) -> dict[str, DataReference]:
    """The data of each data parameter: the given one, or the Plan's default. Raises :class:`PlanError`."""
    known = {item.name: item.default for item in plan.data_parameters}
    unknown = sorted(given.keys() - known.keys())
    if unknown:
        names = ", ".join(sorted(known)) or "none"
        raise PlanError(f"unknown data parameter {', '.join(unknown)}; this pipeline has: {names}")
    found = {}
    for name, default in known.items():
        reference = given.get(name, default)
        if reference is None:
            raise PlanError(f"the data parameter {name} has no default and needs a value")
        found[name] = reference
    return found


def only_node(plan: Plan) -> Node:
    """The node of a Plan that is one run. Raises :class:`PlanError`."""
    if len(plan.nodes) != 1 or plan.parameters or plan.data_parameters:
        raise PlanError("a run that is its own step has one node and no parameters")
    check_runnable(plan)
    return plan.nodes[0]


def check_runnable(plan: Plan) -> None:
    """Raises :class:`PlanError` for a step that cannot run here."""
    for node in plan.nodes:
        if node.kind not in kinds.RUNNABLE:
            raise PlanError(f"step {node.name!r} is of kind {node.kind!r}, which this service cannot run yet")
        if node.kind == "sweep":
            sweep_checks.check(node)
