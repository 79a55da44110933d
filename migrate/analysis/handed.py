"""Which objects are handed from one function to another: as arguments, as results, in variables outside of them.

What is handed on is one object with two places that make it, in the eyes of the analysis: the argument and the
parameter, the call and what the function returns. Both stay SDK v1, or neither; but SDK v2 takes some objects by their
name only, which both SDKs have.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

from amlbridge.migrate.analysis.chosen import named_additions
from amlbridge.migrate.analysis.declared import given_to
from amlbridge.migrate.analysis.fixtures import given_by_fixtures
from amlbridge.migrate.analysis.functions import argument_of, returns
from amlbridge.migrate.analysis.handed_steps import HandedSteps, elements_of, maker, steps_in
from amlbridge.migrate.analysis.known import ESTIMATORS
from amlbridge.migrate.analysis.made_elsewhere import steps_of
from amlbridge.migrate.analysis.records import objects_of
from amlbridge.migrate.analysis.run_kinds import inside, is_job
from amlbridge.migrate.analysis.symbols import lineage
from amlbridge.migrate.analysis.values import Code, Evaluator, Function, Instance, LocalClass, Symbol
from amlbridge.migrate.text.trees import FUNCTIONS

#: Converted code reads nothing of these but the name.
BY_NAME = frozenset({"ComputeTarget", "Datastore"})
#: Keywords that are lists of data and words.
_LISTS = frozenset({"arguments", "estimator_entry_script_arguments", "inputs", "outputs", "side_inputs"})


@dataclass(frozen=True)
class Link:
    """``giver``: the node that made what is handed on; ``taker``: the node that stands for it on the other side;
    ``argument``: the expression where it is passed to a function, None elsewhere."""

    giver: ast.AST
    taker: ast.AST
    type: str
    argument: ast.expr | None = None
    #: Whether MLflow's run of it is handed on, which a run of SDK v1 has as well.
    of_mlflow: bool = False

    @property
    def by_name(self) -> bool:
        """Whether converted code can take the object of SDK v1."""
        return bool(BY_NAME.intersection(lineage(self.type)))


class Handed:
    """What the code of a module hands on."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        #: Objects other than workspaces.
        self.links: list[Link] = []
        #: The parameters that workspaces are passed for, by the node that makes them, and the arguments.
        self.workspaces: list[tuple[ast.AST, ast.expr]] = []
        #: Runs that MLflow finds again and that are passed for its own, by the node that makes the parameter, and the
        #: arguments.
        self.runs: list[tuple[ast.AST, ast.expr]] = []
        #: Lists of steps that a function makes a pipeline of.
        self.steps: list[HandedSteps] = []
        self._elements = elements_of(evaluator)
        self._read_variables()
        self._read_fields()
        self._read_fixtures()
        self._read_records()
        self._read_collections()
        for calls in evaluator.calls().values():
            for call in calls:
                self._read_call(call)

    @classmethod
    def of(cls, evaluator: Evaluator) -> Handed:
        """What the code of an evaluator's module hands on; read once."""
        if evaluator.handed is None:
            evaluator.handed = cls(evaluator)
        return cast("Handed", evaluator.handed)

    def _read_call(self, call: ast.Call) -> None:
        called = self._evaluator.value(call.func)
        if isinstance(called, Function):
            self._read_result(call, called)
            made = steps_of(called) if called.evaluator is not self._evaluator else []
            self.links += [Link(step, call, "Pipeline") for step in made]
        self._read_steps(call)
        if isinstance(called, Symbol) and called.name.endswith(("Step", "ScriptRunConfig", *ESTIMATORS)):
            self._read_lists(call)
        if isinstance(called, Symbol) and called.name in ("Pipeline", "StepSequence"):
            self._read_pipeline(call)
        for parameter, argument in passed(self._evaluator, call):
            given = self._evaluator.type_of(argument)
            again = given is not None and (is_job(given) or given == "RunContext")
            of_mlflow = again and "RunContext" in lineage(parameter.type)
            if of_mlflow:
                self.runs.append((_made(parameter), argument))
            for value in alternatives(self._evaluator, argument):
                if value.origin is None or value.origin is parameter.origin:
                    continue
                if value.type == parameter.type == "Workspace":
                    self.workspaces.append((_made(parameter), argument))
                elif value.type != "Workspace" and parameter.type != "Workspace":
                    self.links.append(Link(value.origin, _made(parameter), value.type, argument, of_mlflow))

    def _read_lists(self, call: ast.Call) -> None:
        """What is in the lists that a step or a run is given, and the step, are of one SDK."""
        listed = [keyword.value for keyword in call.keywords if keyword.arg in _LISTS]
        names = [node for value in listed for node in _names(value)]
        for name in names:  # and the lists that a list is the sum of
            sums = [part for part in self._elements.get(name.id, ()) if isinstance(part, (ast.BinOp, ast.Name))]
            known = {other.id for other in names}
            names += [node for part in sums for node in _names(part) if node.id not in known]
        for name in names:
            for element in self._elements.get(name.id, ()):
                value = self._evaluator.value(element)
                if not isinstance(value, Instance) or value.origin is None or value.type == "Workspace":
                    continue
                if self._reaches(element, name):
                    self.links.append(Link(value.origin, call, value.type))

    def _reaches(self, element: ast.expr, name: ast.Name) -> bool:
        """Whether what is put into a variable is there where that is read: what is assigned to it may be replaced."""
        statement = self._evaluator.scopes.parents.get(element)
        if not isinstance(statement, (ast.Assign, ast.AnnAssign)):
            return True
        return any(binding.value is element for binding in self._evaluator.scopes.lookup(name.id, name))

    def _read_pipeline(self, call: ast.Call) -> None:
        """A pipeline and the steps of its list, which may have a variable or come from a function, are of one SDK."""
        scopes = self._evaluator.scopes
        here = scopes.of(call)
        for node in [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "steps")]:
            made = list(steps_in(self._evaluator, node)) or _listed_elsewhere(self._evaluator, node)
            listed = self._elements.get(node.id, ()) if isinstance(node, ast.Name) else ()
            for element in listed:
                value = self._evaluator.value(element) if scopes.of(element) is here else None
                if isinstance(value, Instance) and value.type.endswith("Step") and isinstance(value.origin, ast.expr):
                    made.append(value.origin)
            self.links += [Link(step, call, "Pipeline") for step in dict.fromkeys(made)]

    def _read_steps(self, call: ast.Call) -> None:
        """A pipeline that another function makes of steps, and the steps, are of one SDK."""
        found = _callee(self._evaluator, call)
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)] if found is not None else ():
            made = steps_in(self._evaluator, argument)
            if not made:
                continue
            assert found is not None
            function, home = found
            bound = isinstance(home.scopes.parents.get(function), ast.ClassDef)
            names = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
            taken = [name for name in names if argument_of(call, function.args, name, bound=bound) is argument]
            pipeline = maker(home, function, taken[0]) if taken else None
            if pipeline is not None:
                self.steps.append(HandedSteps(call, argument, pipeline, made))
                self.links += [Link(step, pipeline.pipeline, "Pipeline") for step in made]

    def _read_result(self, call: ast.Call, function: Function) -> None:
        """A function of another module: its call stands for what it returns. In the same module, the annotation of what
        it returns does, where it has one."""
        value = self._evaluator.value(call)
        if not isinstance(value, Instance) or value.origin is None:
            return
        if value.type == "PassedRun" and function.evaluator is self._evaluator:
            kinds = [(node, self._evaluator.type_of(node)) for node in returns(function.node)]
            self.runs += [(value.origin, node) for node, kind in kinds if kind is not None and is_job(kind)]
        elsewhere = function.evaluator is not self._evaluator
        if value.origin is not call if elsewhere else value.type == "Workspace":
            return
        for returned in returns(function.node):
            known = alternatives(function.evaluator, returned)
            for inner in known or inside(function.evaluator, returned, value.type):
                if inner.origin is not None and inner.origin is not value.origin:
                    self.links.append(Link(inner.origin, value.origin, value.type))

    def _read_variables(self) -> None:
        """The objects of variables that have several where they are read: which one cannot be told."""
        scopes = self._evaluator.scopes
        several = {name for scope in scopes.all for name, bound in scope.bindings.items() if len(bound) > 1}
        for node in scopes.every(ast.Name):
            if node.id not in several or not isinstance(node.ctx, ast.Load):
                continue
            bindings = scopes.lookup(node.id, node)
            if len(bindings) < 2:
                continue
            values = [self._evaluator.binding_value(binding) for binding in bindings if binding.kind == "assign"]
            held = [one for value in values if (one := _listed(value)) is not None and one.type != "Workspace"]
            made = [value for value in held if value.origin is not None]
            if bindings[0].scope is scopes.of(node):  # branches; a name is all that is read of some
                made = [value for value in made if not BY_NAME.intersection(lineage(value.type))]
            for one, other in pairwise(made):
                self.links += [Link(_made(one), _made(other), ""), Link(_made(other), _made(one), "")]

    def _read_fields(self) -> None:
        """The objects of attributes that have several."""
        owners = [scope.node for scope in self._evaluator.scopes.all if isinstance(scope.node, ast.ClassDef)]
        for owner in owners:
            for name, given in self._evaluator.assigned(owner).items():
                held = self._evaluator.field(owner, name)
                if not isinstance(held, Instance) or held.type == "Workspace" or len(given) < 2:
                    continue
                values = [(value, node) for node in given for value in alternatives(self._evaluator, node)]
                others = []
                for value, node in values:
                    if "RunContext" in lineage(held.type) and is_job(value.type) and value.origin is not None:
                        self.runs.append((_made(held), node))
                        self.links.append(Link(value.origin, _made(held), value.type, of_mlflow=True))
                    elif value.origin is not None and value.type != "Workspace":
                        others.append(value)
                for one, other in pairwise(others):
                    self.links += [Link(_made(one), _made(other), ""), Link(_made(other), _made(one), "")]

    def _read_records(self) -> None:
        """The objects that a key of a dict may stand for: all of them are of one SDK."""
        for node in self._evaluator.scopes.every(ast.Subscript):
            if isinstance(node.slice, ast.Constant):
                held = objects_of(node, self._evaluator) if self._evaluator.type_of(node) is not None else []
                for one, other in pairwise(value for value in held if value.origin is not None):
                    self.links += [Link(_made(one), _made(other), ""), Link(_made(other), _made(one), "")]

    def _read_collections(self) -> None:
        """The objects that a variable has in a list, or below any key of a dict: code takes one as the other."""
        for added in named_additions(self._evaluator).values():
            values = [self._evaluator.value(node) for node in added] if len(added) > 1 else []
            held = [one for one in values if isinstance(one, Instance) and one.origin is not None]
            for one, other in pairwise(one for one in held if one.type != "Workspace"):
                self.links += [Link(_made(one), _made(other), ""), Link(_made(other), _made(one), "")]

    def _read_fixtures(self) -> None:
        """What a test gets and what the fixture gives are one object; pytest hands it on, so nothing can be put
        between them."""
        functions = [scope for scope in self._evaluator.scopes.all if isinstance(scope.node, FUNCTIONS)]
        for scope in functions:
            for binding in [bound[0] for bound in scope.bindings.values() if bound[0].kind == "parameter"]:
                given = given_by_fixtures(scope.node, binding.name, self._evaluator)
                taken = self._evaluator.binding_value(binding) if given else None
                if not isinstance(taken, Instance) or taken.origin is None:
                    continue
                for home, node in given:
                    made = [value for value in alternatives(home, node) if value.origin is not None]
                    self.links += [Link(_made(value), taken.origin, value.type) for value in made]


