"""Whether a node of kind sweep can run: asked when it is submitted."""

from __future__ import annotations

from amlbridge.engine.errors import PlanError
from amlbridge.engine.plan import Command, Node
from amlbridge.engine.sweep import sampling, settings


def check(node: Node) -> None:
    """Raises :class:`PlanError` that names the field, or the package that the sampler lacks."""
    found = settings.of(node)
    settings.check(found)
    sampling.check_available(found)
    if node.command == Command():
        raise PlanError(f"the sweep {node.name!r} has no command to run")
