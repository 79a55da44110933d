"""Where ``%%writefile`` cells of a notebook write to, as far as its cells say it with constants."""

from __future__ import annotations

import ast
import posixpath
import re
from pathlib import PurePosixPath

_HEAD = re.compile(r"^%%(?:writefile|file)\s+(?:-a\s+|--append\s+)?(?P<target>\S.*?)\s*$")
_VARIABLE = re.compile(r"\$\{?(\w+)\}?|\{(\w+)\}")


class Constants:
    """Names that cells bind to texts."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def learn(self, code: str) -> None:
        """Notes the assignments at the top of a cell, which parses or is masked."""
        try:
            tree = ast.parse(code)
        except (SyntaxError, ValueError, RecursionError):
            return
        for node in tree.body:
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                value = self._text(node.value)
                if value is not None:
                    self._values[node.targets[0].id] = value

    def filled(self, text: str) -> str:
        """``text`` with variables replaced by their values; unknown ones stay as they are."""
        return _VARIABLE.sub(lambda match: self._values.get(match[1] or match[2], match[0]), text)

    def _text(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        if isinstance(node, ast.Name):
            return self._values.get(node.id)
        if isinstance(node, ast.Call) and not node.keywords:
            name = ast.unparse(node.func)
            if name == "os.getcwd" and not node.args:
                return "."
            parts = [self._text(argument) for argument in node.args]
            if name == "os.path.join" and parts and all(part is not None for part in parts):
                return posixpath.join(*(part or "" for part in parts))
        return None


def written_file(head: str, constants: Constants) -> PurePosixPath | None:
    """The path that a cell with this first line writes, relative to the notebook's folder; None when it writes none, or
    one elsewhere. Variables that are not known stay in the path."""
    match = _HEAD.match(head)
    if match is None:
        return None
    target = constants.filled(match["target"].strip("\"'"))
    path = PurePosixPath(posixpath.normpath(target))
    return PurePosixPath(path.name) if path.is_absolute() or ".." in path.parts else path
