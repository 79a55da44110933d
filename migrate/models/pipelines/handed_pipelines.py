"""Pipelines whose steps another function gives: that function gives the pipeline instead.

A function that gets a list of steps and makes a pipeline of them (``Pipeline(ws, steps=steps)``) gets the function with
``@dsl.pipeline``, in a parameter that is called after its pipeline. Whoever calls it writes that function.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.handed import Handed
from amlbridge.migrate.analysis.handed_steps import Definition, HandedSteps, Maker, maker, steps_in
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.names import identifier
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.pipelines.conditions import Conditions
from amlbridge.migrate.models.pipelines.flow import Flow
from amlbridge.migrate.models.pipelines.reach import check_reach
from amlbridge.migrate.registry import Outcome, Replace, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.trees import FUNCTIONS

_REVIEW = "{} takes the function with @dsl.pipeline where it took a list of steps: other callers have to give one, too"


def given_pipeline(listed: ast.expr, use: Use, to: Rewriter) -> Outcome | None:
    """What becomes of a pipeline whose steps are a parameter of the function that makes it, if all callers that are
    known list steps; None for other pipelines."""
    given = given_steps(listed, use, to)
    if given is None:
        return None
    made, function = given
    to.rename(made.parameter, made.name)
    review = _REVIEW.format(function.name)
    variable = Objects.of(to).variable(use.node)
    if variable is None:
        return Replace(made.name, review)
    return Statements("" if variable.id == made.name else f"{variable.id} = {made.name}", review)


def given_steps(listed: ast.expr, use: Use, to: Rewriter) -> tuple[Maker, Definition] | None:
    """How a function makes a pipeline of the steps that it gets as a parameter, if all its callers list them; None for
    other pipelines."""
    function = to.evaluator.scopes.of(use.node).node
    bindings = to.evaluator.scopes.bindings_of(listed)
    if len(bindings) != 1 or bindings[0].kind != "parameter" or bindings[0].scope.node is not function:
        return None
    if not isinstance(function, FUNCTIONS):
        return None
    name = bindings[0].name
    made = maker(to.evaluator, function, name)
    callers = to.evaluator.given(function, name)
    listing = all(steps_in(evaluator, argument) for evaluator, argument in callers)
    if made is None or not made.name or not callers or not listing:
        return None
    return made, function


def hand_pipelines(to: Rewriter) -> None:
    """Gives the functions that make pipelines of steps of this module the pipelines. Raises ValueError where a pipeline
    cannot be written."""
    done = to.memory.setdefault("handed pipelines", set())
    assert isinstance(done, set)
    for handed in Handed.of(to.evaluator).steps:
        kept = handed.maker.pipeline in to.attempt.kept or any(step in to.attempt.kept for step in handed.made)
        if handed.maker.name and handed.call not in done and not kept:
            done.add(handed.call)
            _hand(handed, to)


def _hand(handed: HandedSteps, to: Rewriter) -> None:
    from amlbridge.migrate.rules.pipelines import data_defaults, function_code, outer_data, remove_lists

    flow = Flow.of(to)
    steps = flow.closure(flow.listed(handed.argument))
    for step in steps:
        if not step.given:
            check_reach(step.use.node, handed.call, to)
    if data_defaults(steps, to) or outer_data(steps):
        raise ValueError("the pipeline is made in another function, which does not know the data that it reads")
    statement = to.evaluator.scopes.statement_of(handed.call)
    assert statement is not None
    stem = identifier(to.path.stem.removeprefix("build_").removeprefix("publish_"), "pipeline")
    name = to.fresh(stem if stem.endswith("pipeline") and stem != "pipeline" else "pipeline_function")
    to.before(statement, function_code(name, None, steps, Conditions(handed.argument, handed.call, steps, flow), to))
    remove_lists(handed.argument, to)
    keyword = handed.keyword
    if keyword is None:
        to.rename(handed.argument, name)
    else:
        to.rename(keyword, f"{handed.maker.name}={name}")
