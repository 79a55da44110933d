"""Fixtures of pytest: what a test gets for a parameter is what the function of that name gives.

``@pytest.fixture`` makes a function one, below its own name or the one of ``name=``. It returns the object, or yields
it and goes on after the test. Parameters of tests and of fixtures are looked up in their class, their module, and the
``conftest.py`` of their folder and of those above.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from amlbridge.migrate.analysis.functions import returns, yields
from amlbridge.migrate.analysis.surroundings import Surroundings
from amlbridge.migrate.text.trees import FUNCTIONS

if TYPE_CHECKING:
    from amlbridge.migrate.analysis.values import Evaluator

_Definition = ast.FunctionDef | ast.AsyncFunctionDef


def fixture_name(function: ast.AST) -> str | None:
    """What tests call the fixture that a function makes, None when it is none."""
    for decorator in function.decorator_list if isinstance(function, FUNCTIONS) else ():
        named = decorator.func if isinstance(decorator, ast.Call) else decorator
        if (named.attr if isinstance(named, ast.Attribute) else getattr(named, "id", "")) not in _DECORATORS:
            continue
        keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
        said = next((keyword.value for keyword in keywords if keyword.arg == "name"), None)
        if isinstance(said, ast.Constant) and isinstance(said.value, str):
            return said.value
        return function.name  # type: ignore[attr-defined, no-any-return]
    return None


#: ``@pytest.fixture``, ``@fixture``, and those of pytest's oldest name and of pytest-asyncio.
_DECORATORS = frozenset({"fixture", "yield_fixture"})


def fixture_in(tree: ast.Module | ast.ClassDef, name: str) -> _Definition | None:
    """The function of a module or class that makes a fixture; the last one, as that replaces others."""
    found = [node for node in tree.body if isinstance(node, FUNCTIONS) and fixture_name(node) == name]
    return found[-1] if found else None


def is_patched(function: ast.AST) -> bool:
    """Whether mocks are passed to a test: ``@patch("app.Workspace")``, ``@mock.patch.object(app, "run")``."""
    decorators = function.decorator_list if isinstance(function, FUNCTIONS) else []
    named = [decorator.func for decorator in decorators if isinstance(decorator, ast.Call)]
    bases = [node.value if isinstance(node, ast.Attribute) and node.attr != "patch" else node for node in named]
    return any((node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")) == "patch" for node in bases)


def given_by_fixtures(function: ast.AST, name: str, evaluator: Evaluator) -> list[tuple[Evaluator, ast.expr]]:
    """What the fixture gives that a parameter of a test, or of a fixture, is called after; [] where there is none."""
    if not isinstance(function, FUNCTIONS) or not (function.name.startswith("test") or fixture_name(function)):
        return []
    owner = evaluator.scopes.parents.get(function)
    for around in (owner, evaluator.tree):
        found = fixture_in(around, name) if isinstance(around, (ast.Module, ast.ClassDef)) else None
        if found is not None and found is not function:
            return [(evaluator, node) for node in (*returns(found), *yields(found))]
    return _given_elsewhere(name, evaluator.surroundings)


def _given_elsewhere(name: str, surroundings: Surroundings) -> list[tuple[Evaluator, ast.expr]]:
    there = surroundings.fixture(name)
    if there is None:
        return []
    return [(there.evaluator, node) for node in (*returns(there.node), *yields(there.node))]