def _names(node: ast.expr) -> list[ast.Name]:
    return [part for part in ast.walk(node) if isinstance(part, ast.Name)]


def _listed(value: object) -> Instance | None:
    """The object that a variable holds, or those that it has in a list which a comprehension makes."""
    if isinstance(value, Code) and isinstance(value.node, (ast.ListComp, ast.GeneratorExp)):
        value = value.evaluator.value(value.node.elt)
    return value if isinstance(value, Instance) else None


def _listed_elsewhere(evaluator: Evaluator, node: ast.expr) -> list[ast.expr]:
    """The steps of a list that a function of another module gives."""
    value = evaluator.value(node)
    listed = value.node if isinstance(value, Code) and value.evaluator is not evaluator else None
    if not isinstance(value, Code) or not isinstance(listed, (ast.List, ast.Tuple)):
        return []
    found = [value.evaluator.value(element) for element in listed.elts]
    return [step.origin for step in found if isinstance(step, Instance) and isinstance(step.origin, ast.expr)]


def alternatives(evaluator: Evaluator, node: ast.expr) -> list[Instance]:
    """The objects that an expression may stand for: those of all branches that lead to it."""
    if isinstance(node, ast.IfExp):
        return [*alternatives(evaluator, node.body), *alternatives(evaluator, node.orelse)]
    values = [evaluator.value(node)]
    if isinstance(node, ast.Name):
        values += [evaluator.binding_value(binding) for binding in evaluator.scopes.lookup(node.id, node)]
    return [value for value in dict.fromkeys(values) if isinstance(value, Instance)]


