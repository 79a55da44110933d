"""The pipelines of a module: their steps, in order, with data, parameters and order between them."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from itertools import pairwise
from typing import cast

from amlbridge.migrate.analysis.scopes import Binding
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.models.code.attributes import attribute_of
from amlbridge.migrate.models.code.names import identifier, node_name, unique
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.datasets import written_tables
from amlbridge.migrate.models.jobs.arguments import list_elements
from amlbridge.migrate.models.pipelines.factories import Factory, complete, expand, shorten
from amlbridge.migrate.models.pipelines.reach import check_reach
from amlbridge.migrate.models.pipelines.step_chains import chains
from amlbridge.migrate.models.steps.steps import READERS, Step
from amlbridge.migrate.registry import Leave
from amlbridge.migrate.rewriter import Rewriter

#: How a variable gets a step of a call: alone, or the first of what the call gives.
_HOLDS = (("assign", 0), ("unpack", 0))
_UNFOLLOWED = "the steps of the pipeline are put together in a way that cannot be followed"


class StepLeftError(ValueError):
    """A step of a pipeline stays SDK v1. ``use``: what makes it."""

    def __init__(self, use: Use) -> None:
        super().__init__(f"a step of the pipeline stays SDK v1: {use.symbol}")
        self.use = use


@dataclass
class Flow:
    """All steps of a module, by the call that made them."""

    to: Rewriter
    steps: dict[ast.expr, Step] = field(default_factory=dict)
    failed: dict[ast.expr, str] = field(default_factory=dict)
    #: The steps that calls of the user's functions make, and these functions.
    instances: dict[ast.Call, Step] = field(default_factory=dict)
    factories: list[Factory] = field(default_factory=list)
    #: Functions whose steps become nodes where they are made.
    apart: frozenset[ast.AST] = frozenset()
    _pipelines: list[tuple[Use, list[Step]]] | None = None

    @classmethod
    def of(cls, to: Rewriter) -> Flow:
        """The flow of the module that is converted; read once."""
        from amlbridge.migrate.models.pipelines.built_nodes import find_buildings

        if "flow" not in to.memory:
            flow = cls(to)
            to.memory["flow"] = flow
            flow.read()
            called = find_buildings(flow)
            if any(factory.function in called for factory in flow.factories):  # their steps are nodes where they are
                flow = cls(to, apart=frozenset(called))
                to.memory["flow"] = flow
                flow.read()
                to.memory.pop("buildings")
                find_buildings(flow)
            for factory in flow.factories:
                shorten(factory, flow)
        return cast("Flow", to.memory["flow"])

    def read(self) -> None:
        """Reads all steps, and what orders them."""
        taken: set[str] = set()
        for use in self.to.uses:
            if use.symbol in READERS and use.call is not None and not self.to.is_kept(use):
                try:
                    component, node = self._names(use, taken)
                    self.steps[use.node] = READERS[use.symbol](use, component, node, self.to)
                except ValueError as error:
                    self.failed[use.node] = str(error)
        self.instances = expand(self)
        for step in self.nodes():
            self._read_by_rows(step)
            self._read_as_files(step)
        for step in self.nodes():
            self._registered_by_rows(step)
        for use in self.to.uses:
            if use.symbols[0].endswith(".run_after") and use.receiver is not None:
                self._run_after(use, use.receiver)
            elif use.symbol == "StepSequence" and use.call is not None:
                self._sequence(use)
        self._chains()
        for factory in self.factories:
            complete(factory, self)

    def nodes(self) -> list[Step]:
        """All steps; one that a function makes for each of its calls."""
        templates = [factory.template for factory in self.factories]
        alone = [step for step in self.steps.values() if not any(step is template for template in templates)]
        return [*alone, *self.instances.values()]

    def _run_after(self, use: Use, receiver: ast.expr) -> None:
        later = self.steps_of(receiver)
        try:
            earlier = use.argument("step", position=0)
        except ValueError as error:
            for step in later:
                self.failed[step.use.node] = str(error)
                del self.steps[step.use.node]
            return
        if earlier is not None:
            self._order_at(use.statement, self.steps_of(earlier), later)

    def _order_at(self, statement: ast.stmt, earlier: list[Step], later: list[Step]) -> None:
        """Makes steps run after others; under a condition, where only that is said."""
        known = [(last, first) for last in later for first in last.after]
        self.order(earlier, later)
        conditional = isinstance(self.to.evaluator.scopes.parents.get(statement), ast.If)
        for last in later:
            for first in (step for step in earlier if step in last.after):
                alone = conditional and (last, first) not in known and last.call is None and last.is_command
                if alone:
                    last.ordered_at[first.made] = statement
                else:
                    last.ordered_at.pop(first.made, None)

    def _read_as_files(self, step: Step) -> None:
        """What another step writes as one file is read as one."""
        for port in step.arguments.inputs:
            producer = self.producer(port.source)
            written = producer.writes(port.source) if producer is not None and port.source is not None else None
            if written is not None and 'type="uri_file"' in written.declared:
                port.declared = port.declared.replace('type="uri_folder"', 'type="uri_file"')

    def _read_by_rows(self, step: Step) -> None:
        for root, table in step.rows.items():
            producer = self.producer(root)
            port = producer.writes(root) if producer is not None else None
            if producer is None or port is None:
                continue
            try:
                if producer.given:
                    raise ValueError("a function makes the step that writes this: let it describe the table")
                producer.make_table(port, table)
            except ValueError as error:
                self.failed[step.use.node] = str(error)
                del self.steps[step.use.node]
                return

    def _registered_by_rows(self, step: Step) -> None:
        """Makes a table of what SDK v1 registers as one, if no other step reads its files."""
        for root, table in step.registered_tables.items():
            port = step.writes(root)
            if port is None or port.name in step.tables:
                continue
            if not step.is_command:
                step.reviews.append(f"{written_tables.REGISTERED}: the step runs no command")
            elif step.call is not None:
                step.reviews.append(f"{written_tables.REGISTERED}: a function makes the step that writes it")
            elif any(one.source is root for reader in self.nodes() for one in reader.arguments.inputs):
                step.reviews.append(f"{written_tables.REGISTERED}: other steps read its files")
            else:
                step.make_table(port, table)

    def covers(self, node: ast.AST) -> bool:
        """Whether an expression is a step, or the configuration of one."""
        pairs: list[ast.AST] = [pair for factory in self.factories for pair in factory.pairs]
        return (
            node in self.steps
            or node in self.instances
            or node in pairs
            or any(node in step.parts for step in self.steps.values())
        )

    def _sequence(self, use: Use) -> None:
        try:
            listed = use.argument("steps", position=0)
        except ValueError:
            return  # the rule of sequences says so, and the pipeline finds no steps in it
        groups = [self.steps_of(element) for element in list_elements(listed, self.to)] if listed is not None else []
        for earlier, later in pairwise(groups):
            self.order(earlier, later)

    def _chains(self) -> None:
        try:
            found = chains(self.to)
        except ValueError:
            return  # the rule of pipelines says so
        for chain in found:
            groups = [self.steps_of(element) for element in list_elements(chain.listed, self.to)]
            for earlier, later in pairwise(groups[::-1] if chain.backwards else groups):
                self.order(earlier, later)

    def order(self, earlier: list[Step], later: list[Step]) -> None:
        """Makes steps run after others, unless data does that already."""
        for last in later:
            for first in earlier:
                if first is not last and first not in self._upstream(last):
                    last.after.append(first)
                    first.before.append(last)

    def _upstream(self, step: Step) -> list[Step]:
        found: list[Step] = []
        waiting = [step]
        while waiting:
            at = waiting.pop()
            for before in self.sources(at):
                if before.made not in at.ordered_at and before not in found:
                    found.append(before)
                    waiting.append(before)
        return found

    def sources(self, step: Step) -> list[Step]:
        """The steps whose outputs a step reads, and those that it runs after."""
        found = [producer for port in step.arguments.inputs if (producer := self.producer(port.source)) is not None]
        return [*found, *step.after]

    def producer(self, root: ast.expr | None) -> Step | None:
        """The step that writes some data."""
        if root is None:
            return None
        return next((step for step in self.nodes() if step.writes(root) is not None), None)

    def steps_of(self, node: ast.expr) -> list[Step]:
        """The steps that an expression stands for: one, or a list of them."""
        if isinstance(node, ast.Starred):
            return []
        if (call := self._call_of(node)) is not None:
            return [self.instances[call]]
        value = self.to.evaluator.value(node)
        if isinstance(value, Instance) and isinstance(value.origin, ast.expr) and value.origin in self.steps:
            return [self.steps[value.origin]]
        if isinstance(value, Instance):
            use = self.to.use_of(value.origin) if value.origin is not None else None
            if use is not None and use.symbol == "StepSequence":
                listed = use.argument("steps", position=0)
                return self.steps_of(listed) if listed is not None else []
            return []
        elements = list_elements(node, self.to)
        if len(elements) == 1 and isinstance(elements[0], ast.Starred):
            return []
        return [step for element in elements for step in self.steps_of(element)]

    def _call_of(self, node: ast.expr) -> ast.Call | None:
        """The call of a function that makes a step, which an expression is, or which its variable holds."""
        if isinstance(node, ast.Name):
            bindings = self.to.evaluator.scopes.lookup(node.id, node)
            first = bindings[0] if len(bindings) == 1 else None
            made = first.value if first is not None and (first.kind, first.index) in _HOLDS else None
        else:
            made = node
        return made if isinstance(made, ast.Call) and made in self.instances else None

    def listed(self, node: ast.expr) -> list[Step]:
        """The steps of ``Pipeline(steps=...)``. Raises ValueError where one of them cannot be told."""
        alone = isinstance(self.to.evaluator.value(node), Instance)
        elements = [node] if alone else [*self._alternatives(node), *self._appended(node)]
        steps: list[Step] = []
        for element in elements:
            found = self.steps_of(element)
            for step in found:
                if step.call is not None:
                    check_reach(step.call, node, self.to)
                    step.component = step.component or self.to.source(step.call)
            inner = self.to.evaluator.value(element) if not isinstance(element, ast.Starred) else None
            if not found:
                origin = inner.origin if isinstance(inner, Instance) else None
                reason = self.failed.get(origin) if isinstance(origin, ast.expr) else None
                if reason is None and (left := self._left(element)) is not None:
                    raise StepLeftError(left)
                raise ValueError(reason or _UNFOLLOWED)
            steps += [step for step in found if step not in steps]
        if not steps:
            raise ValueError(_UNFOLLOWED)
        return steps

    def _left(self, element: ast.expr) -> Use | None:
        """The use that makes an element of a pipeline's list, or a list of them, if it is no step that is read: one of
        a kind that SDK v2 lacks, or that something else keeps SDK v1."""
        node = element.value if isinstance(element, ast.Starred) else element
        value = self.to.evaluator.value(node)
        made: ast.AST | None = value.origin if isinstance(value, Instance) else node
        if isinstance(made, ast.expr):
            made = self.to.evaluator.scopes.only_value(made)
        use = self.to.use_of(made) if made is not None else None
        # Only what has been decided already: a step that is being decided may be what asks for its pipelines.
        outcome = self.to.outcomes.get(use.node, (None, None))[1] if use is not None else None
        return use if isinstance(outcome, Leave) else None

    def _alternatives(self, node: ast.expr) -> list[ast.expr]:
        """The elements of a list; of all lists that a variable may hold."""
        if not isinstance(node, ast.Name):
            return list_elements(node, self.to)
        found: list[ast.expr] = []
        bindings = self._putting(node)
        for binding in reversed(bindings):
            if binding.value is not None:
                found += list_elements(binding.value, self.to)
        bound = bindings or self.to.evaluator.scopes.lookup(node.id, node)
        return found if found or bound else list_elements(node, self.to)

    def _putting(self, node: ast.Name) -> list[Binding]:
        """The assignments that put something into the list of a variable, the last one first: with ``steps += more``,
        all of its scope."""
        bindings = self.to.evaluator.scopes.lookup(node.id, node)
        if any(binding.kind == "augment" for binding in bindings):
            bindings = bindings[0].scope.bindings[node.id][::-1]
        return [binding for binding in bindings if binding.kind in ("assign", "augment")]

    def places(self, node: ast.expr) -> list[tuple[ast.stmt, list[Step]]]:
        """The statements that put steps into a list that has a variable, and which."""
        if not isinstance(node, ast.Name):
            return []
        scopes = self.to.evaluator.scopes
        found: list[tuple[ast.stmt, list[Step]]] = []
        for binding in self._putting(node):
            if binding.value is not None and binding.statement is not None:
                elements = list_elements(binding.value, self.to)
                found.append((binding.statement, [step for item in elements for step in self.steps_of(item)]))
        for item in self._appended(node):
            statement = scopes.statement_of(item)
            found += [(statement, self.steps_of(item))] if statement is not None else []
        return found

    def pipelines_of(self, step: Step) -> list[Use]:
        """The pipelines of the module that a step runs in, as far as their steps can be told."""
        if self._pipelines is None:
            self._pipelines = []
            for use in self.to.uses:
                if use.symbol == "Pipeline" and use.call is not None:
                    try:
                        listed = use.argument("steps", position=1)
                        steps = self.closure(self.listed(listed)) if listed is not None else []
                    except ValueError:
                        continue  # the rule says why when it is asked for the pipeline
                    self._pipelines.append((use, steps))
        return [use for use, steps in self._pipelines if step in steps]

    def unclaimed(self) -> list[Step]:
        """The steps that the module makes and that no pipeline has whose steps can be told."""
        return [
            step
            for step in self.steps.values()
            if not any(self.pipelines_of(other) for other in (step, *self.instances.values()) if other.use is step.use)
        ]

    def _appended(self, node: ast.expr) -> list[ast.expr]:
        """What is appended to a list that has a variable."""
        if not isinstance(node, ast.Name):
            return []
        found = []
        for method in ("append", "extend"):
            for call in self.to.evaluator.calls().get(method, ()):
                owner = call.func.value if isinstance(call.func, ast.Attribute) else None
                if isinstance(owner, ast.Name) and owner.id == node.id and len(call.args) == 1:
                    found += [call.args[0]] if method == "append" else list_elements(call.args[0], self.to)
        return sorted(found, key=lambda expression: (expression.lineno, expression.col_offset))

    def closure(self, steps: list[Step]) -> list[Step]:
        """Steps and all that they need, each after what it needs; else in the order of the text."""
        found: list[Step] = []

        def visit(step: Step, path: tuple[Step, ...]) -> None:
            if step in found:
                return
            if step in path:
                raise ValueError("the steps wait for each other in a circle")
            for source in self.sources(step):
                visit(source, (*path, step))
            found.append(step)

        wanted = list(steps)
        for step in sorted(wanted, key=lambda step: (step.made.lineno, step.made.col_offset)):
            visit(step, ())
        return found

    def _names(self, use: Use, taken: set[str]) -> tuple[str, str]:
        """The variables of a step's component and node: from its own variable, or from its name."""
        variable = Objects.of(self.to).variable(use.node)
        name = use.argument("name")
        text = self.to.evaluator.text(name) if name is not None else None
        base = variable.id if variable is not None else identifier(text or "step", "step")
        if base.endswith("steps"):  # steps for many models: one node
            base = base.removesuffix("steps").removesuffix("_").removesuffix("_pipeline") or "models"
        called = node_name(base)
        node = unique(called if called == base else self.to.fresh(called), taken)
        stem = (node if called == base else unique(base, taken)).removesuffix("_step").removesuffix("Step") or node
        attribute = attribute_of(use.node, self.to)
        if attribute is not None:
            return f"self.{attribute.attr}", node
        component = self.to.fresh(f"{stem}_component")
        return component, node
