"""Pipelines whose steps are made by code that runs: in loops, and by functions that are called.

How many nodes there are, and which, is known only when the code runs. So that code moves, as it is, into the function
with ``@dsl.pipeline``; the step becomes a node where it was made, and the data that it writes is its output from there
on::

    for region in regions:                                 @dsl.pipeline()
        part = PipelineData(region)                        def pipeline():
        step = PythonScriptStep(..., outputs=[part])           for region in regions:
        steps.append(step)                                         step_component = command(...)
    pipeline = Pipeline(ws, steps=steps)                           step = step_component()
                                                                   part = step.outputs.part

Functions and methods that make steps stay where they are; the function of the pipeline calls them.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from amlbridge.migrate.analysis.made_elsewhere import DEFINITIONS, elsewhere_made, own_nodes
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Function
from amlbridge.migrate.models.datasets.data import INTERMEDIATE
from amlbridge.migrate.rewriter import Rewriter

if TYPE_CHECKING:
    from amlbridge.migrate.models.pipelines.flow import Flow
    from amlbridge.migrate.models.steps.steps import Step

Definition = ast.FunctionDef | ast.AsyncFunctionDef
#: Methods that put something into a collection.
ADDING = frozenset({"append", "extend", "insert", "add", "update"})


@dataclass
class Building:
    """The code that builds a pipeline.

    ``number``: counts them; ``statements``: what moves into the function of the pipeline; ``functions``: what that
    calls, or, without ``use``, what code of other modules does; ``steps``: all that may be made; ``data``: the calls
    that made the data between them; ``spent``: the statements of them that only list steps.
    """

    number: int
    use: Use | None
    listed: ast.expr | None
    statements: list[ast.stmt]
    functions: list[Definition]
    steps: list[Step] = field(default_factory=list)
    data: set[ast.expr] = field(default_factory=set)
    spent: set[ast.stmt] = field(default_factory=set)
    #: The parameters of the pipeline that the code names.
    handed: list[ast.expr] = field(default_factory=list)
    #: The calls of functions of other modules that make steps.
    elsewhere: list[ast.Call] = field(default_factory=list)
    #: Collections of data that are made before the step which writes it -> the call that makes that step.
    early: dict[ast.stmt, ast.expr] = field(default_factory=dict)
    #: Statements that order steps -> the later step, the earlier one, and the input of the later one for that.
    orders: dict[ast.stmt, tuple[ast.expr, ast.expr, str]] = field(default_factory=dict)
    #: Variables that are called as the function which makes what they hold: they get names of their own.
    renamed: set[ast.AST] = field(default_factory=set)

    def holds(self, node: ast.AST, to: Rewriter) -> bool:
        """Whether a node is in the code that builds the pipeline."""
        around = {node, *to.evaluator.scopes.ancestors(node)}
        return not around.isdisjoint([*self.statements, *self.functions, *([self.listed] if self.listed else [])])


@dataclass
class Buildings:
    """All such pipelines of a module."""

    to: Rewriter
    found: list[Building] = field(default_factory=list)
    #: Why the code of other pipelines, whose steps are not listed either, cannot move.
    failed: dict[ast.expr, str] = field(default_factory=dict)
    #: Why steps of functions that other modules call for their pipelines cannot be made there.
    stuck: dict[ast.expr, str] = field(default_factory=dict)

    @classmethod
    def of(cls, to: Rewriter) -> Buildings:
        """Those of the module that is converted; looked for once."""
        from amlbridge.migrate.models.pipelines.flow import Flow

        if "buildings" not in to.memory:
            to.memory["buildings"] = cls(to)
            Flow.of(to)
        return cast("Buildings", to.memory["buildings"])

    def of_pipeline(self, use: Use) -> Building | None:
        """What a pipeline is built by; None where its steps are listed."""
        return next((building for building in self.found if building.use is use), None)

    def of_step(self, made: ast.expr) -> tuple[Building, Step] | None:
        """The step that a call makes in code that builds a pipeline."""
        pairs = ((building, step) for building in self.found for step in building.steps)
        return next((pair for pair in pairs if pair[1].use.node is made), None)

    def around(self, node: ast.AST) -> Building | None:
        """The building that a node is in the code of."""
        return next((building for building in self.found if building.holds(node, self.to)), None)

    def of_data(self, made: ast.expr) -> Building | None:
        """The building whose steps hand on some data."""
        return next((building for building in self.found if made in building.data), None)


class Search:
    """Looks for the code that builds one pipeline."""

    def __init__(self, flow: Flow) -> None:
        self.flow, self.to = flow, flow.to
        self.scopes = flow.to.evaluator.scopes
        self._makes: dict[ast.AST, bool] = {}

    def find(self, use: Use, listed: ast.expr, number: int) -> Building | None:
        """What builds a pipeline; None when its code neither makes steps nor calls what does."""
        block = self.scopes.block(use.statement)
        if block is None:
            return None
        above = [at for at in block[: block.index(use.statement)] if not isinstance(at, DEFINITIONS)]
        above = [at for at in above if not isinstance(at, (ast.Import, ast.ImportFrom))]
        tainted: set[str] = set()
        found: set[ast.stmt] = set()
        while True:
            before = (len(tainted), len(found))
            for statement in above:
                if statement in found or self._builds(statement, tainted):
                    found.add(statement)
                    tainted |= self._tainted_by(statement, tainted)
            if before == (len(tainted), len(found)):
                break
        statements = [statement for statement in above if statement in found]
        functions = self.called([*statements, listed])
        inside = [node for part in (*statements, listed) for node in own_nodes(part) if isinstance(node, ast.Call)]
        elsewhere = [call for call in inside if elsewhere_made(self.to.evaluator, call) is not None]
        if not (statements or functions or elsewhere):
            return None
        return Building(number, use, listed, statements, functions, elsewhere=elsewhere)

    def _builds(self, statement: ast.stmt, tainted: set[str]) -> bool:
        return any(self._is_seed(node) or key_of(node) in tainted for node in own_nodes(statement))

    def _is_seed(self, node: ast.AST) -> bool:
        """Whether an expression makes a step or data between steps, or calls what makes steps."""
        if not isinstance(node, ast.Call):
            return False
        use = self.to.use_of(node)
        if node in self.flow.steps or node in self.flow.failed or (use is not None and use.symbol in INTERMEDIATE):
            return True
        function = self.function(node)
        if function is None and elsewhere_made(self.to.evaluator, node) is not None:
            return True
        return function is not None and self.makes(function)

    def _tainted_by(self, statement: ast.stmt, tainted: set[str]) -> set[str]:
        """The variables that get what is made, or a collection of it, in a statement."""
        found: set[str] = set()
        for node in own_nodes(statement):
            if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and node.value is not None:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if self._made_in(node.value, tainted | found):
                    found.update(key for target in targets for key in keys_of(target))
            elif isinstance(node, ast.For) and self._made_in(node.iter, tainted | found):
                found.update(keys_of(node.target))
            elif (added := added_to(node)) is not None:
                given = any(self._made_in(argument, tainted | found) for argument in node.args)  # type: ignore[attr-defined]
                found.update([key_of(added)] if given else [])
        return found - {""}

    def _made_in(self, node: ast.expr, tainted: set[str]) -> bool:
        return any(self._is_seed(part) or key_of(part) in tainted for part in own_nodes(node))

    def function(self, call: ast.Call) -> Definition | None:
        """The function of this module that a call calls."""
        value = self.to.evaluator.value(call.func)
        if isinstance(value, Function) and value.evaluator is self.to.evaluator:
            return value.node
        return None

    def makes(self, function: Definition) -> bool:
        """Whether a function makes steps, or calls what does, and makes no pipeline of them itself."""
        if function not in self._makes:
            self._makes[function] = False  # one that calls itself
            nodes = list(own_nodes(function))
            symbols = {use.symbol for node in nodes if (use := self.to.use_of(node)) is not None}
            self._makes[function] = not symbols & {"Pipeline", "StepSequence"} and any(map(self._is_step, nodes))
        return self._makes[function]

    def _is_step(self, node: ast.AST) -> bool:
        if not isinstance(node, ast.Call):
            return False
        function = self.function(node)
        made = node in self.flow.steps or node in self.flow.failed
        return made or (function is not None and self.makes(function))

    def called(self, nodes: list[ast.AST]) -> list[Definition]:
        """The functions that make steps and that some code calls, also through each other."""
        found: dict[Definition, None] = {}
        waiting = list(nodes)
        while waiting:
            for node in own_nodes(waiting.pop()):
                function = self.function(node) if isinstance(node, ast.Call) else None
                if function is not None and function not in found and self.makes(function):
                    found[function] = None
                    waiting.append(function)
        return list(found)


def added_to(node: ast.AST) -> ast.expr | None:
    """The collection that a call puts something into."""
    method = node.func if isinstance(node, ast.Call) else None
    return method.value if isinstance(method, ast.Attribute) and method.attr in ADDING else None


def key_of(node: ast.AST) -> str:
    """What holds the value of an expression: a variable, an attribute of ``self``, or the collection that it is in;
    "" for other expressions."""
    if isinstance(node, ast.Name):
        return node.id if node.id not in ("self", "cls") else ""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
        return f"self.{node.attr}"
    return key_of(node.value) if isinstance(node, ast.Subscript) else ""


def keys_of(target: ast.expr) -> list[str]:
    """The keys of the targets of an assignment."""
    if isinstance(target, (ast.Tuple, ast.List)):
        return [key for part in target.elts for key in keys_of(part)]
    return [key_of(target)]
