"""``run.log`` that code hands on instead of calling it: how it is called elsewhere decides what takes its place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from amlbridge.migrate.analysis.kinds import kind_of
from amlbridge.migrate.analysis.passed import parameter_of
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Evaluator, LocalObject, Symbol
from amlbridge.migrate.inside import of_other_run
from amlbridge.migrate.registry import Leave, Outcome, Replace
from amlbridge.migrate.rewriter import Rewriter

#: How many functions and variables it is followed through.
_DEPTH = 5
#: What ``mlflow.log_metric`` calls as ``run.log`` does.
_SAME = frozenset({"value", "step"})
_TEXT = "it is called with a text, which is no metric: call mlflow.log_text there, or hand on a function that does"
_ASSUMED = "assumed that it is called with a name and a number, and nothing behind them but step="


@dataclass(frozen=True)
class _Call:
    """A call of what is handed on. ``given``: arguments before those of the call itself, which come first."""

    node: ast.Call
    evaluator: Evaluator
    given: tuple[ast.expr, ...]

    @property
    def fits(self) -> bool:
        """Whether ``mlflow.log_metric`` takes the same arguments."""
        starred = any(isinstance(part, ast.Starred) for part in self.given)
        return not starred and len(self.given) <= 2 and all(one.arg in _SAME for one in self.node.keywords)

    @property
    def logs_text(self) -> bool:
        """Whether the value is a text."""
        named = [one.value for one in self.node.keywords if one.arg == "value"]
        return any(kind_of(self.evaluator, value) == "text" for value in [*self.given[1:2], *named])


def handed_log(use: Use, to: Rewriter) -> Outcome:
    """``run.log`` without a call: the function of MLflow, or one around it where it is called as SDK v1 allows."""
    if use.receiver is None:
        return Leave("log with mlflow.log_metric(name, value)")
    found = list(_calls(use.node, to.evaluator, _DEPTH))
    calls = [call for call in found if call is not None]
    if any(call.logs_text for call in calls):
        return Leave(_TEXT)
    if _only_called(use, to):
        to.spare.add(use.statement)
    other, log = of_other_run(use, to), f"{to.need_module('mlflow')}.log_metric"
    review = _ASSUMED if None in found else ""
    if not all(call.fits for call in calls):
        run = f", run_id={other}" if other else ""
        return Replace(f'lambda name, value, description="", step=None: {log}(name, value, step=step{run})', review)
    return Replace(f"{to.need('functools', 'partial')}({log}, run_id={other})" if other else log, review)


def is_one_of_several(use: Use) -> bool:
    """Whether a call goes through a variable, or an attribute, that may hold something else in another branch."""
    called = use.call.func if use.call is not None else None
    evaluator = use.evaluator
    if isinstance(called, ast.Name):
        bindings = evaluator.scopes.lookup(called.id, called)
        return [_is_member(one.value) for one in bindings] != [True]
    if not isinstance(called, ast.Attribute) or called.value is use.receiver:
        return False
    value = evaluator.value(called.value)
    around = (node for node in evaluator.scopes.ancestors(called) if isinstance(node, ast.ClassDef))
    owner = value.cls.node if isinstance(value, LocalObject) else next(around, None)
    home = value.cls.evaluator if isinstance(value, LocalObject) else evaluator
    return owner is not None and [_is_member(one) for one in home.assigned(owner).get(called.attr, ())] != [True]


def _is_member(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Attribute)


def _only_called(use: Use, to: Rewriter) -> bool:
    """Whether a statement does nothing but give it a shorter name."""
    said = use.statement
    return isinstance(said, ast.Assign) and said.value is use.node and isinstance(said.targets[0], ast.Name)


def _calls(node: ast.AST, evaluator: Evaluator, depth: int) -> Iterator[_Call | None]:
    """The calls of what an expression stands for; None for each place that nobody can look into."""
    parents = evaluator.scopes.parents
    parent = parents.get(node)
    while isinstance(parent, (ast.IfExp, ast.BoolOp)):
        node, parent = parent, parents.get(parent)
    if isinstance(parent, ast.keyword):
        parent = parents.get(parent)
    if depth == 0:
        yield None
    elif isinstance(parent, ast.Call) and parent.func is node:
        yield _Call(parent, evaluator, tuple(parent.args))
    elif isinstance(parent, ast.Call):
        yield from _passed(parent, node, evaluator, depth)
    elif isinstance(parent, (ast.Assign, ast.AnnAssign)):
        targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
        for target in targets:
            for reader in _readers(target, evaluator):
                yield from _calls(reader, evaluator, depth - 1)
    elif isinstance(parent, (ast.Compare, ast.UnaryOp, ast.If)):
        return
    else:
        yield None


def _passed(call: ast.Call, node: ast.AST, evaluator: Evaluator, depth: int) -> Iterator[_Call | None]:
    """The calls in a function that takes it as an argument."""
    taken = parameter_of(call, node, evaluator)
    if taken is not None:
        for reader in _readers(*taken):
            yield from _calls(reader, taken[1], depth - 1)
    elif "partial" in ast.unparse(call.func) and call.args[:1] == [node]:
        yield _Call(call, evaluator, tuple(call.args[1:]))
    elif ast.unparse(call.func) not in ("callable", "print"):
        yield None


def _readers(target: ast.AST, evaluator: Evaluator) -> Iterator[ast.expr]:
    """The expressions that read a variable, an attribute or a parameter. Calls that are uses are converted there."""
    for node in evaluator.scopes.parents:
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
            if isinstance(target, ast.Attribute):
                reads = isinstance(node, ast.Attribute) and node.attr == target.attr and not _is_of_run(node, evaluator)
            else:
                reads = isinstance(node, ast.Name) and _may_be(node, target, evaluator)
            if reads:
                yield node


def _may_be(node: ast.Name, target: ast.AST, evaluator: Evaluator) -> bool:
    bindings = evaluator.scopes.lookup(node.id, node)
    return any(binding.node is target for binding in bindings) and not _is_converted(node, evaluator)


def _is_of_run(node: ast.Attribute, evaluator: Evaluator) -> bool:
    """Whether it is ``run.log`` itself."""
    value = evaluator.value(node)
    return isinstance(value, Symbol) and value.receiver is node.value


def _is_converted(node: ast.Name, evaluator: Evaluator) -> bool:
    """Whether a call through a variable becomes one of MLflow itself, as the variable holds nothing else."""
    call = evaluator.scopes.parents.get(node)
    bindings = evaluator.scopes.lookup(node.id, node)
    called = isinstance(call, ast.Call) and call.func is node and isinstance(evaluator.value(node), Symbol)
    return called and [_is_member(one.value) for one in bindings] == [True]
