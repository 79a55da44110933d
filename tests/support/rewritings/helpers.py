"""What makes objects of SDK v1, in functions of the module or of one beside it."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.values import Evaluator, Instance
from tests.support.rewritings.calls import constants_of
from tests.support.rewritings.code import Program, assigned, function, name, stored, unparsed

#: The module beside that has the functions, or the constants.
HELPERS, CONSTANTS = "own_helpers", "own_constants"


def in_helpers(text: str) -> Program | None:
    """``x = make_x(...)`` of a function above, for each object."""
    tree = ast.parse(text)
    made = _helpers(tree)
    imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    rest = [node for node in tree.body if node not in imports]
    return Program(unparsed([*imports, *made, *rest])) if made else None


def in_helper_module(text: str) -> Program | None:
    """The same, imported from a module beside."""
    tree = ast.parse(text)
    imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    defined = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    made = _helpers(tree, defined)
    if not made or any(isinstance(node, ast.ImportFrom) and node.level for node in imports):
        return None
    taken = ast.ImportFrom(HELPERS, [ast.alias(helper.name) for helper in made], 0)
    return Program(unparsed([taken, *tree.body]), {HELPERS: unparsed([*imports, *made])})


def constants_in_module(text: str) -> Program | None:
    """Texts that calls get, as constants of a module beside."""
    constants, tree = constants_of(text, f"{CONSTANTS}.")
    made: list[ast.stmt] = [assigned(word, ast.Constant(value)) for word, value in constants.items()]
    taken = ast.Import([ast.alias(CONSTANTS)])
    return Program(unparsed([taken, *tree.body]), {CONSTANTS: unparsed(made)}) if made else None


def _helpers(tree: ast.Module, out_of_reach: set[str] = frozenset()) -> list[ast.FunctionDef]:  # type: ignore[assignment]
    """Functions that make what the module's top level assigns; it calls them then."""
    evaluator, variables = Evaluator(tree), stored(tree.body)
    made: dict[str, ast.FunctionDef] = {}
    for statement in tree.body:
        if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
            continue
        value, target = statement.value, statement.targets[0].id
        read = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
        new = f"make_{target}"
        known = isinstance(value, ast.Call) and isinstance(evaluator.value(value), Instance)
        if not known or len(statement.targets) > 1 or new in made or read & out_of_reach:
            continue
        parameters = sorted(read & variables)
        made[new] = function(new, parameters, [ast.Return(value)])
        statement.value = ast.Call(name(new), [name(parameter) for parameter in parameters], [])
    return list(made.values())
