"""Files of a sweep's best trial that are outputs, as `amlbridge migrate` and `amlbridge trace` write them for SDK v2.

In SDK v1 the step says which file of a trial's folder ``outputs`` is an output (``TrainingOutput``). In SDK v2 a trial
writes its outputs itself, so that its command copies the file in the end. Here such a copy is what it means.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

from amlbridge.compare import shell_lines
from amlbridge.engine.plan import Command, Node, OutputRef, Plan, Value

_TAIL = re.compile(r"""\s*&&\s*cp (?:-r )?(?P<path>'[^']*'|[^\s'"&|;<>$]+) $""")
#: All of the folder, which SDK v1 says by naming no file.
_ALL = "outputs/."


def plain(plan: Plan) -> Plan:
    """The Plan in which sweeps copy nothing: their outputs say which file they are."""
    nodes = tuple(_plain(node) if node.kind == "sweep" else node for node in plan.nodes)
    return replace(plan, nodes=nodes) if nodes != plan.nodes else plan


def _plain(node: Node) -> Node:
    found = _without_tail(node.command)
    while found is not None:
        command, name, path = found
        said = {"type": "Model"} if path == _ALL else {"type": "Model", "model_file": path}
        outputs = {key: replace(item, training=said) if key == name else item for key, item in node.outputs.items()}
        node = replace(node, command=command, outputs=outputs)
        found = _without_tail(node.command)
    return node


def _without_tail(command: Command) -> tuple[Command, str, str] | None:
    """The command before a file is copied, the output and the file."""
    match shell_lines.line(command):
        case (*rest, Value(value=str(text)), OutputRef(name=name)):
            tail = _TAIL.search(text)
            if tail is not None:
                (path,) = shlex.split(tail["path"])
                left = text[: tail.start()]
                return shell_lines.script((*rest, *([Value(left)] if left else []))), name, path
    return None
