"""Other spellings of the same expressions: texts, chains of calls, unpacked arguments."""

from __future__ import annotations

import ast
from collections.abc import Callable

from tests.support.rewritings.calls import in_statements
from tests.support.rewritings.code import Program, assigned, name, unparsed, uses


def in_f_strings(text: str) -> Program | None:
    """``print(f"{x.id}")`` instead of ``print(x.id)``."""
    return _printed(text, lambda value: ast.JoinedStr([ast.FormattedValue(value, -1)]))


def in_format(text: str) -> Program | None:
    """``print("{}".format(x.id))``."""
    dotted = ast.Attribute(ast.Constant("{}"), "format", ast.Load())
    return _printed(text, lambda value: ast.Call(dotted, [value], []))


def in_percent(text: str) -> Program | None:
    """``print("%s" % x.id)``."""
    return _printed(text, lambda value: ast.BinOp(ast.Constant("%s"), ast.Mod(), ast.Tuple([value], ast.Load())))


def _printed(text: str, written: Callable[[ast.expr], ast.expr]) -> Program | None:
    """What is printed of SDK v1 written as a text."""
    tree = ast.parse(text)
    found, changed = {use.node for use in uses(tree)}, False
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            for place, value in enumerate(node.args):
                if (value in found or (isinstance(value, ast.Call) and value.func in found)) and _is_short(value):
                    node.args[place] = written(value)
                    changed = True
    return Program(unparsed(tree.body)) if changed else None


def _is_short(value: ast.expr) -> bool:
    """Whether Python 3.11 takes it in an f-string: nothing in it has quotes."""
    return not any(isinstance(node, (ast.Constant, ast.JoinedStr)) for node in ast.walk(value))


def unchained(text: str) -> Program | None:
    """``x = a.b()`` and ``x.c()`` instead of ``a.b().c()``."""
    tree, number = ast.parse(text), 0
    for block, statement, use in in_statements(tree):
        func = use.call.func if use.call is not None else use.node
        if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Call):
            number += 1
            block.insert(block.index(statement), assigned(f"part_{number}", func.value))
            func.value = name(f"part_{number}")
            break  # what is in a chain comes in an order of its own: one at a time
    return Program(unparsed(tree.body)) if number else None


def starred(text: str) -> Program | None:
    """Arguments without keywords in a list above the call."""
    tree, number = ast.parse(text), 0
    for block, statement, use in in_statements(tree):
        call = use.call
        if call is None or len(call.args) < 2 or any(isinstance(value, ast.Starred) for value in call.args):
            continue
        if any(isinstance(inner, ast.Call) for value in call.args for inner in ast.walk(value)):
            continue
        number += 1
        block.insert(block.index(statement), assigned(f"values_{number}", ast.List(call.args, ast.Load())))
        call.args = [ast.Starred(name(f"values_{number}"), ast.Load())]
    return Program(unparsed(tree.body)) if number else None
