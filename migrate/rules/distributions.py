"""What code reads of a distribution, such as ``mpi.node_count`` in a tag of the run.

Handlers of the rule ``commands``, beside those of what makes a distribution.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.environments.environment import assigned
from amlbridge.migrate.models.jobs.settings import is_seen
from amlbridge.migrate.registry import Leave, Outcome, Replace
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.commands import rule

#: Attribute of a distribution of SDK v1 -> that of SDK v2.
_SAME = {
    "MpiConfiguration.process_count_per_node": "process_count_per_instance",
    "TensorflowConfiguration.worker_count": "worker_count",
    "TensorflowConfiguration.parameter_server_count": "parameter_server_count",
}
_COUNTS = ("MpiConfiguration", "PyTorchConfiguration")


@rule.converts(*_SAME)
def read(use: Use, to: Rewriter) -> Outcome:
    """The same under its name in SDK v2."""
    assert use.receiver is not None
    return Replace(f"{to.source(use.receiver)}.{_SAME[use.symbol]}")


@rule.converts(*(f"{kind}.node_count" for kind in _COUNTS))
def read_count(use: Use, to: Rewriter) -> Outcome:
    """The number of nodes, which the command has in SDK v2: as it was given where the distribution was made."""
    count = _node_count(use, to)
    if count is None or not is_seen(count, use, to):
        return Leave("the number of nodes is the command's in SDK v2: read its instance_count")
    return Replace(to.source(count))


def _node_count(use: Use, to: Rewriter) -> ast.expr | None:
    """The only expression that says how many nodes there are; None for none or several. Without one it is 1."""
    value = use.receiver_value
    made = to.maker(use.receiver)
    if made is None or made.call is None or value is None or value.origin is None:
        return None
    given = [
        assigned(change)
        for change in Objects.of(to).members(value.origin)
        if change.symbol == f"{made.symbol}.node_count="
    ]
    argument = made.argument("node_count", position=1)
    said = [*given, *([argument] if argument is not None else [])]
    return said[0] if len(said) == 1 else None
