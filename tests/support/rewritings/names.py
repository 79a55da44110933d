"""Other names for variables, more or fewer of them."""

from __future__ import annotations

import ast
from collections import Counter

from amlbridge.migrate.analysis.values import Evaluator, Instance
from tests.support.rewritings.code import Program, Replaced, bodies, bound_otherwise, names_in, stored, unparsed


def renamed(text: str) -> Program | None:
    """Each variable has another name."""
    tree = ast.parse(text)
    own = stored(tree.body) - bound_otherwise(tree)
    own = {name for name in own if not name.startswith("_")}
    if not own or "__all__" in stored(tree.body):
        return None
    Replaced(by_name={name: f"my_{name}" for name in own}).visit(tree)
    return Program(unparsed(tree.body))


def annotated(text: str) -> Program | None:
    """Each variable of a class that is imported says so."""
    tree = ast.parse(text)
    evaluator, imported = Evaluator(tree), bound_otherwise(tree)
    changed = False
    for block in bodies(tree):
        for place, node in enumerate(block):
            if not isinstance(node, ast.Assign) or len(node.targets) > 1 or not isinstance(node.targets[0], ast.Name):
                continue
            value = evaluator.value(node.value)
            if isinstance(value, Instance) and value.type in imported:
                said = ast.Name(value.type, ast.Load())
                block[place] = ast.AnnAssign(node.targets[0], said, node.value, 1)
                changed = True
    return Program(unparsed(tree.body)) if changed else None


def in_pairs(text: str) -> Program | None:
    """Neighbours that do not need each other are assigned at once: ``a, b = f(), g()``."""
    tree, changed = ast.parse(text), False
    for block in bodies(tree):
        place = 0
        while place + 1 < len(block):
            one, two = block[place], block[place + 1]
            if _plain(one) and _plain(two) and not stored([one]) & names_in([two]):
                assert isinstance(one, ast.Assign) and isinstance(two, ast.Assign)
                target = ast.Tuple([one.targets[0], two.targets[0]], ast.Store())
                block[place : place + 2] = [ast.Assign([target], ast.Tuple([one.value, two.value], ast.Load()))]
                changed = True
            place += 1
    return Program(unparsed(tree.body)) if changed else None


def inlined(text: str) -> Program | None:
    """What is read once, in the next statement, is written there."""
    tree = ast.parse(text)
    read = Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
    made = Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    others, changed = bound_otherwise(tree), False
    for block in bodies(tree):
        place = 0
        while place + 1 < len(block):
            one, two = block[place], block[place + 1]
            name = one.targets[0].id if _plain(one) else ""  # type: ignore[attr-defined]
            simple = isinstance(two, (ast.Assign, ast.Expr, ast.Return)) and _reads_plainly(two, name)
            if name and read[name] == made[name] == 1 and name not in others and simple:
                node = next(node for node in ast.walk(two) if isinstance(node, ast.Name) and node.id == name)
                Replaced({node: one.value}).visit(two)  # type: ignore[attr-defined]
                del block[place]
                changed = True
            else:
                place += 1
    return Program(unparsed(tree.body)) if changed else None


def _plain(node: ast.stmt) -> bool:
    """``name = value``."""
    return isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)


def _reads_plainly(statement: ast.stmt, name: str) -> bool:
    """Whether a statement reads a name, once and not in a function or loop of its own."""
    apart = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.FormattedValue)
    inside = {inner for node in ast.walk(statement) if isinstance(node, apart) for inner in ast.walk(node)}
    return any(isinstance(node, ast.Name) and node.id == name and node not in inside for node in ast.walk(statement))
