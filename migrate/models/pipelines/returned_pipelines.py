"""Pipelines whose steps a function of the module returns: that function gives the function of the pipeline instead.

``Pipeline(ws, steps=get_steps(ws))`` becomes ``get_steps(ml_client)``, which returns the function with
``@dsl.pipeline`` where it returned ``[prepare, train]``.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.functions import returns
from amlbridge.migrate.analysis.handed_steps import steps_in
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Function
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.pipelines.conditions import Conditions
from amlbridge.migrate.models.pipelines.flow import Flow
from amlbridge.migrate.models.pipelines.reach import check_reach
from amlbridge.migrate.registry import Outcome, Replace
from amlbridge.migrate.rewriter import Rewriter

Definition = ast.FunctionDef | ast.AsyncFunctionDef


def returned_pipeline(listed: ast.expr, use: Use, to: Rewriter) -> Outcome | None:
    """What becomes of a pipeline whose steps a call of a function gives; None for other pipelines. Raises ValueError
    where more is done with the list, or where the function of the pipeline cannot be written."""
    function = returning(listed, to)
    if function is None:
        return None
    given = returns(function)
    if function.name in to.read_elsewhere() or not all(_is_for_pipeline(found, to) for found in _calls(function, to)):
        raise ValueError(
            f"{function.name} gives steps, and not only for pipelines: let it give the pipeline's function"
        )
    to.memory["pipeline", use.node] = _write(function, given[0], use, to)
    return Replace(to.source(listed))


def returning(listed: ast.expr, to: Rewriter) -> Definition | None:
    """The function whose call gives a list of steps, if it returns one that is written out; None for other lists."""
    call = _call(listed, to)
    called = to.evaluator.value(call.func) if call is not None else None
    if not isinstance(called, Function) or called.evaluator is not to.evaluator:
        return None
    given = returns(called.node)
    return called.node if len(given) == 1 and steps_in(to.evaluator, given[0]) else None


def _call(listed: ast.expr, to: Rewriter) -> ast.Call | None:
    """The call that gives a list of steps: the expression itself, or what its variable holds."""
    made = to.evaluator.scopes.only_value(listed)
    return made if isinstance(made, ast.Call) else None


def _calls(function: Definition, to: Rewriter) -> list[ast.AST]:
    """The calls of a function, and any other places where it is read."""
    parents = to.evaluator.scopes.parents
    found: list[ast.AST] = []
    for node in parents:
        if not isinstance(node, (ast.Name, ast.Attribute)) or not isinstance(node.ctx, ast.Load):
            continue
        if (node.id if isinstance(node, ast.Name) else node.attr) == function.name:
            value, parent = to.evaluator.value(node), parents[node]
            if isinstance(value, Function) and value.node is function:
                found.append(parent if isinstance(parent, ast.Call) and parent.func is node else node)
    return found


def _is_for_pipeline(call: ast.AST, to: Rewriter) -> bool:
    """Whether a call gives the steps of pipelines, and nothing else."""
    variable = Objects.of(to).variable(call)
    if variable is None:
        return _is_steps(call, to)
    scopes = to.evaluator.scopes
    bound = scopes.home(variable).bindings[variable.id]
    reads = [name for name in Objects.of(to).reads(variable.id) if scopes.lookup(variable.id, name) == bound]
    return len(bound) == 1 and all(_is_steps(name, to) for name in reads)


def _is_steps(node: ast.AST, to: Rewriter) -> bool:
    parents = to.evaluator.scopes.parents
    parent = parents.get(node)
    call = parents.get(parent) if isinstance(parent, ast.keyword) and parent.arg == "steps" else parent
    return isinstance(call, ast.Call) and node is not call.func and to.evaluator.type_of(call) == "Pipeline"


def _write(function: Definition, listed: ast.expr, use: Use, to: Rewriter) -> list[object]:
    """Makes a function give the function of the pipeline; once for all its calls. Returns the steps."""
    from amlbridge.migrate.rules.pipelines import data_defaults, function_code, remove_lists

    key = ("returned pipeline", function)
    if key not in to.memory:
        flow = Flow.of(to)
        steps = flow.closure(flow.listed(listed))
        for step in steps:
            if not step.given:
                check_reach(step.use.node, listed, to)
        if data_defaults(steps, to):
            raise ValueError("the pipeline is made in another function, which does not know the data that it reads")
        statement = to.evaluator.scopes.statement_of(listed)
        assert statement is not None
        variable = Objects.of(to).variable(use.node)
        name = variable.id if variable is not None and not _binds(function, variable.id, to) else "pipeline_function"
        name = name if name == getattr(variable, "id", "") else to.fresh(name)
        conditions = Conditions(listed, listed, steps, flow)
        to.before(statement, function_code(name, use, steps, conditions, to, elsewhere=True))
        remove_lists(listed, to)
        to.rename(listed, name)
        to.memory[key] = list(steps)
    found = to.memory[key]
    assert isinstance(found, list)
    return found


def _binds(function: Definition, name: str, to: Rewriter) -> bool:
    """Whether a function has a variable of this name already."""
    return name in to.evaluator.scopes.of(function.body[0]).bindings
