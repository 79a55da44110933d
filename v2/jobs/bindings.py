"""``${{ … }}``: what a value of a job refers to.

    ${{inputs.x}} ${{outputs.y}} ${{search_space.z}}       in the command of a component
    ${{parent.inputs.k}} ${{parent.jobs.a.outputs.o}}       in the inputs of a node
    ${{parent.outputs.k}}                                   in the outputs of a node

Names of group inputs have dots: ``${{parent.inputs.group.field}}``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ANY = re.compile(r"\$\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_JOB = re.compile(r"(?:parent\.)?jobs\.([^.]+)\.(inputs|outputs)\.(.+)")
_PARENT = re.compile(r"parent\.(inputs|outputs)\.(.+)")
_OWN = re.compile(r"(inputs|outputs|search_space)\.(.+)")


@dataclass(frozen=True)
class Reference:
    """``kind``: inputs | outputs | search_space (of the node itself), parent.inputs, parent.outputs, job (an output or
    input of node ``job``), or macro for anything else; ``name`` is the port."""

    kind: str
    name: str
    job: str = ""
    port: str = "outputs"


def split(text: str) -> list[str | Reference]:
    """A text in pieces: what stands outside of the braces as it is, and what they refer to."""
    pieces: list[str | Reference] = []
    end = 0
    for match in _ANY.finditer(text):
        if match.start() > end:
            pieces.append(text[end : match.start()])
        pieces.append(parse(match[1]))
        end = match.end()
    if end < len(text):
        pieces.append(text[end:])
    return pieces


def whole(text: str) -> Reference | None:
    """The reference that a text consists of; None when it is anything else."""
    match = _ANY.fullmatch(text.strip())
    return parse(match[1]) if match is not None and "{{" not in match[1] else None


def has_any(text: str) -> bool:
    """Whether there is a reference in the text."""
    return _ANY.search(text) is not None


def parse(inner: str) -> Reference:
    """What stands between the braces."""
    if match := _JOB.fullmatch(inner):
        return Reference("job", match[3], match[1], match[2])
    if match := _PARENT.fullmatch(inner):
        return Reference(f"parent.{match[1]}", match[2])
    if match := _OWN.fullmatch(inner):
        return Reference(match[1], match[2])
    return Reference("macro", inner)
