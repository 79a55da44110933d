"""Shell lines that only call a Python program of the step's own environment: they run as that program, without a shell.

A step of mldesigner's ``@command_component`` is ``mldesigner execute …``: a shell that starts a fresh interpreter,
which imports what the warm ones have. As a Python step it is forked from one of these. Only lines that a shell would
hand over word by word qualify, and only the programs named here, whose behaviour is known.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

#: Programs that run their work in their own process, and only add the current folder to the search path.
_PROGRAMS = ("mldesigner",)
_QUOTED = re.compile(r"'[^']*'")
#: What has no meaning for a shell outside of single quotes.
_PLAIN = re.compile(r"[\w\s./:=,@%+\-]*", re.ASCII)
_FIRST = re.compile(rb"#!(?P<python>/\S+)\s*\n")


def words(line: str, python: str | None) -> tuple[str, ...] | None:
    """The program's file and its arguments, for ``python`` to run; None for a line that a shell has to read, or another
    program, or one that ``python`` does not have."""
    first = line.split(maxsplit=1)[:1]
    if python is None or not first or first[0] not in _PROGRAMS or "\n" in line.strip():
        return None
    if _PLAIN.fullmatch(_QUOTED.sub("", line)) is None:
        return None
    program = Path(python).with_name(first[0])
    try:
        start = _FIRST.match(program.read_bytes())
    except OSError:
        return None
    if start is None or start["python"] != python.encode():
        return None
    return (str(program), *shlex.split(line)[1:])
