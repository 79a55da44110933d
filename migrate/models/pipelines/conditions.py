"""Steps that a pipeline has only under a condition: ``if args.evaluate: steps.append(evaluate)``.

The function of the pipeline asks for the condition where it makes the node. Where a step is needed by one without the
condition, SDK v1 ran it in any case, and so does the function; unless it is needed only because of an order that is
said under the same condition: the later node waits for it when there is one.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import cast

from amlbridge.migrate.models.pipelines.flow import Flow
from amlbridge.migrate.models.steps.steps import Step
from amlbridge.migrate.rewriter import Rewriter

#: What a person should check where the condition could not be kept.
ALL_RUN = "which steps run was decided at run time: now all of them do"
#: Where a rewriter remembers the statements whose order holds under its condition.
ASKED_ORDERS = "orders under a condition"
ASKED_LATER = "the function of the pipeline asks for the condition when it is called"


@dataclass(frozen=True)
class Condition:
    """An ``if``, and whether its test holds (its ``else``: it does not)."""

    statement: ast.If
    holds: bool = True

    def code(self, to: Rewriter) -> str:
        """The expression that has to be true."""
        test = to.source(self.statement.test)
        return test if self.holds else f"not ({test})"


class _UnclearError(Exception):
    """Steps are listed under something else than one ``if``."""


class Conditions:
    """The conditions of the steps of a pipeline, by the call that makes the step. ``review``: what to check."""

    def __init__(self, listed: ast.expr, pipeline: ast.expr, steps: list[Step], flow: Flow) -> None:
        self._to, self._flow = flow.to, flow
        self._around = set(self._to.evaluator.scopes.ancestors(pipeline))
        self._found: dict[ast.expr, Condition | None] = {}
        self.review = ""
        try:
            self._read(listed, steps)
        except _UnclearError:
            self._found, self.review = {}, ALL_RUN
        for step in steps:
            self._check(step)
        if not self.review and any(self._found.values()):
            self.review = ASKED_LATER

    def of(self, step: Step) -> Condition | None:
        """The condition of a step, None if it always runs."""
        return self._found.get(step.made)

    def _read(self, listed: ast.expr, steps: list[Step]) -> None:
        places: dict[ast.expr, list[Condition | None]] = {}
        for statement, found in self._flow.places(listed):
            condition = self._condition(statement)
            for step in found:
                places.setdefault(step.made, []).append(condition)
        for step in reversed(steps):  # what needs a step comes before it
            own = _together(places[step.made]) if step.made in places else _OF_OTHERS
            others = [other for other in steps if not self._waits_at(other, step, own)]
            needed = {self.of(other) for other in others if step in self._flow.sources(other)}
            if own is _OF_OTHERS:
                self._found[step.made] = needed.pop() if len(needed) == 1 else None
            else:
                assert own is None or isinstance(own, Condition)
                self._found[step.made] = own if needed <= {own} else None
                ordered = any(step in other.after and self.of(other) != own for other in others)
                if own is not None and ordered:
                    self.review = ALL_RUN

    def _waits_at(self, later: Step, first: Step, condition: object) -> bool:
        """Whether a step waits for another only where the condition of that holds."""
        statement = later.ordered_at.get(first.made)
        return statement is not None and condition is not None and self._condition(statement) == condition

    def asked(self, later: Step, first: Step) -> str:
        """What stands behind the token that a node waits for, where the node that writes it has a condition."""
        condition = self.of(first)
        if condition is None or condition == self.of(later) or first.made not in later.ordered_at:
            return ""
        asked = cast("list[ast.stmt]", self._to.memory.setdefault(ASKED_ORDERS, []))
        asked.append(later.ordered_at[first.made])
        return f" if {condition.code(self._to)} else None"

    def _condition(self, statement: ast.stmt) -> Condition | None:
        parents = self._to.evaluator.scopes.parents
        parent = parents.get(statement)
        if parent in self._around or isinstance(parent, ast.Module):
            return None
        outer = parents.get(parent) if parent is not None else None
        if not isinstance(parent, ast.If) or not (outer in self._around or isinstance(outer, ast.Module)):
            raise _UnclearError
        return Condition(parent, statement in parent.body)

    def _check(self, step: Step) -> None:
        """Raises ValueError for a step that is made under a condition which its node does not ask for."""
        condition = self.of(step)
        for node in self._to.evaluator.scopes.ancestors(step.use.node):
            if node in self._around or step.given:
                return
            if isinstance(node, ast.If) and (condition is None or node is not condition.statement):
                raise ValueError("steps are made under a condition: make the component above it in any case")


_OF_OTHERS = object()


def _together(places: list[Condition | None]) -> Condition | None:
    """The condition of a step that is listed at several places."""
    found = set(places)
    both = {Condition(place.statement, not place.holds) for place in found if place is not None}
    if None in found or found & both:
        return None
    if len(found) > 1:
        raise _UnclearError
    return found.pop()
