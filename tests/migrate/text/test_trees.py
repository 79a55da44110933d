"""Syntax trees of texts: what several checks look at is read once."""

from __future__ import annotations

import ast

import pytest

from amlbridge.migrate.analysis.scopes import Scopes
from amlbridge.migrate.text import trees

_CODE = '''\
"""Trains."""
from os import path as where

import numpy as np


@np.vectorize
async def train(rows: list[int], /, rate=0.1, *rest, epochs: int = 3, **more) -> None:
    global best
    try:
        with open(f"{where.join('a', str(rate)):>10}") as file, file as again:
            best = [row * 2 for row in rows if row not in rest and (last := row)]
    except (OSError, ValueError) as error:
        raise RuntimeError from error
    else:
        best += more["x"][1:-1]
    match rows:
        case [1, *others] if others:
            print(*others, sep="")
        case {"a": first, **rest} | first:
            return (lambda value=first: -value)(epochs)
    async for item in rows:
        yield await item


class Model(np.ndarray, metaclass=type):
    rate: float = 1.5
'''


def test_walk_gives_what_ast_gives_without_the_marks_for_reading_and_writing() -> None:
    tree = ast.parse(_CODE)
    wanted = [node for node in ast.walk(tree) if not isinstance(node, ast.expr_context)]
    assert trees.walk(tree) == wanted


def test_the_names_that_code_reads() -> None:
    assert trees.parsed("a = b\ndel c\nd.e = f(g=h)\n").read == {"b", "d", "f", "h"}


def test_the_names_that_code_uses_may_stand_in_quotes() -> None:
    assert trees.parsed('import a\n__all__ = ["B"]\nc: "D" = "e f"\n').used == {"__all__", "B", "c", "D"}


def test_nodes_are_those_of_the_tree_whatever_else_was_parsed_meanwhile() -> None:
    first = trees.parsed("a = 0\n")
    for number in range(1, 20):
        trees.parsed(f"a = {number}\n")
    assert first.nodes[0] is first.tree


def test_every_node_has_a_parent_and_a_scope() -> None:
    tree = ast.parse(_CODE)
    scopes = Scopes(tree)
    for node in trees.walk(tree)[1:]:
        assert node in trees.children(scopes.parents[node])
    names = {"where", "np", "train", "rows", "rate", "rest", "epochs", "more", "best", "file", "again", "row", "error"}
    assert names <= scopes.names


@pytest.mark.parametrize("name", ["rows", "best", "np", "unknown", "value", "row"])
def test_a_name_is_bound_where_it_has_bindings(name: str) -> None:
    tree = ast.parse(_CODE)
    scopes = Scopes(tree)
    for node in trees.walk(tree):
        assert scopes.is_bound(name, node) == bool(scopes.lookup(name, node))
