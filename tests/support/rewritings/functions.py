"""What a module does in functions of other kinds: coroutines, decorated ones, ones that say types."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.values import Evaluator, Instance
from tests.support.rewritings.code import Halves, Parts, Program, bound_otherwise, function, guarded, movable, parsed
from tests.support.rewritings.helpers import in_helpers

_TIMED = """
def timed(work):
    @wraps(work)
    def around(*args, **kwargs):
        print("start")
        return work(*args, **kwargs)
    return around
"""


def in_coroutine(text: str) -> Program | None:
    """All in ``async def main()``."""
    parts = movable(text)
    if parts is None:
        return None
    main = ast.AsyncFunctionDef("main", ast.arguments([], [], None, [], [], None, []), parts.body, [], None)
    parts.imports += parsed("import asyncio")
    return Program(parts.text(main, *guarded(parsed("asyncio.run(main())"))))


def in_decorated(text: str) -> Program | None:
    """All in a function with a decorator of the module's own."""
    parts = movable(text)
    return parts and _timed(parts, [function("main", [], parts.body)], "main()")


def helpers_decorated(text: str) -> Program | None:
    """Each object comes from a function that keeps what it gives."""
    program = in_helpers(text)
    if program is None:
        return None
    tree = ast.parse(program.text)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("make_"):
            node.decorator_list = [ast.parse("lru_cache(maxsize=None)", mode="eval").body]
    future = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    rest = [node for node in tree.body if node not in future]
    return Program(ast.unparse(ast.Module([*future, *parsed("from functools import lru_cache"), *rest], [])) + "\n")


def in_typed_functions(text: str) -> Program | None:
    """The first half in a function that gives what the second half gets, whose parameters have types."""
    halves = Halves.of(text)
    if halves is None:
        return None
    tree = ast.parse(text)
    evaluator, imported, types = Evaluator(tree), bound_otherwise(tree), dict[str, str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = evaluator.value(node.value)
            if isinstance(value, Instance) and value.type in imported:
                types[node.targets[0].id] = value.type
    if not types.keys() & {*halves.handed}:
        return None
    listed = ", ".join(halves.handed)
    prepare = function("prepare", [], [*halves.first, ast.Return(ast.parse(f"({listed},)", mode="eval").body)])
    finish = function("finish", halves.handed, halves.second)
    for parameter in finish.args.args:
        if parameter.arg in types:
            parameter.annotation = ast.Name(types[parameter.arg], ast.Load())
    words = ", ".join(f"{word}={word}" for word in halves.handed)
    start = parsed(f"{listed}, = prepare()\nfinish({words})")
    return Program(halves.parts.text(prepare, finish, *guarded(start)))


def _timed(parts: Parts, functions: list[ast.FunctionDef], call: str) -> Program:
    parts.imports += parsed("from functools import wraps")
    parts.definitions[:0] = parsed(_TIMED)
    for made in functions:
        made.decorator_list = [ast.Name("timed", ast.Load())]
    return Program(parts.text(*functions, *guarded(parsed(call))))
