"""Functions of other modules that make the steps of a pipeline: ``step, outputs = train_step(data, compute)``."""

from __future__ import annotations

import ast
from functools import lru_cache

from amlbridge.migrate.analysis.values import Evaluator, Function
from amlbridge.migrate.text.trees import children

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@lru_cache(maxsize=1024)  # each call of a function asks whether it makes steps
def own_nodes(node: ast.AST) -> tuple[ast.AST, ...]:
    """The nodes of some code in the order of the text, without those of functions and classes inside."""
    found, waiting = [], [node]
    while waiting:
        at = waiting.pop()
        found.append(at)
        waiting += [child for child in reversed(children(at)) if not isinstance(child, DEFINITIONS)]
    return tuple(found)


def elsewhere_made(evaluator: Evaluator, call: ast.Call) -> Function | None:
    """The function of another module that a call calls, if it makes steps and no pipeline of them; else None."""
    value = evaluator.value(call.func)
    if not isinstance(value, Function) or value.evaluator is evaluator or not steps_of(value):
        return None
    return value


def steps_of(function: Function) -> list[ast.Call]:
    """The calls in a function that make steps; none where it makes a pipeline."""
    found: list[ast.Call] = []
    for node in own_nodes(function.node):
        kind = function.evaluator.type_of(node) if isinstance(node, ast.Call) else None
        if kind == "Pipeline":
            return []
        value = function.evaluator.value(node) if isinstance(node, ast.Call) else None
        if kind is not None and kind.endswith("Step") and getattr(value, "origin", None) is node:
            assert isinstance(node, ast.Call)
            found.append(node)
    return found


def parameters_of(function: Function) -> dict[str, ast.expr]:
    """The parameters of the pipeline that a function makes, and their defaults. Raises ValueError where one of them
    cannot be told."""
    found: dict[str, ast.expr] = {}
    for node in own_nodes(function.node):
        if not isinstance(node, ast.Call) or function.evaluator.type_of(node) != "PipelineParameter":
            continue
        given: dict[str | None, ast.expr] = dict(zip(("name", "default_value"), node.args, strict=False))
        given |= {keyword.arg: keyword.value for keyword in node.keywords}
        name, default = given.get("name"), given.get("default_value")
        text = function.evaluator.text(name)
        if text is None or not isinstance(default, ast.Constant):
            raise ValueError("a parameter of the pipeline is made in a function: make it beside the pipeline")
        found[text] = default
    return found
