"""Which keys the dict has that an expression stands for, where its values are known only when the code runs: of dicts
that branches change, of dicts in dicts, of what functions give and callers pass, of JSON and YAML files of the project.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from amlbridge.migrate.analysis.dicts import changes_of, follows
from amlbridge.migrate.analysis.functions import returns
from amlbridge.migrate.analysis.scopes import Binding
from amlbridge.migrate.analysis.values import Evaluator, Function, Instance, Symbol
from amlbridge.migrate.text.trees import called_name

#: How many variables and functions lie between a dict and its use.
_DEPTH = 12
#: What reads a file: module or object, and function.
_READERS = frozenset({"load", "loads", "safe_load", "full_load"})


@dataclass(frozen=True)
class Shape:
    """The keys of a dict. ``parts``: the shapes of values that are dicts, None for others; ``optional``: keys that it
    may not have; ``objects``: keys of objects of SDK v1."""

    parts: dict[str, Shape | None]
    optional: frozenset[str] = field(default_factory=frozenset)
    objects: frozenset[str] = field(default_factory=frozenset)


def shape_of(node: ast.expr | None, evaluator: Evaluator, depth: int = _DEPTH) -> Shape | None:
    """The shape of a dict, None where it cannot be told."""
    if node is None or depth == 0:
        return None
    ask: Callable[[ast.expr | None], Shape | None] = lambda part: shape_of(part, evaluator, depth - 1)  # noqa: E731
    if isinstance(node, ast.Dict):
        return _of_pairs(zip(node.keys, node.values, strict=True), evaluator, ask)
    if isinstance(node, ast.IfExp):
        return _merged([ask(node.body), ask(node.orelse)])
    if isinstance(node, ast.Name):
        return _of_name(node, evaluator, depth - 1)
    if isinstance(node, ast.Attribute):
        return _of_attribute(node, evaluator, ask)
    if isinstance(node, ast.Subscript):
        return _part(ask(node.value), node.slice, evaluator)
    return _of_call(node, evaluator, depth - 1) if isinstance(node, ast.Call) else None


def _of_pairs(
    pairs: Iterator[tuple[ast.expr | None, ast.expr]],
    evaluator: Evaluator,
    ask: Callable[[ast.expr | None], Shape | None],
) -> Shape | None:
    found: dict[str, Shape | None] = {}
    optional: set[str] = set()
    objects: set[str] = set()
    for key, value in pairs:
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            found[key.value] = ask(value)
            optional.discard(key.value)
            objects |= {key.value} if isinstance(evaluator.value(value), (Instance, Symbol)) else set()
            continue
        inner = ask(value) if key is None else None
        if inner is None:
            return None
        optional |= inner.optional - found.keys()
        objects |= inner.objects
        found.update(inner.parts)
    return Shape(found, frozenset(optional), frozenset(objects))


def _merged(shapes: Sequence[Shape | None]) -> Shape | None:
    """The shape of a dict that is one of several."""
    known = [shape for shape in shapes if shape is not None]
    if not known or len(known) < len(shapes):
        return None
    keys = dict.fromkeys(key for shape in known for key in shape.parts)
    parts = {key: next((shape.parts[key] for shape in known if shape.parts.get(key)), None) for key in keys}
    missing = {key for key in keys if any(key not in shape.parts or key in shape.optional for shape in known)}
    return Shape(parts, frozenset(missing), frozenset().union(*(shape.objects for shape in known)))


def _of_name(node: ast.Name, evaluator: Evaluator, depth: int) -> Shape | None:
    found = evaluator.scopes.lookup(node.id, node)
    if len(found) == 1 and found[0].kind == "parameter":
        return _merged([shape_of(value, by, depth) for by, value in evaluator.given(found[0].scope.node, node.id)])
    if not found or any(binding.kind != "assign" for binding in found):
        return None
    shape = _merged([shape_of(binding.value, evaluator, depth) for binding in found])
    for statement, more in changes_of(node, evaluator):
        ask = lambda part: shape_of(part, evaluator, depth)  # noqa: E731
        added = _of_pairs(iter(more), evaluator, ask) if more is not None else None
        if shape is None or added is None:
            return None
        always = len(found) == 1 and follows(statement, found[0], node, evaluator)
        now_there = added.parts.keys() - added.optional if always else set()
        gone = (shape.optional | (added.parts.keys() - shape.parts.keys())) - now_there
        shape = Shape({**shape.parts, **added.parts}, frozenset(gone), shape.objects | added.objects)
    return shape


def _of_attribute(
    node: ast.Attribute, evaluator: Evaluator, ask: Callable[[ast.expr | None], Shape | None]
) -> Shape | None:
    """The dict that an object of a class of the module keeps: ``self.config``."""
    owner = next((part for part in evaluator.scopes.ancestors(node) if isinstance(part, ast.ClassDef)), None)
    if owner is None or not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
        return None
    for other in ast.walk(owner):
        changed = isinstance(other, ast.Subscript) and not isinstance(other.ctx, ast.Load)
        if changed and ast.dump(other.value) == ast.dump(node):  # type: ignore[attr-defined]
            return None
    return _merged([ask(value) for value in evaluator.assigned(owner).get(node.attr, ())])


def _part(shape: Shape | None, key: ast.expr, evaluator: Evaluator) -> Shape | None:
    """The shape of an item: of a name that is known, or of any."""
    if shape is None:
        return None
    text = evaluator.text(key)
    return shape.parts.get(text) if text is not None else _merged(list(shape.parts.values()))


def _of_call(node: ast.Call, evaluator: Evaluator, depth: int) -> Shape | None:
    ask: Callable[[ast.expr | None], Shape | None] = lambda part: shape_of(part, evaluator, depth)  # noqa: E731
    named = called_name(node)
    called = evaluator.value(node.func)
    if isinstance(called, Function):
        return _merged([shape_of(value, called.evaluator, depth) for value in returns(called.node)])
    if isinstance(called, Symbol):
        return None
    if isinstance(node.func, ast.Name) and named == "dict":
        pairs = [(ast.Constant(one.arg) if one.arg else None, one.value) for one in node.keywords]
        return _of_pairs(iter([*((None, part) for part in node.args), *pairs]), evaluator, ask)
    if isinstance(node.func, ast.Attribute) and named in ("copy", "deepcopy"):
        return ask(node.args[0] if node.args else node.func.value)
    if isinstance(node.func, ast.Attribute) and named == "get" and node.args:
        return _part(ask(node.func.value), node.args[0], evaluator)
    if named in _READERS and node.args:
        return _of_content(evaluator.surroundings.content(_path_of(node.args[0], evaluator, depth)))
    return None


def _of_content(content: object) -> Shape | None:
    if not isinstance(content, dict):
        return None
    return Shape({str(key): _of_content(value) for key, value in content.items()})


def _path_of(node: ast.expr, evaluator: Evaluator, depth: int) -> str:
    """The path of the file that an expression is, opens, or has read; "" where it cannot be told."""
    if depth == 0:
        return ""
    if (text := evaluator.text(node)) is not None:
        return text
    if isinstance(node, ast.Name):
        found = evaluator.scopes.lookup(node.id, node)
        binding: Binding | None = found[0] if len(found) == 1 else None
        if binding is not None and binding.kind == "parameter":
            given = {_path_of(value, by, depth - 1) for by, value in evaluator.given(binding.scope.node, node.id)}
            return given.pop() if len(given) == 1 else ""
        return _path_of(binding.value, evaluator, depth - 1) if binding is not None and binding.value else ""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return _path_of(node.right, evaluator, depth - 1)
    if not isinstance(node, ast.Call):
        return ""
    named = called_name(node)
    if named in ("read", "read_text", "open") and isinstance(node.func, ast.Attribute) and named != "open":
        return _path_of(node.func.value, evaluator, depth - 1)
    if named in ("open", "Path", "abspath") and node.args:
        return _path_of(node.args[0], evaluator, depth - 1)
    if named == "join" and node.args:  # os.path.join(os.path.dirname(__file__), "config", "aml.json")
        parts = [evaluator.text(part) for part in node.args]
        known = parts[max((index for index, part in enumerate(parts) if part is None), default=-1) + 1 :]
        return "/".join(part for part in known if part is not None)
    return ""
