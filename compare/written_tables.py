"""Tables of steps, as `amlbridge migrate` writes them for SDK v2.

SDK v1 says where an output is read that its files are a table (``read_delimited_files``, ``parse_parquet_files``): a
Plan has that in :attr:`Input.transformations`. SDK v2 has it in a file ``MLTable`` beside the data, which the step that
writes them writes at the end of its command. Here such a step runs its script, and the file is known.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace

from amlbridge.compare import shell_lines
from amlbridge.compare.result import Check, different
from amlbridge.engine.plan import Command, Node, NodePort, OutputRef, Plan, Value

#: The file that describes a table, in the folder of the output.
FILE = "MLTable"
_QUOTED = r"""'(?:[^']|'"'"')*'"""
_TAIL = re.compile(rf"\s*&&\s*echo (?P<table>{_QUOTED}) >\s*$", re.DOTALL)
_RECEIVED_TAIL = re.compile(rf"\s*&&\s*echo {_QUOTED} >\s*\S+/{FILE}\s*$", re.DOTALL)


def plain(plan: Plan) -> tuple[Plan, Mapping[NodePort, str]]:
    """The Plan without the ends of commands that describe outputs, and these: output -> the text of its MLTable."""
    tables: dict[NodePort, str] = {}
    nodes = tuple(_plain(node, tables) for node in plan.nodes)
    return (replace(plan, nodes=nodes) if tables else plan), tables


def _plain(node: Node, tables: dict[NodePort, str]) -> Node:
    found = _without_tail(node.command)
    while found is not None:
        command, name, table = found
        tables[NodePort(node.id, name)] = table
        outputs = {**node.outputs}
        if name in outputs and outputs[name].type == "mltable":
            outputs[name] = replace(outputs[name], type="uri_folder")
        node = replace(node, command=command, outputs=outputs)
        found = _without_tail(node.command)
    return node


def _without_tail(command: Command) -> tuple[Command, str, str] | None:
    """The command before a table is described, the output and the description."""
    match shell_lines.line(command):
        case (*rest, Value(value=str(text)), OutputRef(name=name), Value(value=str(end))) if end.strip() == f"/{FILE}":
            tail = _TAIL.search(text)
            if tail is not None:
                (table,) = shlex.split(tail["table"])
                return shell_lines.script((*rest, Value(text[: tail.start()]))), name, table
    return None


def received(line: str) -> str:
    """A line that a step was started with, without the tables that it describes in the end."""
    while (short := _RECEIVED_TAIL.sub("", line)) != line:
        line = short
    return line


def compare(
    name: str, ports: tuple[NodePort, NodePort], plans: tuple[Plan, Plan], tables: tuple[Mapping[NodePort, str], ...]
) -> list[Check]:
    """Whether both sides take an output for a table. How SDK v1 reads one and what an MLTable says of it is compared by
    what comes of it; two MLTables are compared by their text."""
    subject = f"table of output {name}"
    texts = [found.get(port) for found, port in zip(tables, ports, strict=True)]
    if texts[0] is None and texts[1] is None:
        return []
    if texts[0] is not None and texts[1] is not None:
        return [
            Check("graph", subject) if texts[0] == texts[1] else different("graph", subject, "not the same", *texts)
        ]
    side = 0 if texts[0] is None else 1
    if any(item.transformations for node in plans[side].nodes for item in node.inputs.values()
           if item.source == ports[side]):  # fmt: skip
        told = "the step that reads it, and a file MLTable that the other side writes beside it"
        return [Check("graph", subject, facts={"left out": f"{told}: compared by what is read"})]
    shown = ["(no table)" if text is None else text for text in texts]
    return [different("graph", subject, f"nothing reads it as a table on the {('left', 'right')[side]}", *shown)]
