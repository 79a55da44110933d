"""What the driver of a copy is told: where from and where to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from amlbridge.engine.host import StepContext
from amlbridge.engine.plan import Json

#: The entry of :attr:`amlbridge.engine.plan.Node.options` that holds a :class:`Transfer`.
OPTION = "transfer"


@dataclass(frozen=True)
class Transfer:
    """The input that is copied and the output that is its copy. The types are ``file`` or ``directory``; None: what
    lies there, and for a destination where nothing lies, the type of the source."""

    source: str
    destination: str
    source_type: str | None = None
    destination_type: str | None = None

    def to_json(self) -> Json:
        """As JSON."""
        return asdict(self)


def document(context: StepContext, arguments: Sequence[str]) -> Json:
    """The driver's JSON; the step has no arguments."""
    found = Transfer(**context.node.options[OPTION])
    return {
        **found.to_json(),
        "source": context.inputs[found.source],
        "destination": str(context.outputs[found.destination].written),
    }
