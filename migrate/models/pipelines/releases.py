"""Published pipelines that a function takes: what it releases of them is their component, which its calls pass."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.registry import Leave
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.trees import FUNCTIONS, walk

#: What needs no more of a published pipeline than its component -> the position of the pipeline.
_RELEASING = {
    "PipelineEndpoint.add": 0,
    "PipelineEndpoint.add_default": 0,
    "PipelineEndpoint.publish": 3,
}


def passed_releases(pipeline: ast.expr, to: Rewriter) -> list[tuple[ast.expr, Use]]:
    """What the calls of a function pass for its parameter ``pipeline``, and how each was published; empty where it is
    no parameter, where the function does more with it than releasing it, or where a call passes something else."""
    bindings = to.evaluator.scopes.bindings_of(pipeline)
    if (
        len(bindings) != 1
        or bindings[0].kind != "parameter"
        or not _only_releases(bindings[0].scope.node, pipeline, to)
    ):
        return []
    given = to.evaluator.given(bindings[0].scope.node, bindings[0].name)
    found = [(argument, made) for _by, argument in given if (made := _published(argument, to)) is not None]
    return found if len(found) == len(given) and all(by is to.evaluator for by, _argument in given) else []


def _only_releases(function: ast.AST, pipeline: ast.expr, to: Rewriter) -> bool:
    assert isinstance(pipeline, ast.Name)
    reads = [node for node in walk(function) if isinstance(node, ast.Name) and node.id == pipeline.id]
    released = [
        use.argument("pipeline", position=_RELEASING[use.symbol])
        for use in to.uses
        if use.symbol in _RELEASING and use.call is not None
    ]
    return all(read in released for read in reads)


def takes_component(annotation: ast.AST, to: Rewriter) -> bool:
    """Whether an annotation is that of a parameter which is passed the component of a published pipeline."""
    argument = to.evaluator.scopes.parents.get(annotation)
    function = next((node for node in to.evaluator.scopes.ancestors(annotation) if isinstance(node, FUNCTIONS)), None)
    if not isinstance(argument, ast.arg) or function is None:
        return False
    reads = (node for node in walk(function) if isinstance(node, ast.Name) and node.id == argument.arg)
    read = next(reads, None)
    return read is not None and bool(passed_releases(read, to))


def _published(argument: ast.expr, to: Rewriter) -> Use | None:
    """How what a call passes was published, where that is converted and its name is there for the call."""
    made = to.maker(argument)
    if made is None or made.symbol != "Pipeline.publish" or not isinstance(argument, ast.Name):
        return None
    same = to.evaluator.scopes.of(argument) is to.evaluator.scopes.of(made.node)
    return made if same and not isinstance(to.outcome(made), Leave) else None
