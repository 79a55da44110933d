"""What a module does, within a block or in functions."""

from __future__ import annotations

import ast

from tests.support.rewritings.code import Halves, Parts, Program, filled, function, guarded, movable, parsed


def in_main(text: str) -> Program | None:
    """All in ``def main()``."""
    parts = movable(text)
    return parts and Program(parts.text(function("main", [], parts.body), *guarded(parsed("main()"))))


def in_guard(text: str) -> Program | None:
    """All in ``if __name__ == "__main__"``."""
    parts = Parts.of(ast.parse(text))
    return parts and Program(parts.text(*guarded(parts.body)))


def in_try(text: str) -> Program | None:
    """All in a ``try`` that hands on every exception."""
    return _within(text, "try:\n    pass\nexcept Exception:\n    print('failed')\n    raise\n")


def in_with(text: str) -> Program | None:
    """All in a ``with``."""
    return _within(text, "with open('log.txt', 'w') as log_file:\n    pass\n")


def in_two_functions(text: str) -> Program | None:
    """The first half in a function that gives what the second half, a function that gets it, needs."""
    halves = Halves.of(text)
    if halves is None:
        return None
    listed = ", ".join(halves.handed)
    given = ast.Return(ast.parse(f"({listed})", mode="eval").body)
    prepare, finish = function("prepare", [], [*halves.first, given]), function("finish", halves.handed, halves.second)
    return Program(halves.parts.text(prepare, finish, *guarded(parsed(f"{listed} = prepare()\nfinish({listed})"))))


def _within(text: str, block: str) -> Program | None:
    parts = Parts.of(ast.parse(text))
    return parts and Program(parts.text(*filled(block, parts.body)))
