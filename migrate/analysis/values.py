"""What an expression stands for: an abstract value, found by following names, attributes, calls and returns.

Nothing is executed. The answer is one of the classes below, or None where it is not known; with several possible
values (branches) it is the first that is known, nearest to the use.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from amlbridge.migrate.analysis.chosen import chosen, iterated, taken
from amlbridge.migrate.analysis.clients import is_client, passes_client, says_client
from amlbridge.migrate.analysis.declared import assignments, declared, without_none
from amlbridge.migrate.analysis.fixtures import given_by_fixtures, is_patched
from amlbridge.migrate.analysis.foreign import is_foreign_workspace
from amlbridge.migrate.analysis.functions import argument_of, calls_of_heirs, may_call, returns
from amlbridge.migrate.analysis.implied_types import implied_in_loop, implied_type
from amlbridge.migrate.analysis.known import (
    COMPONENTS,
    CONFIGURATIONS,
    FACTORIES,
    KNOWN_TYPES,
    OLD_NAMES,
    PARAMETER_NAMES,
    PLAIN,
    STARRED,
    STARRED_FUNCTIONS,
    is_foreign,
    of_components,
)
from amlbridge.migrate.analysis.literals import literal
from amlbridge.migrate.analysis.records import of_record, untyped_field
from amlbridge.migrate.analysis.run_kinds import found_runs, kind_of_run, kind_of_several
from amlbridge.migrate.analysis.scopes import Binding, iterated_by, scopes_of
from amlbridge.migrate.analysis.stored import stored
from amlbridge.migrate.analysis.surroundings import Alone, Surroundings
from amlbridge.migrate.analysis.symbols import NAMESPACES, SUBMITTED, element_of, lineage, part_of, result_of
from amlbridge.migrate.analysis.unbound import unbound_workspace
from amlbridge.migrate.signatures import canonical
from amlbridge.migrate.text.trees import FUNCTIONS

V1_PACKAGE = "azureml"
#: Calls that run a configuration: the type of the run follows from it.
_SUBMITTING = frozenset({"Experiment.submit", "ContextExperiment.submit", "RunContext.submit_child"})
#: Builtins that give what is in a collection, and one thing that is in it.
_SAME, _ONE_OF = ("list", "sorted", "iter", "reversed", "filter", "tuple", "tqdm", "islice"), ("next", "max", "min")


@dataclass(frozen=True)
class Module:
    """A module of SDK v1, by its dotted name."""

    name: str


@dataclass(frozen=True)
class OwnModule:
    """A module or package of the project, by its path without the ending ("/code/ml_service/util")."""

    path: str


@dataclass(frozen=True)
class Symbol:
    """A class, function or constant of SDK v1, or a member of one, that is not called yet: "Workspace.from_config".
    ``receiver``: the expression of the object when it is a bound member."""

    name: str
    receiver: ast.expr | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Instance:
    """An object of a class of SDK v1. ``origin``: the node that made it (its identity), None when it came from outside;
    ``path``: the attributes from that object to this one (``rc.environment`` shares the origin of ``rc``)."""

    type: str
    origin: ast.AST | None = field(default=None, repr=False)
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class Function:
    """A function of the project, and the module that it is in."""

    node: ast.FunctionDef | ast.AsyncFunctionDef
    evaluator: Evaluator = field(compare=False, repr=False)


@dataclass(frozen=True)
class LocalClass:
    """A class of the project."""

    node: ast.ClassDef
    evaluator: Evaluator = field(compare=False, repr=False)


@dataclass(frozen=True)
class LocalObject:
    """An object of a class of the project."""

    cls: LocalClass


@dataclass(frozen=True)
class Code:
    """Anything else whose expression is known: a literal, a list, a dict. ``node`` belongs to ``evaluator``'s
    module."""

    node: ast.expr
    evaluator: Evaluator = field(compare=False, repr=False)


Value = Module | OwnModule | Symbol | Instance | Function | LocalClass | LocalObject | Code


class Evaluator:
    """Evaluates the expressions of one module."""

    def __init__(self, tree: ast.Module, surroundings: Surroundings | None = None) -> None:
        self.tree = tree
        self.scopes = scopes_of(tree)
        self.surroundings = surroundings or Alone()
        self._known: dict[ast.AST, Value | None] = {}
        self._fields: dict[ast.ClassDef, dict[str, list[ast.expr]]] = {}
        self._globals: dict[str, Value | None] = {}
        #: What the module's code hands on, once it is read: handed.Handed.
        self.handed: object = None
        self._calls: dict[str, list[ast.Call]] | None = None
        #: What the module's code puts into collections, once it is asked for (chosen).
        self.additions: list[tuple[ast.expr, ast.expr]] | None = None
        #: Those to variables, by the node that makes the collection.
        self.named_additions: dict[ast.AST, list[ast.expr]] | None = None
        #: Those below the keys of dicts (records).
        self.keyed: dict[str, list[tuple[ast.expr, ast.expr]]] | None = None

    def value(self, node: ast.expr | None) -> Value | None:
        """The value of an expression of this module."""
        if node is None:
            return None
        if node in self._known:
            return self._known[node]
        self._known[node] = None  # what refers to itself is not known
        found = self._evaluate(node)
        self._known[node] = found
        return found

    def behind(self, node: ast.expr) -> ast.expr:
        """The expression of this module that says what an expression is: that of its variable, where it is known and
        makes no object; else the expression itself."""
        value = self.value(node)
        return value.node if isinstance(value, Code) and value.evaluator is self else node

    def type_of(self, node: ast.expr | None) -> str | None:
        """The v1 type of an expression, or None."""
        value = self.value(node)
        return value.type if isinstance(value, Instance) else None

    def constant(self, node: ast.expr | None) -> object:
        """The literal value of an expression (str, int, float, bool, None, and lists or dicts of them).
        Raises ValueError when it is not one."""
        value = self.value(node)
        if not isinstance(value, Code):
            raise ValueError("not a literal")
        try:
            return literal(value.node)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
            raise ValueError("not a literal") from error

    def text(self, node: ast.expr | None) -> str | None:
        """The value of an expression if it is a string that is known, or None."""
        try:
            found = self.constant(node)
        except ValueError:
            return None
        return found if isinstance(found, str) else None

    def binding_value(self, binding: Binding) -> Value | None:
        """What a binding gives its name."""
        if binding.kind == "import":
            return self._imported(binding)
        if binding.kind in ("assign", "with"):
            if isinstance(binding.statement, ast.AnnAssign) and binding.value is None:
                return self._annotated(binding.statement.annotation)
            found = self.value(binding.value)
            foreign = found is None and is_foreign_workspace(binding, self)
            return Instance("Workspace", binding.value) if foreign else found
        if binding.kind == "pair":
            pair = self._element(self.value(binding.value), None, binding)
            part = part_of(pair.type, binding.index or 0) if isinstance(pair, Instance) else None
            if part and isinstance(pair, Instance):
                return Instance(part, pair.origin, (*pair.path, "[]"))
            return iterated(binding, self)
        if binding.kind in ("element", "unpack"):
            index = binding.index if binding.kind == "unpack" else None
            found = self._element(self.value(binding.value), index, binding)
            return iterated(binding, self) if found is None and index is None else found
        if binding.kind == "parameter" and isinstance(binding.node, ast.arg):
            return self._parameter(binding)
        if isinstance(binding.node, FUNCTIONS):
            return Function(binding.node, self)
        if isinstance(binding.node, ast.ClassDef):
            return LocalClass(binding.node, self)
        return None

    # Expressions ------------------------------------------------------------------------------------------------

    def _evaluate(self, node: ast.expr) -> Value | None:
        if isinstance(node, ast.Name):
            bindings = self.scopes.lookup(node.id, node)
            found = self._first(bindings) or self._starred(node.id, self.scopes.hides_stars(bindings))
            return found if found is not None or bindings else unbound_workspace(node.id, self)
        if isinstance(node, ast.Attribute):
            return self._attribute(node)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Subscript):
            return self._subscript(node)
        if isinstance(node, ast.IfExp):
            return self._better(self.value(node.body), self.value(node.orelse))
        if isinstance(node, ast.BoolOp):
            return next((v for v in map(self.value, node.values) if isinstance(v, Instance)), None)
        if isinstance(node, (ast.NamedExpr, ast.Await)):
            return self.value(node.value)
        return Code(node, self)

    def _first(self, bindings: list[Binding]) -> Value | None:
        best: Value | None = None
        for binding in bindings:
            value = self.binding_value(binding) or implied_in_loop(binding, self)
            best = self._better(best, value)
            if isinstance(best, Instance) and best.type == "Run" and isinstance(value, Instance):
                best = value if "RunContext" in lineage(value.type) else best  # a script's own run, or one it finds
        return best

    @staticmethod
    def _better(one: Value | None, other: Value | None) -> Value | None:
        vague = one is None or (isinstance(one, Code) and isinstance(one.node, ast.Constant) and one.node.value is None)
        return other if vague and other is not None else one

    def _attribute(self, node: ast.Attribute) -> Value | None:
        base = self.value(node.value)
        if isinstance(base, Module):
            return self._member_of_module(base.name, node.attr)
        if isinstance(base, OwnModule):
            return self.surroundings.member(base, node.attr) or stored(node, self)
        if isinstance(base, Symbol):
            name = f"{FACTORIES.get(base.name, base.name)}.{node.attr}"
            return Symbol(name) if base.receiver is None or base.name in NAMESPACES else None
        if isinstance(base, Instance):
            symbol = Symbol(f"{base.type}.{node.attr}", node.value)
            kind = result_of(symbol.name)
            if kind is None or self._is_function(node):
                return symbol
            if base.type in CONFIGURATIONS:
                return Instance(kind, base.origin or node, (*base.path, node.attr))
            return Instance(kind, node)
        if isinstance(base, LocalObject):
            return self._better(base.cls.evaluator.field(base.cls.node, node.attr), stored(node, self))
        if isinstance(base, LocalClass):
            return self._better(base.evaluator.field(base.node, node.attr), stored(node, self))
        return self._self_field(node) or stored(node, self)

    def _is_function(self, node: ast.Attribute) -> bool:
        parent = self.scopes.parents.get(node)
        return isinstance(parent, ast.Call) and parent.func is node

    def _self_field(self, node: ast.Attribute) -> Value | None:
        if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
            return None
        owner = next((n for n in self.scopes.ancestors(node) if isinstance(n, ast.ClassDef)), None)
        return self.field(owner, node.attr) if owner is not None else None

    def _call(self, node: ast.Call) -> Value | None:
        function = self.value(node.func)
        if isinstance(function, Symbol) and function.name in FACTORIES:
            return function  # an object of it has what the class has
        if isinstance(function, Symbol):
            kind = self._submitted(node) if function.name in _SUBMITTING else None
            kind = kind or found_runs(function.name, node, self) or result_of(function.name)
            return Instance(kind, node) if kind is not None else self._collection_call(node)
        if isinstance(function, Function):
            found = function.evaluator.returned(function.node)
            own = function.evaluator is self or not isinstance(found, Instance)
            return found if own else Instance(found.type, node)  # type: ignore[union-attr]
        if isinstance(function, LocalClass):
            return LocalObject(function)
        if isinstance(function, Code) and function.evaluator is self and isinstance(function.node, ast.Lambda):
            return self.value(function.node.body)
        if isinstance(node.func, ast.Name) and node.func.id in (*_SAME, *_ONE_OF) and node.args:
            inner = self.value(node.args[-1 if node.func.id == "filter" else 0])
            if isinstance(inner, Instance):
                return self._element(inner, None, None) if node.func.id in _ONE_OF else inner
            if node.func.id in _ONE_OF:
                return chosen(node.args[0], self)
        return self._collection_call(node)

    def _submitted(self, node: ast.Call) -> str | None:
        """The type of run that what is submitted gives."""
        given = next((keyword.value for keyword in node.keywords if keyword.arg == "config"), None)
        given = given if given is not None else node.args[0] if node.args else None
        return SUBMITTED.get(self.type_of(given) or "")

    def _collection_call(self, node: ast.Call) -> Value | None:
        """``ws.datasets.get("x")``, ``ws.datasets.values()``, ``ws.datasets.items()``."""
        if isinstance(node.func, ast.Attribute):
            base = self.value(node.func.value)
            if isinstance(base, Instance) and (element := element_of(base.type)):
                if node.func.attr in ("get", "pop"):
                    return Instance(element, base.origin or node, (*base.path, "[]"))
                if node.func.attr == "items":
                    return Instance(f"list:tuple:|{element}", base.origin or node, base.path)
                if node.func.attr == "values":
                    return Instance(f"list:{element}", base.origin or node, base.path)
        return of_record(node, self) or taken(node, self)

    def _subscript(self, node: ast.Subscript) -> Value | None:
        base = self.value(node.value)
        if isinstance(base, Instance):
            index = node.slice.value if isinstance(node.slice, ast.Constant) else None
            part = part_of(base.type, index) if isinstance(index, int) else None
            element = part or element_of(base.type)
            return Instance(element, base.origin or node, (*base.path, "[]")) if element else None
        if isinstance(base, Code) and not isinstance(node.slice, ast.Slice):
            return self._item(base, node.slice) or of_record(node, self) or chosen(node.value, self)
        if isinstance(node.slice, ast.Slice):
            return None
        return of_record(node, self) or chosen(node.value, self) or stored(node, self)

    def _item(self, base: Code, key: ast.expr) -> Value | None:
        if isinstance(base.node, (ast.ListComp, ast.DictComp)):  # the same code makes each of its items
            return base.evaluator.value(base.node.elt if isinstance(base.node, ast.ListComp) else base.node.value)
        try:
            wanted = self.constant(key)
        except ValueError:
            return None
        if isinstance(base.node, ast.Dict):
            for name, item in zip(base.node.keys, base.node.values, strict=True):
                if isinstance(name, ast.Constant) and name.value == wanted:
                    return base.evaluator.value(item)
        if isinstance(base.node, (ast.List, ast.Tuple)) and isinstance(wanted, int):
            elements = base.node.elts
            if -len(elements) <= wanted < len(elements) and not any(isinstance(e, ast.Starred) for e in elements):
                return base.evaluator.value(elements[wanted])
        return None

    def _element(self, value: Value | None, index: int | None, binding: Binding | None) -> Value | None:
        if isinstance(value, Instance) and index is not None and (part := part_of(value.type, index)):
            return Instance(part, value.origin or (binding.node if binding else None), (*value.path, "[]"))
        if isinstance(value, Instance) and (element := element_of(value.type)):
            if value.type.startswith("dict:") and index is None:
                return None  # iterating gives the names
            return Instance(element, value.origin or (binding.node if binding else None), (*value.path, "[]"))
        if isinstance(value, Code) and isinstance(value.node, (ast.List, ast.Tuple)) and value.node.elts:
            elements = value.node.elts
            chosen = elements[index] if index is not None and index < len(elements) else elements[0]
            found = value.evaluator.value(chosen)
            return found if index is not None or isinstance(found, Instance) else None
        if isinstance(value, Code) and isinstance(value.node, (ast.ListComp, ast.GeneratorExp)):
            found = value.evaluator.value(value.node.elt)
            return found if isinstance(found, Instance) else None
        return None

    # Names ------------------------------------------------------------------------------------------------------

    def _imported(self, binding: Binding) -> Value | None:
        statement, alias = binding.statement, binding.node
        if not isinstance(alias, ast.alias):
            return None
        if isinstance(statement, ast.Import):
            name = alias.name if alias.asname else alias.name.split(".")[0]
            return Module(name) if self.is_v1(alias.name) else self.surroundings.exported(name, "", 0)
        if isinstance(statement, ast.ImportFrom):
            module = statement.module or ""
            if not statement.level and self.is_v1(f"{module}.{alias.name}"):
                return self._member_of_module(module, alias.name)
            return self.surroundings.exported(module, alias.name, statement.level)
        return None

    def is_v1(self, name: str) -> bool:
        """Whether a dotted name lies in the packages of SDK v1."""
        if name == COMPONENTS or name.startswith(COMPONENTS + "."):
            return True
        inside = name == V1_PACKAGE or name.startswith(V1_PACKAGE + ".")
        return inside and not is_foreign(name) and not self.surroundings.owns(V1_PACKAGE)

    @staticmethod
    def _member_of_module(module: str, name: str) -> Value:
        # Modules are lower case and have no dots below a class; functions are lower case as well, but in known modules.
        known = f"{module}.{name}"
        if name.islower() and name not in STARRED_FUNCTIONS and not module.startswith("azureml.widgets"):
            return Module(known)
        return Symbol(OLD_NAMES.get(name, of_components(module, name)))

    def _starred(self, name: str, hidden: int) -> Value | None:
        """A name that only ``import *`` can have brought, below a line."""
        own = not name[:1].isupper() and name not in STARRED_FUNCTIONS
        for statement in self.scopes.starred if not name.startswith("_") else ():
            if statement.lineno < hidden:
                continue
            if statement.module and not statement.level and self.is_v1(statement.module):
                known = STARRED.get(statement.module)
                if not own and (name in known if known is not None else canonical(f"{statement.module}.{name}")):
                    return Symbol(name)
                continue
            found = self.surroundings.exported(statement.module or "", name, statement.level)
            if found is not None:
                return found
        return None

    def _parameter(self, binding: Binding) -> Value | None:
        assert isinstance(binding.node, ast.arg)
        if isinstance(binding.scope.node, ast.Lambda):
            return self._element(self.value(iterated_by(binding.scope.node, self.scopes)), None, binding)
        if binding.name == "cls" and isinstance(owner := self.scopes.parents.get(binding.scope.node), ast.ClassDef):
            return LocalClass(owner, self)
        found = self._annotated(binding.node.annotation) if binding.node.annotation else None
        function = binding.scope.node
        if isinstance(found, Instance) and found.type == "Run" and (kind := kind_of_run(binding, self)) is not None:
            return Instance(kind, binding.node)
        said = binding.node.annotation
        plain = isinstance(said, ast.Name) and said.id in PLAIN  # which may be wrong: what calls pass tells more
        if found is not None or (isinstance(said, (ast.Name, ast.Attribute)) and not plain) or says_client(said):
            return found
        if binding.name in PARAMETER_NAMES and is_client(function, binding.name, self.scopes):
            return None
        passed = self.given(function, binding.name) or given_by_fixtures(function, binding.name, self)
        for evaluator, argument in passed:
            value = evaluator.value(argument)
            if isinstance(value, LocalObject):
                return value
            if isinstance(value, Instance):
                kind = kind_of_run(binding, self) if "Run" in lineage(value.type) else None
                return Instance(kind or value.type, binding.node)
        if binding.name in PARAMETER_NAMES and passes_client(passed):
            return None
        kind = PARAMETER_NAMES.get(binding.name) or implied_type(binding, self)
        vague = kind is None or plain or not self.uses_v1() or is_patched(function)
        return None if vague else Instance(kind, binding.node)  # type: ignore[arg-type]

    def given(self, function: ast.AST, name: str) -> list[tuple[Evaluator, ast.expr]]:
        """What calls pass to a function's parameter, those of this module first."""
        if not isinstance(function, FUNCTIONS):
            return []
        bound = isinstance(self.scopes.parents.get(function), ast.ClassDef)
        passed = ((by, argument_of(call, function.args, name, bound=bound)) for by, call in self.callers(function))
        return [(by, argument) for by, argument in passed if argument is not None]

    def callers(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[tuple[Evaluator, ast.Call]]:
        """The calls of a function, as far as their names tell: those of this module first."""
        owner = self.scopes.parents.get(function)
        method = isinstance(owner, ast.ClassDef)
        called = owner.name if isinstance(owner, ast.ClassDef) and function.name == "__init__" else function.name
        bound = method and called == function.name
        named = [call for call in self.calls().get(called, ()) if may_call(call, self.scopes, bound=bound)]
        named += calls_of_heirs(function, self.calls(), self.scopes) if method and not bound else []
        own = [*named, *(self._made_by_itself(function) if method else ())]
        return [*((self, call) for call in own), *self.surroundings.callers(function)]

    def uses_v1(self) -> bool:
        """Whether the module imports SDK v1 at its top level."""
        return any(
            self.is_v1(alias.name if isinstance(node, ast.Import) else node.module or "")
            for node in self.tree.body
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for alias in node.names
        )

    def _annotated(self, annotation: ast.expr | None) -> Value | None:
        node = without_none(annotation)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            name = node.value.rsplit(".", 1)[-1]
            return Instance(name, node) if name in KNOWN_TYPES else None
        value = self.value(node)
        if isinstance(value, Symbol) and "." not in value.name:
            return Instance(value.name, node)
        if isinstance(value, LocalClass):
            return LocalObject(value)
        if isinstance(node, ast.Subscript):  # List[Run]
            inner = self._annotated(node.slice) if not isinstance(node.slice, ast.Tuple) else None
            if isinstance(inner, Instance) and isinstance(node.value, (ast.Name, ast.Attribute)):
                outer = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
                if outer in ("List", "list", "Sequence", "Iterable"):
                    return Instance(f"list:{inner.type}", node)
        return None

    def _made_by_itself(self, method: ast.AST) -> list[ast.Call]:
        """Where a class makes objects of its own with ``cls(...)``, if a method is what that calls."""
        if getattr(method, "name", "") != "__init__":
            return []
        owner = self.scopes.parents[method]
        return [call for call in self.calls().get("cls", ()) if owner in self.scopes.ancestors(call)]

    def is_run_script(self) -> bool:
        """Whether the module asks for the run that it is in, and submits none."""
        return "get_context" in self.calls() and "submit" not in self.calls()

    def calls(self) -> dict[str, list[ast.Call]]:
        """All calls of this module by the last part of what they call."""
        if self._calls is None:
            self._calls = {}
            for node in self.scopes.parents:
                if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
                    name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                    self._calls.setdefault(name, []).append(node)
        return self._calls

    # Functions and classes --------------------------------------------------------------------------------------

    def returned(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Value | None:
        """What a function gives."""
        best: Value | None = None
        if function.returns is not None:
            best = self._annotated(function.returns)
        values = [self.value(value) for value in returns(function)]
        for value in values:
            best = self._better(best, value)
        if isinstance(best, Instance) and best.type == "Run":
            kind = kind_of_several([value.type for value in values if isinstance(value, Instance)])
            return Instance(kind, best.origin) if kind is not None else best
        return best

    def global_value(self, name: str) -> Value | None:
        """What a name of the module is for other modules."""
        if name not in self._globals:
            self._globals[name] = None  # modules that import a name from each other
            own = self._first(self.scopes.module.bindings.get(name, [])[::-1])
            hidden = self.scopes.hides_stars(self.scopes.module.bindings.get(name, []))
            self._globals[name] = own if own is not None else self._starred(name, hidden)
        return self._globals[name]

    def field(self, owner: ast.ClassDef, name: str) -> Value | None:
        """The value of an attribute of a class of this module: a method, a class variable or ``self.name = ...``."""
        values = [self.value(expression) for expression in self.assigned(owner).get(name, ())]
        best: Value | None = None
        for value in [*values, self._annotated(declared(owner).get(name))]:
            best = self._better(best, value)
        if isinstance(best, Instance):
            held = [value for value in values if isinstance(value, Instance)]
            kind = kind_of_several([value.type for value in held])
            inside = next((value for value in held if "RunContext" in lineage(value.type)), best)
            return Instance(kind, inside.origin, inside.path) if kind is not None else best
        if best is None:
            for statement in owner.body:
                if isinstance(statement, FUNCTIONS) and statement.name == name:
                    is_property = any(isinstance(d, ast.Name) and "property" in d.id for d in statement.decorator_list)
                    return self.returned(statement) if is_property else Function(statement, self)
            for base in owner.bases:
                value = self.value(base)
                if isinstance(value, LocalClass) and value.node is not owner:
                    return value.evaluator.field(value.node, name)
            return untyped_field(owner, name, self)
        return best

    def assigned(self, owner: ast.ClassDef) -> dict[str, list[ast.expr]]:
        """What a class of this module assigns to its attributes, by their names."""
        if owner not in self._fields:
            self._fields[owner] = {}
            for target, value, node in assignments(owner):
                of_self = isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name)
                key = target.attr if of_self and target.value.id in ("self", "cls") else None  # type: ignore[attr-defined]
                if isinstance(target, ast.Name) and node in owner.body:
                    key = target.id
                if key is not None:
                    self._fields[owner].setdefault(key, []).append(value)
        return self._fields[owner]
