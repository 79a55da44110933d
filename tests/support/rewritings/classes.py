"""What a module does, as methods of a class; its constants in one."""

from __future__ import annotations

import ast

from tests.support.rewritings.calls import constants_of
from tests.support.rewritings.code import Halves, Program, Replaced, assigned, function, parsed, unparsed


def in_class(text: str) -> Program | None:
    """The first half in ``__init__``, which keeps what the second half, a method, needs."""
    halves = Halves.of(text)
    if halves is None:
        return None
    first, second = halves.first, halves.second
    Replaced(by_name={name: f"self.{name}" for name in halves.handed}).visit(ast.Module([*first, *second], []))
    methods: list[ast.stmt] = [function("__init__", ["self"], first), function("finish_work", ["self"], second)]
    cls = ast.ClassDef("Work", [], [], methods, [])
    return Program(halves.parts.text(cls, *parsed('if __name__ == "__main__":\n    Work().finish_work()\n')))


def constants_in_class(text: str) -> Program | None:
    """Texts that calls get, as attributes of a class."""
    constants, tree = constants_of(text, "Names.")
    made: list[ast.stmt] = [assigned(word, ast.Constant(value)) for word, value in constants.items()]
    if not made:
        return None
    return Program(unparsed([ast.ClassDef("Names", [], [], made, []), *tree.body]))
