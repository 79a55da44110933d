"""Mocks of tests: what stands for SDK v1 there has to be written anew for the calls that converted code makes.

``Mock(Run)`` and ``patch.object(Workspace, "get")`` name a class, ``patch("app.Workspace")`` has its name in a text.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Evaluator, Instance, Module, OwnModule, Symbol

_SPECIFIED = frozenset({"Mock", "MagicMock", "AsyncMock", "NonCallableMock", "NonCallableMagicMock", "create_autospec"})
_CHANGING = frozenset({"object", "setattr", "delattr", "multiple"})
_SPEC = frozenset({"spec", "spec_set", "autospec", "wraps", "new_callable"})


def mocked(uses: Iterable[Use]) -> Iterator[Use]:
    """The uses of classes and members that a mock stands for."""
    for use in uses:
        parents = use.evaluator.scopes.parents
        above = parents.get(use.node)
        call = parents.get(above) if isinstance(above, ast.keyword) else above
        if use.call is not None or not isinstance(call, ast.Call) or not _is_mocking(call.func):
            continue
        if isinstance(above, ast.keyword):
            takes_place = above.arg in _SPEC
        else:
            takes_place = call.args[0] is use.node and _last(call.func) in _SPECIFIED | _CHANGING
        if takes_place:
            yield use


def patched(evaluator: Evaluator) -> list[tuple[ast.expr, str]]:
    """What of SDK v1 a test puts mocks in the place of: the texts that name it, in their order, and its name."""
    calls = evaluator.calls()
    found = []
    for call in [call for name in ("patch", *_CHANGING) for call in calls.get(name, ()) if _is_mocking(call.func)]:
        texts = [node.value for node in call.args[:2] if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        if texts and isinstance(call.args[0], ast.Constant):
            name = _named(texts[0].split("."), evaluator)
        elif texts and isinstance(owner := evaluator.value(call.args[0]), OwnModule):
            name = _of_v1(evaluator.surroundings.member(owner, texts[0]), texts[0])
        else:
            continue
        if name:
            found.append((call.args[0], name))
    return sorted(found, key=lambda pair: (pair[0].lineno, pair[0].col_offset))


def _named(parts: list[str], evaluator: Evaluator) -> str:
    """What a dotted name means, if it is of SDK v1 or an object of it; else ""."""
    if evaluator.is_v1(parts[0]):
        return ".".join(parts[next((at for at, part in enumerate(parts) if part[:1].isupper()), -1) :])
    for at in range(1, len(parts)):
        value = evaluator.surroundings.exported(".".join(parts[:at]), parts[at], 0)
        if name := _of_v1(value, ".".join(parts[at:])):
            return name
    return ""


def _of_v1(value: object, name: str) -> str:
    return name if isinstance(value, (Symbol, Module, Instance)) else ""


def _is_mocking(node: ast.expr) -> bool:
    """Whether a function is one of unittest.mock, of pytest-mock's ``mocker`` or of pytest's ``monkeypatch``."""
    words = set()
    if isinstance(node, ast.Attribute):  # ``client.patch`` is none, ``client.patch.object`` is no client
        words.update({node.attr} & _SPECIFIED)
        node = node.value
    while isinstance(node, ast.Attribute):
        words.add(node.attr)
        node = node.value
    words.add(node.id if isinstance(node, ast.Name) else "")
    return not words.isdisjoint({"mock", "mocker", "patch", "monkeypatch", "monkey_patch", *_SPECIFIED})


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
