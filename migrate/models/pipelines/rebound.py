"""Variables that get another value between a step and the call that submits its pipeline.

SDK v1 reads them where the step is made. The node of SDK v2 is made in the function of the pipeline, which runs later:
there the step's value is a literal, or has a variable of its own.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Collection
from typing import TYPE_CHECKING, cast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.rewriter import Rewriter

if TYPE_CHECKING:
    from amlbridge.migrate.models.steps.steps import Step


class Rebound:
    """The code of nodes in the function of a pipeline. ``use``: what makes the pipeline; None where another function
    makes its steps. ``inside``: names that the function gives their value."""

    def __init__(self, use: Use | None, inside: Collection[str], to: Rewriter) -> None:
        self._use = use
        self._inside = frozenset(inside)
        self._to = to
        self._end = (max(_lines_of(use, to)), 0) if use is not None else (0, 0)

    def held(self, code: str, step: Step) -> str:
        """A statement or an expression of a step's node, with what its variables stand for where the step is made.
        Raises ValueError where a variable of the step cannot be kept."""
        if self._use is None or step.given or step.call is not None:
            return code
        try:
            tree = ast.parse(code)
        except SyntaxError:
            return code
        lines = code.split("\n")
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
        for node in sorted(names, key=lambda name: (name.lineno, name.col_offset), reverse=True):
            if node.id in self._inside or not self._changes(node.id, step):
                continue
            line = lines[node.lineno - 1].encode()
            start, end = line[: node.col_offset], line[node.col_offset + len(node.id.encode()) :]
            lines[node.lineno - 1] = f"{start.decode()}{self._value(node.id, step)}{end.decode()}"
        return "\n".join(lines)

    def _changes(self, name: str, step: Step) -> bool:
        """Whether a variable gets a value below the place where the step reads it, and above where the pipeline is
        submitted."""
        assert self._use is not None
        place = self._place(name, step)
        here = self._to.evaluator.scopes.of(place)
        if self._to.evaluator.scopes.of(self._use.statement) is not here:
            return False
        below = (place.end_lineno or place.lineno, place.end_col_offset or 0)
        bindings = [one for one in here.bindings.get(name, ()) if one.kind not in ("import", "def", "class")]
        before = any(one.position <= below for one in bindings)
        return before and any(below < one.position < self._end for one in bindings)

    def _value(self, name: str, step: Step) -> str:
        to, place = self._to, self._place(name, step)
        texts = (to.evaluator.text(node) for node in self._read(name, step))
        text = next((text for text in texts if text is not None), None)
        if text is not None:
            return json.dumps(text, ensure_ascii=False)
        scopes = to.evaluator.scopes
        assert self._use is not None
        if scopes.block(place) is not scopes.block(self._use.statement):
            raise ValueError(f"{name} changes between the steps: give each value a name of its own")
        key = ("held for", step.use.node, name)
        if key not in to.memory:
            to.memory[key] = to.fresh(f"{step.node}_{name}")
            to.after(place, f"{to.memory[key]} = {name}")
        return cast("str", to.memory[key])

    def _place(self, name: str, step: Step) -> ast.stmt:
        """The statement that reads a variable for the step: its own, or that of what it takes."""
        read = self._read(name, step)
        statement = step.use.statement
        if read and read[0] not in set(ast.walk(step.use.node)):
            around = self._to.evaluator.scopes.ancestors(read[0])
            statement = next((node for node in around if isinstance(node, ast.stmt)), statement)
        return statement

    def _read(self, name: str, step: Step) -> list[ast.Name]:
        """Where the code reads a variable for the step, the nearest first: in its call, or in what makes the variables
        there."""
        scopes = self._to.evaluator.scopes
        waiting: list[ast.AST] = [step.use.node]
        for made in waiting:
            names = [node for node in ast.walk(made) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
            if found := [node for node in names if node.id == name]:
                return found
            if len(waiting) < _FOLLOWED:
                bound = [binding for node in names for binding in scopes.bindings_of(node) if binding.kind == "assign"]
                waiting += [one.value for one in bound if one.value is not None and one.value not in waiting]
        return []


#: So many expressions are behind a step at most.
_FOLLOWED = 200


def _lines_of(use: Use, to: Rewriter) -> list[int]:
    """The lines of the statements that make a pipeline, and that hand it to something: submit it, or publish it."""
    found = [use.statement.lineno]
    for other in to.uses:
        given = [*other.arguments().values(), *filter(None, [other.receiver])] if other.call is not None else []
        values = (to.evaluator.value(node) for node in given if isinstance(node, ast.Name))
        if any(isinstance(value, Instance) and value.origin is use.node for value in values):
            found.append(other.statement.lineno)
    return found
