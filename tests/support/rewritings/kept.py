"""What a module makes, kept elsewhere than in variables: in a dict, a dataclass, attributes, variables of others."""

from __future__ import annotations

import ast
from collections.abc import Callable

from tests.support.rewritings.classes import in_class
from tests.support.rewritings.code import (
    Halves,
    Program,
    Replaced,
    assigned,
    function,
    guarded,
    name,
    parsed,
    stored,
    unparsed,
)


def in_dict(text: str) -> Program | None:
    """The second half reads what the first has made from a dict that it gets."""
    halves = Halves.of(text)
    if halves is None or stored(halves.second) & {*halves.handed}:
        return None
    entries = [ast.Constant(word) for word in halves.handed]
    given = ast.Return(ast.Dict([*entries], [name(word) for word in halves.handed]))
    Replaced(by_name={word: f"made['{word}']" for word in halves.handed}).visit(ast.Module(halves.second, []))
    return _prepared(halves, given, "made")


def in_dataclass(text: str) -> Program | None:
    """The same with a dataclass."""
    halves = Halves.of(text)
    if halves is None:
        return None
    fields = "\n".join(f"    {word}: object" for word in halves.handed)
    halves.parts.imports += parsed("from dataclasses import dataclass")
    halves.parts.definitions += parsed(f"@dataclass\nclass Made:\n{fields}")
    words = [ast.keyword(word, name(word)) for word in halves.handed]
    Replaced(by_name={word: f"made.{word}" for word in halves.handed}).visit(ast.Module(halves.second, []))
    return _prepared(halves, ast.Return(ast.Call(name("Made"), [], words)), "made")


def _prepared(halves: Halves, given: ast.Return, called: str) -> Program:
    prepare, finish = function("prepare", [], [*halves.first, given]), function("finish", [called], halves.second)
    return Program(halves.parts.text(prepare, finish, *guarded(parsed("finish(prepare())"))))


def in_globals(text: str) -> Program | None:
    """The first half in a function that sets variables of the module."""
    halves = Halves.of(text)
    if halves is None or stored(halves.second) & {*halves.handed}:
        return None
    prepare = function("prepare", [], [ast.Global(halves.handed), *halves.first])
    start = parsed("prepare()\nfinish()")
    return Program(halves.parts.text(prepare, function("finish", [], halves.second), *guarded(start)))


def in_nonlocals(text: str) -> Program | None:
    """The first half in a function that sets variables of the one around it."""
    halves = Halves.of(text)
    if halves is None:
        return None
    prepare = function("prepare", [], [ast.Nonlocal(halves.handed), *halves.first])
    unset = [assigned(word, ast.Constant(None)) for word in halves.handed]
    main = function("main", [], [*unset, prepare, *parsed("prepare()"), *halves.second])
    return Program(halves.parts.text(main, *guarded(parsed("main()"))))


def in_attributes_of_loops(text: str) -> Program | None:
    """``for self.x in [...]`` instead of ``self.x = ...``."""
    return _otherwise(text, lambda target, value: ast.For(target, ast.List([value], ast.Load()), [ast.Pass()], []))


def in_attributes_of_with(text: str) -> Program | None:
    """``with nullcontext(...) as self.x`` instead of ``self.x = ...``."""
    return _otherwise(
        text,
        lambda target, value: ast.With(
            [ast.withitem(ast.Call(name("nullcontext"), [value], []), target)], [ast.Pass()]
        ),
        "from contextlib import nullcontext",
    )


def _otherwise(text: str, written: Callable[[ast.expr, ast.expr], ast.stmt], needed: str = "") -> Program | None:
    """Attributes of a class set in another way."""
    program = in_class(text)
    if program is None:
        return None
    tree = ast.parse(program.text)
    changed = False
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            for place, statement in enumerate(node.body):
                if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Attribute):
                    node.body[place] = written(statement.targets[0], statement.value)
                    changed = True
    return Program(unparsed([*parsed(needed), *tree.body])) if changed else None
