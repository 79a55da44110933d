"""The folder of a step's own through which an input or output goes: ``output_path_on_compute``, ``path_on_compute``.

SDK v2 has no such folder: a step is given where its data lie. Where the commands of both sides name the input or
output, the step need not know the folder, and what it reads and writes is compared by content.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from amlbridge.compare.ports import named
from amlbridge.compare.result import Check, different
from amlbridge.engine.plan import InputRef, Node, OutputRef

#: The name, among the options of a node, of what its outputs say of the step's own folder.
OPTION = "outputs"
_PATH = "path_on_compute"


def compare_outputs(left: Node, right: Node, pairs: Mapping[str, str]) -> Iterator[Check]:
    """``pairs``: name of an output on the left -> name on the right."""
    ours, theirs = left.options.get(OPTION, {}), right.options.get(OPTION, {})
    back = {other: one for one, other in pairs.items()}
    for name in sorted({*ours, *(back.get(other, other) for other in theirs)}):
        partner = pairs.get(name, name)
        found: list[dict[str, Any]] = [dict(ours.get(name, {})), dict(theirs.get(partner, {}))]
        paths = [one.pop(_PATH, None) for one in found]
        is_given = name in named(left, OutputRef) and partner in named(right, OutputRef)
        yield compare(f"output {name}", paths[0], paths[1], is_given=is_given)
        if found[0] != found[1]:
            yield different("graph", f"files of output {name}", "not the same", found[0], found[1])


def compare_input(name: str, partner: str, left: Node, right: Node) -> Iterator[Check]:
    """The folder of one input, where either side names one."""
    paths = left.inputs[name].path_on_compute, right.inputs[partner].path_on_compute
    if any(paths):
        is_given = name in named(left, InputRef) and partner in named(right, InputRef)
        yield compare(f"input {name}", *paths, is_given=is_given)


def compare(subject: str, left: str | None, right: str | None, *, is_given: bool) -> Check:
    """``is_given``: whether the commands of both sides say where the data are."""
    if left == right:
        return Check("graph", f"path of {subject}")
    if is_given and None in (left, right):
        return Check(
            "graph", f"path of {subject}", facts={"left out": f"{left or right}: the command says where it is"}
        )
    return different("graph", f"path of {subject}", "not the same", left, right)
