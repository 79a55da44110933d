"""Transfers of data, as `amlbridge migrate` writes them for SDK v2, which has no step for them.

A DataTransferStep of SDK v1 becomes a command that copies with ``cp -r``, on a compute instead of a Data Factory. Here
such a command is what it means: a copy of one input to one output. What it copies shows in the files.
"""

from __future__ import annotations

import re
from dataclasses import replace

from amlbridge.compare import shell_lines
from amlbridge.engine.plan import Command, Environment, InputRef, Node, OutputRef, Plan, Resources, Value

_BETWEEN = re.compile(r"(?:/\.)? ")


def plain(plan: Plan) -> Plan:
    """The Plan in which each such command is a transfer, and transfers say no more than what goes where."""
    nodes = tuple(_plain(node) if node.kind == "transfer" or _copies(node) else node for node in plan.nodes)
    return replace(plan, nodes=nodes) if nodes != plan.nodes else plan


def _plain(node: Node) -> Node:
    return replace(
        node,
        kind="transfer",
        command=Command(),
        code=None,
        environment=Environment(),
        resources=Resources("any"),  # a Data Factory here, a compute there
        inputs={name: replace(item, type="any", mode="mount") for name, item in node.inputs.items()},
        outputs={name: replace(item, type="any", mode="mount") for name, item in node.outputs.items()},
        options={},
    )


def _copies(node: Node) -> bool:
    """Whether a command copies its only input to its only output, and does nothing else."""
    if node.kind != "command" or not len(node.inputs) == len(node.outputs) == 1:
        return False
    match shell_lines.line(node.command):
        case (Value(value="cp -r "), InputRef(), Value(value=str(between)), OutputRef()):
            return _BETWEEN.fullmatch(between) is not None
    return False
