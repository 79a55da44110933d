"""The arguments of calls of SDK v1, given in other ways."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.signatures.table import Entry
from tests.support.rewritings.code import Program, Replaced, assigned, bodies, name, signature, unparsed, uses

_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return)
_APART = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.IfExp, ast.BoolOp)
_WORTH_A_NAME = (ast.Call, ast.List, ast.Dict, ast.Tuple)


def keywords_reversed(text: str) -> Program | None:
    """Keyword arguments in the opposite order."""
    tree, changed = ast.parse(text), False
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and len(node.keywords) > 1 and all(keyword.arg for keyword in node.keywords):
            node.keywords.reverse()
            changed = True
    return Program(unparsed(tree.body)) if changed else None


def by_keyword(text: str) -> Program | None:
    """Each argument that may be has its keyword."""
    tree, changed = ast.parse(text), False
    for call, entry, given in _known(tree):
        positional = entry.positional or ()
        if not call.args or len(positional) < len(call.args) or {*positional[: len(call.args)]} & {*given}:
            continue
        added = [ast.keyword(word, value) for word, value in zip(positional, call.args, strict=False)]
        call.args, call.keywords = [], [*added, *call.keywords]
        changed = True
    return Program(unparsed(tree.body)) if changed else None


def by_position(text: str) -> Program | None:
    """Each argument that may be is given by its place."""
    tree, changed = ast.parse(text), False
    for call, entry, given in _known(tree):
        for word in (entry.positional or ())[len(call.args) :]:
            if word not in given:
                break
            call.args.append(given[word].value)
            call.keywords.remove(given[word])
            changed = True
    return Program(unparsed(tree.body)) if changed else None


def _known(tree: ast.Module) -> Iterator[tuple[ast.Call, Entry, dict[str, ast.keyword]]]:
    """The calls of SDK v1 that say all that they pass, with what they take and what they pass by keyword."""
    for use in uses(tree):
        entry, call = signature(use), use.call
        if entry is None or call is None or (use.receiver is not None and use.receiver in call.args):
            continue
        if any(isinstance(value, ast.Starred) for value in call.args) or not all(word.arg for word in call.keywords):
            continue
        yield call, entry, {word.arg: word for word in call.keywords if word.arg}


def keyword_dicts(text: str) -> Program | None:
    """The keywords of a call in a dict above it."""
    tree, number = ast.parse(text), 0
    for block, statement, use in in_statements(tree):
        call = use.call
        if call is None or len(call.keywords) < 2 or not all(word.arg for word in call.keywords):
            continue
        number += 1
        entries = ast.Dict([ast.Constant(word.arg) for word in call.keywords], [word.value for word in call.keywords])
        block.insert(block.index(statement), assigned(f"options_{number}", entries))
        call.keywords = [ast.keyword(None, name(f"options_{number}"))]
    return Program(unparsed(tree.body)) if number else None


def constants_on_top(text: str) -> Program | None:
    """Texts that calls get, as constants below the imports."""
    constants, tree = constants_of(text)
    made: list[ast.stmt] = [assigned(word, ast.Constant(value)) for word, value in constants.items()]
    return Program(unparsed([*_imports(tree), *made, *_others(tree)])) if made else None


def constants_of(text: str, prefix: str = "") -> tuple[dict[str, str], ast.Module]:
    """The texts that calls get, by names for them, and the tree that reads those names."""
    tree, constants = ast.parse(text), dict[str, str]()
    nodes: dict[ast.AST, ast.expr] = {}
    for use in uses(tree):
        given = use.call.args if use.call is not None else []
        passed = [("value", value) for value in given]
        passed += [(word.arg or "", word.value) for word in (use.call.keywords if use.call is not None else [])]
        for word, value in passed:
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and value not in nodes:
                constant = re.sub(r"\W", "_", f"{word}_{len(nodes) + 1}".upper())
                constants[constant] = value.value
                nodes[value] = ast.parse(prefix + constant, mode="eval").body
    return constants, Replaced(nodes).visit(tree)


def _imports(tree: ast.Module) -> list[ast.stmt]:
    return [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]


def _others(tree: ast.Module) -> list[ast.stmt]:
    return [node for node in tree.body if not isinstance(node, (ast.Import, ast.ImportFrom))]


def named_arguments(text: str) -> Program | None:
    """Arguments that are calls, lists or dicts in variables of their own above."""
    tree, number = ast.parse(text), 0
    for block, statement, use in reversed(list(in_statements(tree))):  # what is inside comes last, and goes on top
        call = use.call
        for place, value in enumerate(call.args if call is not None else ()):
            if isinstance(value, _WORTH_A_NAME):
                number += 1
                _name(block, statement, f"value_{number}", value)
                call.args[place] = name(f"value_{number}")  # type: ignore[union-attr]
        for word in call.keywords if call is not None else ():
            if isinstance(word.value, _WORTH_A_NAME) and word.arg:
                number += 1
                _name(block, statement, f"{word.arg}_{number}", word.value)
                word.value = name(f"{word.arg}_{number}")
    return Program(unparsed(tree.body)) if number else None


def _name(block: list[ast.stmt], statement: ast.stmt, word: str, value: ast.expr) -> None:
    block.insert(block.index(statement), assigned(word, value))


def in_statements(tree: ast.Module) -> Iterator[tuple[list[ast.stmt], ast.stmt, Use]]:
    """The uses that a statement runs once, with the statement and the list of statements that it is in."""
    found = {use.node: use for use in uses(tree)}
    for block in list(bodies(tree)):
        for statement in list(block):
            if not isinstance(statement, _SIMPLE):
                continue
            apart = {inner for node in ast.walk(statement) if isinstance(node, _APART) for inner in ast.walk(node)}
            for node in ast.walk(statement):
                if node in found and node not in apart:
                    yield block, statement, found[node]  # type: ignore[index]
