"""``%run setup.ipynb``: a notebook that runs another one, or a script, has all of its names from then on, as if it
imported them. In the text of a module the line is ``from .setup import *``.
"""

from __future__ import annotations

import re
import shlex
from pathlib import PurePosixPath

_RUN = re.compile(r"^%run\s+(?P<rest>[^#]+?)\s*(?:#.*)?$")
#: How a part of a path is written that is no name of Python: its bytes, as hexadecimal digits.
_ENCODED = re.compile(r"_x((?:[0-9a-f]{2})+)$")


def import_of(line: str) -> str:
    """The import that a magic means; "" for another line, for a path that is only known at run time, for one that is
    not below a folder around the notebook, and for ``-n`` and ``-m``."""
    match = _RUN.match(line)
    if match is None or set("{}$*?") & set(match["rest"]):
        return ""
    try:
        words = shlex.split(match["rest"])
    except ValueError:  # an open quote
        return ""
    file = next((word for word in words if not word.startswith("-")), "")
    options = words[: words.index(file)] if file else words
    path = PurePosixPath(file.replace("\\", "/"))
    if not file or path.is_absolute() or {"-m", "-n"} & set(options):
        return ""
    parts = [*path.parent.parts, path.name.removesuffix(".ipynb").removesuffix(".py")]
    up = 0
    while parts[0] == "..":
        up, parts = up + 1, parts[1:]
    if ".." in parts or not parts[-1]:
        return ""
    return f"from {'.' * (up + 1)}{'.'.join(map(encoded, parts))} import *"


def encoded(part: str) -> str:
    """A part of a path as a name of Python."""
    return part if part.isidentifier() and not _ENCODED.match(part) else f"_x{part.encode().hex()}"


def decoded(name: str) -> str:
    """The part of a path that a name stands for."""
    match = _ENCODED.match(name)
    return bytes.fromhex(match[1]).decode(errors="replace") if match is not None else name
