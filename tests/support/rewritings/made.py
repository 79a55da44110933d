"""Other ways to make the objects of a module: what stands where ``x = f()`` stood."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from amlbridge.migrate.analysis.values import Evaluator, Instance
from tests.support.rewritings.code import (
    Parts,
    Program,
    Replaced,
    assigned,
    bodies,
    bound_otherwise,
    function,
    name,
    names_in,
    parsed,
    stored,
    unparsed,
)


def walrus(text: str) -> Program | None:
    """``(x := f())``."""
    return _each(text, lambda target, value: [ast.Expr(ast.NamedExpr(name(target, store=True), value))])


def conditional(text: str) -> Program | None:
    """``x = f() if __debug__ else None``."""
    return _each(
        text, lambda target, value: [assigned(target, ast.IfExp(name("__debug__"), value, ast.Constant(None)))]
    )


def of_lambda(text: str) -> Program | None:
    """``make_x = lambda: f()`` and ``x = make_x()``."""
    return _each(text, _by_lambda)


def _by_lambda(target: str, value: ast.expr) -> list[ast.stmt]:
    nothing = ast.arguments([], [], None, [], [], None, [])
    make = f"make_{target}"
    return [assigned(make, ast.Lambda(nothing, value)), assigned(target, ast.Call(name(make), [], []))]


def lazily(text: str) -> Program | None:
    """``x = None`` and ``if x is None: x = f()``."""
    return _each(
        text, lambda target, value: parsed(f"{target} = None\nif {target} is None:\n    {target} = 0"), fill=True
    )


def each_in_with(text: str) -> Program | None:
    """Each object is made in a block of its own, as one that takes its time."""
    return _each(text, lambda target, value: parsed(f"with nullcontext():\n    {target} = 0"), fill=True, needed=_NULL)


def each_in_try(text: str) -> Program | None:
    """Each object is made in a block that tells of errors."""
    block = "try:\n    {0} = 0\nexcept Exception as error:\n    print(error)\n    raise"
    return _each(text, lambda target, value: parsed(block.format(target)), fill=True)


def in_try_else(text: str) -> Program | None:
    """The first half in a ``try``, the second in its ``else``."""
    parts = Parts.of(ast.parse(text))
    if parts is None or len(parts.body) < 2:
        return None
    (block,) = parsed("try:\n    pass\nexcept OSError:\n    raise\nelse:\n    pass\nfinally:\n    print('done')")
    assert isinstance(block, ast.Try)
    half = len(parts.body) // 2
    block.body, block.orelse = parts.body[:half], parts.body[half:]
    return Program(parts.text(block))


def in_match(text: str) -> Program | None:
    """All in a case of a ``match``."""
    parts = Parts.of(ast.parse(text))
    if parts is None:
        return None
    (block,) = parsed("match __name__:\n    case _:\n        pass")
    assert isinstance(block, ast.Match)
    block.cases[0].body = parts.body
    return Program(parts.text(block))


_NULL = "from contextlib import nullcontext"


def _each(
    text: str,
    written: Callable[[str, ast.expr], list[ast.stmt]],
    fill: bool = False,
    needed: str = "",
) -> Program | None:
    """Each object of SDK v1 that is assigned to a variable made in another way; ``fill``: the value goes in place of
    the ``0`` in what is written."""
    tree = ast.parse(text)
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    changed = False
    for block, statement, target in _objects(tree):
        assert isinstance(statement, ast.Assign)
        new = written(target, statement.value)
        if fill:
            zero = next(node for part in new for node in ast.walk(part) if _is_zero(node))
            new = [Replaced({zero: statement.value}).visit(part) for part in new]  # type: ignore[misc]
        at = block.index(statement)
        block[at : at + 1] = new
        changed = True
    rest = [node for node in tree.body if node not in imports]
    return Program(unparsed([*imports, *parsed(needed), *rest])) if changed else None


def _is_zero(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0 and node.value is not False


def _objects(tree: ast.Module) -> Iterator[tuple[list[ast.stmt], ast.stmt, str]]:
    """The statements that assign an object to a variable, outside of classes' bodies."""
    evaluator, others = Evaluator(tree), bound_otherwise(tree)
    classes = [node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for block in [block for block in bodies(tree) if block not in classes]:
        for node in list(block):
            if not isinstance(node, ast.Assign) or len(node.targets) > 1 or not isinstance(node.targets[0], ast.Name):
                continue
            target = node.targets[0].id
            made = isinstance(node.value, ast.Call) and isinstance(evaluator.value(node.value), Instance)
            if made and target not in others | names_in([node.value]):
                yield block, node, target


def by_properties(text: str) -> Program | None:
    """A class has a property for each object of the top level that needs only such."""
    tree = ast.parse(text)
    parts = Parts.of(tree)
    if parts is None:
        return None
    made, often = dict[str, ast.stmt](), [node.id for node in ast.walk(tree) if _is_set(node)]
    for block, statement, target in _objects(tree):
        assert isinstance(statement, ast.Assign)
        read = names_in([statement.value]) & stored(parts.body)
        if block is tree.body and read <= {*made} and often.count(target) == 1:
            by_name = {word: f"self.{word}" for word in read}
            method = function(target, ["self"], [ast.Return(Replaced(by_name=by_name).visit(statement.value))])  # type: ignore[arg-type]
            method.decorator_list = [name("cached_property")]
            made[target] = method
    rest = [node for node in parts.body if not (isinstance(node, ast.Assign) and _target(node) in made)]
    if not made or not rest:
        return None
    Replaced(by_name={word: f"work.{word}" for word in made}).visit(ast.Module(rest, []))
    parts.imports += parsed("from functools import cached_property")
    cls = ast.ClassDef("Work", [], [], [*made.values()], [])
    return Program(parts.text(cls, *parsed("work = Work()"), *rest))


def _target(node: ast.Assign) -> str:
    return node.targets[0].id if isinstance(node.targets[0], ast.Name) else ""


def _is_set(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
