"""What a module does, as methods of a class; its constants in one."""

from __future__ import annotations

import ast

from tests.support.rewritings.calls import constants_of
from tests.support.rewritings.code import (
    Parts,
    Program,
    Replaced,
    assigned,
    bound_otherwise,
    function,
    names_in,
    parsed,
    stored,
    unparsed,
)


def in_class(text: str) -> Program | None:
    """The first half in ``__init__``, which keeps what the second half, a method, needs."""
    tree = ast.parse(text)
    parts = Parts.of(tree)
    if parts is None or len(parts.body) < 2 or stored(parts.body) & bound_otherwise(tree):
        return None
    half = len(parts.body) // 2
    first, second = parts.body[:half], parts.body[half:]
    kept = {name: f"self.{name}" for name in stored(first) & names_in(second)}
    if not kept:
        return None
    Replaced(by_name=kept).visit(ast.Module(parts.body, []))
    methods: list[ast.stmt] = [function("__init__", ["self"], first), function("run", ["self"], second)]
    cls = ast.ClassDef("Work", [], [], methods, [])
    return Program(parts.text(cls, *parsed('if __name__ == "__main__":\n    Work().run()\n')))


def constants_in_class(text: str) -> Program | None:
    """Texts that calls get, as attributes of a class."""
    constants, tree = constants_of(text, "Names.")
    made: list[ast.stmt] = [assigned(word, ast.Constant(value)) for word, value in constants.items()]
    if not made:
        return None
    return Program(unparsed([ast.ClassDef("Names", [], [], made, []), *tree.body]))
