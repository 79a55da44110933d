"""What a module does, within a block or in functions."""

from __future__ import annotations

import ast

from tests.support.rewritings.code import Parts, Program, bound_otherwise, function, names_in, parsed, stored, walk

_GUARD = 'if __name__ == "__main__":\n    pass\n'


def in_main(text: str) -> Program | None:
    """All in ``def main()``."""
    parts = _movable(text)
    return parts and Program(parts.text(function("main", [], parts.body), *_guarded(parsed("main()"))))


def in_guard(text: str) -> Program | None:
    """All in ``if __name__ == "__main__"``."""
    parts = Parts.of(ast.parse(text))
    return parts and Program(parts.text(*_guarded(parts.body)))


def in_try(text: str) -> Program | None:
    """All in a ``try`` that hands on every exception."""
    return _within(text, "try:\n    pass\nexcept Exception:\n    print('failed')\n    raise\n")


def in_with(text: str) -> Program | None:
    """All in a ``with``."""
    return _within(text, "with open('log.txt', 'w') as log_file:\n    pass\n")


def in_two_functions(text: str) -> Program | None:
    """The first half in a function that gives what the second half, a function that gets it, needs."""
    parts = _movable(text)
    if parts is None or len(parts.body) < 2:
        return None
    half = len(parts.body) // 2
    first, second = parts.body[:half], parts.body[half:]
    handed = sorted(stored(first) & names_in(second))
    if not handed or any(isinstance(node, ast.Return) for node in walk(parts.body)):
        return None
    listed = ", ".join(handed)
    prepare = function("prepare", [], [*first, *parsed(f"def _():\n    return {listed}")[0].body])  # type: ignore[attr-defined]
    finish = function("finish", handed, second)
    return Program(parts.text(prepare, finish, *_guarded(parsed(f"{listed} = prepare()\nfinish({listed})"))))


def _movable(text: str) -> Parts | None:
    """The parts of a module whose body may become that of a function."""
    tree = ast.parse(text)
    parts = Parts.of(tree)
    if parts is None or stored(parts.body) & bound_otherwise(tree):  # which may be read above the place that sets it
        return None
    return parts


def _guarded(body: list[ast.stmt]) -> list[ast.stmt]:
    return _filled(_GUARD, body)


def _filled(block: str, body: list[ast.stmt]) -> list[ast.stmt]:
    found = parsed(block)
    found[0].body = body  # type: ignore[attr-defined]
    return found


def _within(text: str, block: str) -> Program | None:
    parts = Parts.of(ast.parse(text))
    return parts and Program(parts.text(*_filled(block, parts.body)))
