"""Values that are known without running the code: literals, names that are bound once, paths beside the module."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from amlbridge.migrate.analysis.scopes import Binding
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.rewriter import Rewriter

#: Functions of ``os.path`` and ``os`` by their last name; a relative path stays one: it counts from where a script is
#: started.
_FUNCTIONS: dict[str, Callable[..., str]] = {
    "join": posixpath.join,
    "dirname": posixpath.dirname,
    "normpath": posixpath.normpath,
    "abspath": posixpath.normpath,
    "realpath": posixpath.normpath,
    "fspath": str,
    "str": str,
    "getcwd": lambda: ".",
}
_MODULES = frozenset({"", "os", "path", "osp", "os.path"})
_PATHS = frozenset({"Path", "PurePath", "PosixPath", "PurePosixPath"})
#: Methods and attributes of a pathlib path that do not look at the disk, but for links.
_PATH_METHODS = frozenset({"resolve", "absolute", "as_posix", "joinpath", "expanduser"})


class NotKnownError(ValueError):
    """A value that is known only when the code runs."""


def parsed(code: str) -> ast.expr:
    """Generated code as an expression. Raises NotKnownError where it is none: the rule then refuses it."""
    try:
        return ast.parse(code.strip(), mode="eval").body
    except SyntaxError as error:
        raise NotKnownError(f"{code} cannot be parsed") from error


class Static:
    """Evaluates expressions. ``read``: the assignments that it has looked through."""

    def __init__(self, to: Rewriter, at: ast.expr) -> None:
        self._to = to
        self._at = at
        self.read: list[Binding] = []

    def code(self, code: str) -> Any:
        """The value of generated code, at the place of the evaluator's node. Raises NotKnownError."""
        return self.value(parsed(code))

    def value(self, node: ast.expr) -> Any:
        """The value of an expression: scalars, lists, dicts, paths. Raises NotKnownError."""
        match node:
            case ast.Constant():
                return node.value
            case ast.List() | ast.Tuple():
                return [item for element in node.elts for item in self._items(element)]
            case ast.Dict():
                return self._dict(node)
            case ast.JoinedStr():
                return "".join(self._part(part) for part in node.values)
            case ast.BinOp():
                return self._operation(node)
            case ast.UnaryOp(op=ast.USub()):
                return self._number(-1, node.operand)
            case ast.Name():
                return self._name(node)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Call():
                return self._call(node)
        raise NotKnownError(ast.unparse(node))

    def binding(self, name: ast.Name) -> Binding:
        """The one assignment that a name can have its value from. Raises NotKnownError when there are others."""
        at = name if name in self._to.evaluator.scopes.parents else self._at
        bindings = self._to.evaluator.scopes.lookup(name.id, at)
        if not bindings or len(bindings[0].scope.bindings[name.id]) != 1 or bindings[0].kind != "assign":
            raise NotKnownError(name.id)
        return bindings[0]

    def _name(self, node: ast.Name) -> Any:
        if node.id == "__file__":
            return self._to.path.as_posix()
        binding = self.binding(node)
        if binding.value is None:
            raise NotKnownError(node.id)
        value = self.value(binding.value)
        if isinstance(value, (list, dict)) and self._is_changed(node.id):
            raise NotKnownError(node.id)
        self.read.append(binding)
        return value

    def _is_changed(self, name: str) -> bool:
        """Whether a list or a dict may be changed after it was made."""
        parents = self._to.evaluator.scopes.parents
        return any(
            isinstance(parents.get(read), (ast.Attribute, ast.Subscript, ast.AugAssign))
            for read in Objects.of(self._to).reads(name)
        )

    def _items(self, element: ast.expr) -> list[Any]:
        if not isinstance(element, ast.Starred):
            return [self.value(element)]
        inner = self.value(element.value)
        if not isinstance(inner, list):
            raise NotKnownError(ast.unparse(element))
        return inner

    def _dict(self, node: ast.Dict) -> dict[Any, Any]:
        found = {}
        for key, item in zip(node.keys, node.values, strict=True):
            if key is None:
                raise NotKnownError(ast.unparse(node))
            found[self.value(key)] = self.value(item)
        return found

    def _part(self, part: ast.expr) -> str:
        if not isinstance(part, ast.FormattedValue):
            return str(self.value(part))
        if part.conversion != -1 or part.format_spec is not None:
            raise NotKnownError(ast.unparse(part))
        return str(self.value(part.value))

    def _number(self, sign: int, node: ast.expr) -> Any:
        value = self.value(node)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise NotKnownError(ast.unparse(node))
        return sign * value

    def _operation(self, node: ast.BinOp) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.Add) and type(left) is type(right) and isinstance(left, (str, list)):
            return left + right
        if isinstance(node.op, ast.Div) and isinstance(left, PurePosixPath):
            return left / str(right)
        raise NotKnownError(ast.unparse(node))

    def _attribute(self, node: ast.Attribute) -> Any:
        value = self.value(node.value)
        if isinstance(value, PurePosixPath) and node.attr == "parent":
            return value.parent
        raise NotKnownError(ast.unparse(node))

    def _call(self, node: ast.Call) -> Any:
        owner, _, name = ast.unparse(node.func).rpartition(".")
        if node.keywords:
            raise NotKnownError(ast.unparse(node))
        if owner in ("", "pathlib") and name in _PATHS:
            return PurePosixPath(*[str(self.value(argument)) for argument in node.args])
        if name in _FUNCTIONS and owner in _MODULES:
            try:
                return _FUNCTIONS[name](*[str(self.value(argument)) for argument in node.args])
            except TypeError as error:
                raise NotKnownError(ast.unparse(node)) from error
        if isinstance(node.func, ast.Attribute) and name in _PATH_METHODS:
            value = self.value(node.func.value)
            if isinstance(value, PurePosixPath):
                value = value.joinpath(*[str(self.value(argument)) for argument in node.args])
                return str(value) if name == "as_posix" else PurePosixPath(posixpath.normpath(value))
        raise NotKnownError(ast.unparse(node))


def folder_of(value: Any, to: Rewriter, holding: str = "") -> Path | None:
    """The folder on disk that a path means, inside of the folders that are converted; None when there is none.

    A relative path counts from where the script is started: its own folder, or a folder above it. ``holding``: a file
    that should be in the folder, which tells folders of one name apart; one above without it is another folder.
    """
    places = _places(value, to)
    found = [place for place in places if (place.is_dir() or place in to.folders) and _is_inside(place, to)]
    own = [place for place in found if not holding or place == places[0] or place in to.folders]
    return next((place for place in found if holding and (place / holding).is_file()), next(iter(own), None))


def file_of(value: Any, to: Rewriter) -> Path | None:
    """The file that a path means, found as ``folder_of`` finds folders; None when there is none."""
    return next((place for place in _places(value, to) if place.is_file()), None)


def _places(value: Any, to: Rewriter) -> list[Path]:
    path = Path(str(value).replace("\\", "/"))
    inside = [folder for folder in (to.path.parent, *to.path.parent.parents) if _is_inside(folder, to)]
    places = [path] if path.is_absolute() else [folder / path for folder in inside]
    return [Path(posixpath.normpath(place)) for place in places]


def _is_inside(folder: Path, to: Rewriter) -> bool:
    return any(folder.resolve().is_relative_to(root.resolve()) for root in to.roots)