def branches(evaluator: Evaluator, node: ast.AST, value: Instance) -> list[Instance]:
    """An object that an expression takes, and those that the variable holds instead where the code took another way."""
    found = [value]
    for name in ast.walk(node):
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Load):
            held = alternatives(evaluator, name)
            found += [one for one in held if value in held and one not in found and one.type != "Workspace"]
    return found


def holds_any(evaluator: Evaluator, node: ast.expr | None, kept: Collection[ast.AST]) -> bool:
    """Whether a variable holds one of some objects, if only in one of the branches that lead to it."""
    values = alternatives(evaluator, node) if isinstance(node, ast.Name) else []
    # A workspace has its client beside it, and MLflow finds the run of the job again.
    apart = ("Workspace", "RunContext", "ParentRun")
    return any(value.origin in kept and not value.path and value.type not in apart for value in values)


def passed(evaluator: Evaluator, call: ast.Call) -> Iterator[tuple[Instance, ast.expr]]:
    """The parameters of a function of the project that hold objects of SDK v1, and what a call passes for them."""
    found = _callee(evaluator, call)
    if found is None:
        made = evaluator.value(call.func)
        if isinstance(made, LocalClass):
            for name, given in given_to(made.node, call):
                held = made.evaluator.field(made.node, name)
                if isinstance(held, Instance) and held.origin is not None:
                    yield held, given
        return
    function, home = found
    bound = isinstance(home.scopes.parents.get(function), ast.ClassDef)
    for bindings in home.scopes.of(function.body[0]).bindings.values():
        value = home.binding_value(bindings[0]) if bindings[0].kind == "parameter" else None
        if isinstance(value, Instance) and value.origin is not None:
            argument = argument_of(call, function.args, bindings[0].name, bound=bound)
            if argument is not None:
                yield value, argument


def _callee(evaluator: Evaluator, call: ast.Call) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef, Evaluator] | None:
    """The function that a call calls, a class's ``__init__`` when it makes an object, and the module it is in. A method
    of an object that is not known is the only one of this name."""
    value = evaluator.value(call.func)
    if isinstance(value, LocalClass):
        value = value.evaluator.field(value.node, "__init__")
    if value is None and isinstance(call.func, ast.Attribute):
        methods = evaluator.scopes.methods.get(call.func.attr, ())
        return (methods[0], evaluator) if len(methods) == 1 else None
    return (value.node, value.evaluator) if isinstance(value, Function) else None


def _made(value: Instance) -> ast.AST:
    assert value.origin is not None
    return value.origin
