"""Writes the new code of a module: what a rule's handler sees as ``to``."""

from __future__ import annotations

import ast
from collections.abc import Callable

from amlbridge.migrate.analysis.displays import displays_in
from amlbridge.migrate.analysis.handed import BY_NAME, holds_any
from amlbridge.migrate.analysis.implied import ImpliedItem
from amlbridge.migrate.analysis.keywords import assumed_of, values_behind
from amlbridge.migrate.analysis.run_kinds import annotated
from amlbridge.migrate.analysis.scopes import Binding, Scope
from amlbridge.migrate.analysis.symbols import lineage
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Evaluator, Function, Instance
from amlbridge.migrate.attempt import Attempt, alternatives
from amlbridge.migrate.cleanup.imports import Imports
from amlbridge.migrate.findings import Finding, Status
from amlbridge.migrate.mixtures.beside import (
    annotate_client,
    client_beside,
    client_near,
    client_of,
    client_of_object,
    client_of_unknown,
    gives_kept,
    is_from_elsewhere,
    is_second,
    makers,
    returned_by,
    stays_with_others,
    unbound_client,
    v1_workspace,
    workspaces_in,
)
from amlbridge.migrate.mixtures.bridges import BRIDGES, MODULES, bridge_of, is_plain_name, may_be_none
from amlbridge.migrate.mixtures.rebuilt import settings_code, settings_type
from amlbridge.migrate.module import Options, RestOfRun
from amlbridge.migrate.no_equivalent import is_slip, refused, rule_name, without_rule
from amlbridge.migrate.registry import Leave, Outcome, Replace, Rule, Statements, assuming, handlers, idioms
from amlbridge.migrate.text.edits import Lines
from amlbridge.migrate.text.fstrings import CannotWriteError, is_format, values_in, with_replaced
from amlbridge.migrate.text.nested_quotes import as_python, checked
from amlbridge.migrate.text.trees import children, walk

#: What the workspace's variable is called in the new code.
CLIENT = "ml_client"
#: What can be read of a v1 workspace as well as of its client.
_WORKSPACE_FACTS = frozenset({"Workspace.name", "Workspace.subscription_id", "Workspace.resource_group"})
#: Names of v1 workspaces that nobody would keep for an MLClient.
_WORKSPACE_NAMES = frozenset(
    ["ws", "workspace", "aml_workspace", "aml_ws", "w", "azure_workspace", "azureml_workspace"]
)
#: What becomes of a use that could be converted, but shares an object with one that could not.
CONNECTED = Leave("stays SDK v1, because something that it is connected with could not be converted")
#: Expressions around uses that an idiom may convert.
#: What the comments of a conversion begin with.
_TOLD = "# TODO(amlbridge "
_IDIOMS = (ast.Compare, ast.Call, ast.Subscript, ast.UnaryOp)
_OBJECTS = (ast.Name, ast.Attribute, ast.Call, ast.Subscript)  # what may stand for an object


class Rewriter(RestOfRun):
    """Renders the expressions of a module, asking the rules on the way."""

    def __init__(self, lines: Lines, evaluator: Evaluator, uses: list[Use], options: Options, attempt: Attempt) -> None:
        super().__init__()
        self.lines = lines
        self.evaluator = evaluator
        self.options = options
        self.attempt = attempt
        self.imports = Imports(evaluator, attempt.names, {use.node for use in uses})
        self.uses = uses
        self._use_of = {use.node: use for use in uses}
        self.outcomes: dict[ast.expr, tuple[Rule | None, Outcome]] = {}
        self.created: dict[str, str] = {}
        self.inserted: dict[ast.stmt, list[str]] = {}
        self.appended: dict[ast.stmt, list[str]] = {}
        self.removed: set[ast.stmt] = set()
        self.replaced: dict[ast.stmt, str] = {}
        #: Statements that nothing is left of in the new text.
        self.gone: set[ast.stmt] = set()
        self.memory: dict[object, object] = {}
        self.notes: list[Finding] = []
        #: Statements that hand code which stays v1 what a bridge leads to, and the rule for it.
        self.bridging: dict[ast.stmt, str] = {}
        #: Statements, and variables of inserted ones, that go when nothing reads what they make: it is in a file now.
        self.spare: set[ast.stmt] = set()
        self.spare_names: set[str] = set()
        self.ignored: Callable[[Use, str], bool] = lambda use, rule: False
        self._touched: set[ast.AST] = set()
        self._deciding: set[ast.AST] = set()
        #: What the rule that is asked just now takes for granted about clients.
        self.assumed: list[str] = []
        self._taken = set(evaluator.scopes.names)
        self._renamed: dict[ast.AST, str | Callable[[], str]] = {}
        #: Parameters that go from the functions that have them.
        self.dropped: set[ast.arg] = set()
        self._wrapped: dict[ast.AST, str] = {}
        for name in self.evaluator.scopes.every(ast.Name):
            if self._renames(name) or self._is_of_a_job(name):
                self._touch(name)
        for node in self._use_of:
            self._touch(node)

    # For handlers -----------------------------------------------------------------------------------------------

    def source(self, node: ast.AST) -> str:
        """The code of an expression, converted. Raises CannotWriteError where that is not possible."""
        code = self._render(node)
        return self._wrapped[node].format(code) if node in self._wrapped else code

    def need(self, module: str, name: str) -> str:
        """Makes sure that the new code imports a name. Returns what it is called there."""
        return self.imports.need(module, name)

    def need_module(self, module: str) -> str:
        """Makes sure that the new code imports a module. Returns what it is called there."""
        return self.imports.need(module, "")

    def client(self, at: ast.AST, workspace: ast.expr | None = None) -> str:
        """The MLClient at a place: ``workspace`` converted, or of the visible workspace, else a new one."""
        if workspace is not None and self.evaluator.type_of(workspace) == "Workspace":
            return self._client_of(workspace)
        if isinstance(workspace, (ast.Name, ast.Attribute, ast.Call)) and self.evaluator.value(workspace) is None:
            code, assumed = client_of_unknown(workspace, self)
            self.assumed += [f"{code} has to be an MLClient: say so where it is made"] if assumed else []
            return code
        from amlbridge.migrate.mixtures.new_clients import client_at

        return client_at(at, self)

    def _client_of(self, workspace: ast.expr) -> str:
        value = self.evaluator.value(workspace)
        if isinstance(value, Instance) and value.origin in self.attempt.kept:
            bound = self.evaluator.scopes.bindings_of(workspace)
            there = self.client_there(workspace)
            return there or (client_beside(bound[0], CLIENT, self) if bound else client_near(workspace, self))
        annotate_client(value, self)
        return self.source(workspace)

    def client_there(self, at: ast.AST) -> str | None:
        """The variable ``ml_client``, where the code has one already."""
        bindings = self.evaluator.scopes.lookup(CLIENT, at)
        return CLIENT if any(binding.position <= self.evaluator.scopes.place_of(at) for binding in bindings) else None

    def fresh(self, wanted: str) -> str:
        """A name that nothing in the module has yet."""
        name, number = wanted, 2
        while name in self._taken:
            name, number = f"{wanted}_{number}", number + 1
        self._taken.add(name)
        return name

    def before(self, statement: ast.stmt, code: str) -> None:
        """Inserts statements above a statement."""
        self.inserted.setdefault(statement, []).append(as_python(code) or code)
        self._touch(statement)

    def remove(self, statement: ast.stmt) -> None:
        """Removes another statement, which what is converted here has taken over."""
        self.removed.add(statement)

    def after(self, statement: ast.stmt, code: str) -> None:
        """Inserts statements below a statement."""
        self.appended.setdefault(statement, []).append(as_python(code) or code)
        self._touch(statement)

    def replace_statement(self, statement: ast.stmt, code: str) -> None:
        """Replaces another statement, which what is converted here has taken over."""
        self.replaced[statement] = as_python(code) or code
        self._touch(statement)

    def rename(self, node: ast.AST, code: str | Callable[[], str]) -> None:
        """Writes ``code``, or what it gives in the end, where an expression, a parameter, or a keyword stands."""
        self._renamed[node] = code
        self._touch(node)

    def wrap(self, node: ast.AST, template: str) -> None:
        """Puts code around what an expression becomes: ``template`` has ``{}`` where that goes."""
        self._wrapped[node] = template
        self._touch(node)

    def note(self, at: ast.AST, rule: str, symbol: str, message: str, status: Status = Status.MANUAL) -> None:
        """Adds a finding on something that is no use of a symbol."""
        line, column = at.lineno, at.col_offset + 1  # type: ignore[attr-defined]
        self.notes.append(Finding(rule, symbol, status, line, column, message, f"docs/rules.md#{rule}"))

    def create(self, path: str, text: str) -> None:
        """Creates a file; ``path`` is relative to the module's folder."""
        self.created[path] = text

    def settle(self, use: Use, rule: Rule, outcome: Outcome) -> None:
        """Notes what became of another use, which what is converted here has taken over, if it need not stay v1."""
        stays = not isinstance(outcome, Leave) and self.is_kept(use)
        self.outcomes.setdefault(use.node, (rule, CONNECTED if stays else outcome))

    # Rendering --------------------------------------------------------------------------------------------------

    def _touch(self, node: ast.AST) -> None:
        at: ast.AST | None = node
        while at is not None and at not in self._touched:
            self._touched.add(at)
            at = self.evaluator.scopes.parents.get(at)

    def _is_of_a_job(self, node: ast.Name) -> bool:
        """Whether it is the run that the script is in: ``hasattr(run, "experiment")`` is an idiom without a use."""
        value = self.evaluator.value(node)
        return isinstance(value, Instance) and value.type in ("RunContext", "ParentRun", "PassedRun")

    def touches(self, node: ast.AST) -> bool:
        """Whether something inside of a node may change."""
        return node in self._touched

    def _render(self, node: ast.AST) -> str:
        if node not in self._touched:
            if node not in self.evaluator.scopes.parents and not isinstance(node, ImpliedItem):
                raise CannotWriteError("what it is made of is in another module")
            return self.lines.source(node)
        use = self._use_of.get(node) if isinstance(node, ast.expr) else None
        if use is not None:
            outcome = self.outcome(use)
            if isinstance(outcome, Replace):
                return outcome.text
            if isinstance(outcome, Leave):
                return self._children(node) if is_slip(use) else self.left(node)
            return self.lines.source(node)
        if isinstance(node, _IDIOMS) and isinstance(whole := self.outcomes.get(node, (None, None))[1], Replace):
            return whole.text
        if node in self._renamed:
            code = self._renamed[node]
            return code if isinstance(code, str) else code()
        if isinstance(node, ast.Name) and (name := self._rename(node)):
            return name
        if isinstance(node, ast.JoinedStr):
            return self._formatted(node)
        return self._children(node)

    def left(self, node: ast.AST) -> str:
        """The code of a use that stays v1: as it is, but for bridges to objects that have become v2."""
        start, end = self.lines.span(node)
        parts, at = [], start
        for inner in self._bridged(node):
            if inner is node and self.bridge(inner) is None:
                continue  # a name that itself is left
            first, last = self.lines.span(inner)
            code = self.bridge_code(inner) if self.bridge(inner) is not None else self.source(inner)
            parts += [self.lines.text[at:first], code]
            at = last
        return "".join([*parts, self.lines.text[at:end]])

    def _bridged(self, node: ast.AST) -> list[ast.AST]:
        """The outermost expressions in a node that a bridge leads to, in the order of the text."""
        found: list[ast.AST] = []
        waiting = [node]
        while waiting:
            at = waiting.pop()
            if self.bridge(at) is not None or is_plain_name(at, self.evaluator, self._use_of, self.attempt.kept):
                found.append(at)
            elif not isinstance(at, ast.JoinedStr):
                waiting.extend(children(at))
        return sorted(found, key=self.lines.span)

    def bridge(self, node: ast.AST) -> str | None:
        """The type of the bridge that leads to the object of a name, or None."""
        return bridge_of(node, self.evaluator, self._use_of, self.attempt.kept) or settings_type(node, self)

    def bridge_code(self, node: ast.AST) -> str:
        kind = self.bridge(node)
        assert kind is not None and isinstance(node, ast.expr)
        if kind not in BRIDGES:
            return settings_code(node, self)
        code = BRIDGES[kind].format(ws="" if kind == "Workspace" else v1_workspace(node, self), it=self.source(node))
        name, rest = code.split(".", 1) if "." in code.split("(")[0] else code.split("(", 1)
        local = self.imports.need(MODULES.get(kind, "azureml.core"), name)
        code = f"{local}{'.' if '.' in code.split('(')[0] else '('}{rest}"
        return code if not may_be_none(node, self.evaluator) else f"({code} if {self.source(node)} else None)"

    def _children(self, node: ast.AST) -> str:
        start, end = self.lines.span(node)
        parts, at = [], start
        for child in self._rendered_children(node):
            first, last = self.lines.span(child)
            parts += [self.lines.text[at:first], self.source(child)]
            at = last
        return "".join([*parts, self.lines.text[at:end]])

    def _rendered_children(self, node: ast.AST) -> list[ast.AST]:
        found = []
        for child in children(node):
            if child not in self._touched:
                continue
            if hasattr(child, "lineno") and not isinstance(child, ast.ExceptHandler):
                found.append(child)
            else:  # arguments, comprehensions, with-items, handlers: only their parts have a rendering
                found += self._rendered_children(child)
        return sorted(found, key=lambda child: self.lines.span(child))

    def _formatted(self, node: ast.JoinedStr) -> str:
        """An f-string with its expressions converted."""
        start, end = self.lines.span(node)
        values = values_in(node)
        codes = [self.source(value) if value in self._touched else None for value in values]
        return with_replaced(self.lines.text[start:end], values, codes)

    # Names ------------------------------------------------------------------------------------------------------

    def _renames(self, node: ast.Name) -> bool:
        return self._rename(node) is not None

    def _rename(self, node: ast.Name) -> str | None:
        """``ws`` becomes ``ml_client`` where it is a variable that only ever holds a workspace."""
        if node.id not in _WORKSPACE_NAMES or self.evaluator.type_of(node) != "Workspace":
            return None
        if node in self.attempt.plain:
            return None
        bindings = self.evaluator.scopes.lookup(node.id, node)
        scope = bindings[0].scope if bindings else None
        if scope is None or scope.is_class or is_second(node.id, scope, _WORKSPACE_NAMES, self):
            return None
        everywhere = scope.bindings[node.id]
        for binding in everywhere:
            value = self.evaluator.binding_value(binding)
            if self.evaluator.scopes.is_set_elsewhere(binding):
                return None
            if binding.kind != "assign" or not (isinstance(value, Instance) and value.type == "Workspace"):
                return None
            if value.origin in self.attempt.kept or stays_with_others(binding, self.attempt.kept):
                return None
        if CLIENT in self.evaluator.scopes.names:
            return None
        if scope.is_module and (node.id in self.exported() or self.imported_elsewhere(node.id)):
            return None
        return CLIENT

    def exported(self) -> set[str]:
        """The names in ``__all__``."""
        for binding in self.evaluator.scopes.module.bindings.get("__all__", []):
            try:
                return set(map(str, ast.literal_eval(binding.value)))  # type: ignore[arg-type]
            except (ValueError, TypeError):
                return set()
        return set()

    def visible_client(self, at: ast.AST) -> str | None:
        """The name of the workspace that is visible at a place, as the new code calls it, or None."""
        scope: Scope | None = self.evaluator.scopes.of(at)
        place = self.evaluator.scopes.place_of(at)
        beside: Binding | None = None
        imported: tuple[str, bool] | None = None
        while scope is not None:
            if not (scope.is_class and scope is not self.evaluator.scopes.of(at)):
                for binding, value in workspaces_in(scope, CLIENT, self):
                    if not (binding.position <= place or scope is not self.evaluator.scopes.of(at)):
                        continue
                    node = binding.node
                    if value is None:
                        return CLIENT
                    if binding.kind == "import":
                        imported = imported or (binding.name, value.origin in self.attempt.kept)
                    elif value.origin in self.attempt.kept:
                        beside = beside or binding
                    else:
                        return (self._rename(node) if isinstance(node, ast.Name) else None) or binding.name
            scope = scope.parent
            if scope is not None and scope.is_class and beside is None and (held := client_of_object(at, self)):
                return held
        if beside is not None:
            return client_beside(beside, CLIENT, self)
        if imported is not None:
            return client_of(imported[0], self) if imported[1] else imported[0]
        return unbound_client(at, self)

    # Outcomes ---------------------------------------------------------------------------------------------------

    def outcome(self, use: Use) -> Outcome:
        """What becomes of a use; asked once."""
        if use.node not in self.outcomes:
            if use.node in self._deciding:
                raise CannotWriteError("it cannot be told what this is made of: it seems to be made of itself")
            self._deciding.add(use.node)
            self.outcomes[use.node] = self._decide(use)
            self._deciding.remove(use.node)
        return self.outcomes[use.node][1]

    def _decide(self, use: Use) -> tuple[Rule | None, Outcome]:
        rule, handler = next((handlers()[symbol] for symbol in use.symbols if symbol in handlers()), (None, None))
        unknown = without_rule(use.symbol, use.module) if handler is None else None
        if use.node in self.attempt.reasons:
            return self.attempt.reasons[use.node]
        if self.ignored(use, rule_name(rule, unknown)):
            return rule, Leave("left as it is, as the comment says", Status.IGNORED)
        if rule is not None and not self.options.applies(rule.name):
            return rule, Leave("left as it is: this rule is not selected", Status.IGNORED)
        if self._of_kept_workspace(use) or self._was_left(use) or self.is_kept(use):
            return rule, CONNECTED
        if handler is None:
            assert unknown is not None
            return None, unknown
        outer, self.assumed = self.assumed, []
        try:
            outcome = checked(handler(use, self))
            if not isinstance(outcome, Leave) and rule is not None and (why := self._why_left(use, rule)):
                return rule, Leave(f"{why} (an earlier run has left it: without its comment it is tried again)")
            return rule, assuming(outcome, *dict.fromkeys(self.assumed), *assumed_of(use))
        except (CannotWriteError, ValueError, AssertionError) as error:
            return rule, refused(use, error)
        finally:
            self.assumed = outer

    def keep_workspace(self, node: ast.expr) -> None:
        """Notes that a workspace is needed as a v1 object: beside the client where it has a variable of its own."""
        value = self.evaluator.value(node)
        if not isinstance(value, Instance) or value.origin is None:
            return
        making = makers(node, self.evaluator)
        plain = all(isinstance(made, (ast.Call, ast.Attribute)) and self._may_be_both(made) for made in making)
        if not (plain and isinstance(node, ast.Name) and self._rename(node) is not None):
            made_by: list[ast.AST] = [*making, value.origin, *returned_by(making, self)]
            self.attempt.kept.update(part for made in made_by for part in alternatives(made))
            self.attempt.both.difference_update(making)
            return
        self.attempt.both.update(making)
        for part in (part for made in making for part in ast.walk(made) if isinstance(part, ast.Name)):
            inner = self.evaluator.value(part)  # what the v1 workspace is made from stays as well
            if isinstance(inner, Instance) and inner.origin is not None and inner.type != "Workspace":
                self.attempt.kept.add(inner.origin)

    def _may_be_both(self, made: ast.expr) -> bool:
        """Whether a workspace may be there as a v1 object beside its client: not if a function of this module gives it,
        which is decided with it. One of another module gives a client, whose workspace is looked up."""
        called = self.evaluator.value(made.func) if isinstance(made, ast.Call) else None
        alone = isinstance(self.evaluator.scopes.parents.get(made), (ast.Assign, ast.AnnAssign))
        return alone and (not isinstance(called, Function) or is_from_elsewhere(made, self))

    def use_of(self, node: ast.AST) -> Use | None:
        """The use that a node is, if it is one."""
        return self._use_of.get(node)  # type: ignore[call-overload,no-any-return]

    def maker(self, node: ast.expr | None) -> Use | None:
        """The use of this module that makes the object which an expression stands for; None when there is none."""
        value = self.evaluator.value(node)
        return self.use_of(value.origin) if isinstance(value, Instance) and value.origin is not None else None

    def _of_kept_workspace(self, use: Use) -> bool:
        """Whether a plain fact is read of a workspace that stays v1: it can be read there."""
        value = use.receiver_value
        return use.symbol in _WORKSPACE_FACTS and value is not None and self.is_kept_here(value)

    def is_kept_here(self, workspace: Instance) -> bool:
        """Whether a workspace stays v1 that the module makes itself. Beside one that other code gives is a client."""
        made = workspace.origin if workspace.origin in self.attempt.kept - self.attempt.foreign else None
        return made is not None and (gives_kept(made, self) or not is_from_elsewhere(made, self))

    def _was_left(self, use: Use) -> bool:
        """Whether an earlier run has left the statement for the sake of something connected, which this run may not
        see any more: other parts of the connection have become v2."""
        return any(CONNECTED.message in line for line in self._told_before(use))

    def _why_left(self, use: Use, rule: Rule) -> str:
        """Why an earlier run has left the statement, if for a use of the same rule; "" elsewhere. What kept it may have
        become v2 since, which says nothing of it."""
        start = f"{_TOLD}{rule.name}): "
        return next((line[len(start) :] for line in self._told_before(use) if line.startswith(start)), "")

    def _told_before(self, use: Use) -> list[str]:
        """The comments of an earlier run above the statement of a use."""
        first = self.lines.line_start(self.lines.span(use.statement)[0])
        return [line for line in self.lines.comments_above(first) if line.startswith(_TOLD)]

    def leave_unwritable(self) -> None:
        """Leaves the uses in f-strings that cannot hold the new code. Comes when all uses are decided."""
        parents = self.evaluator.scopes.parents
        texts = [node for node in self.evaluator.scopes.every(ast.JoinedStr) if not is_format(node, parents)]
        for node in texts:
            if any(self._is_replaced(around) for around in self.evaluator.scopes.ancestors(node)):
                continue  # what takes it over has written it, or what it means
            try:
                self.source(node)
            except CannotWriteError as error:
                for use in (use for part in ast.walk(node) if (use := self.use_of(part)) is not None):
                    rule, outcome = self.outcomes.get(use.node, (None, None))
                    if isinstance(outcome, Replace):
                        self.outcomes[use.node] = rule, Leave(str(error))

    def _is_replaced(self, node: ast.AST) -> bool:
        outcome = self.outcomes.get(node, (None, None))[1]  # type: ignore[call-overload]
        return outcome is not None and not isinstance(outcome, Leave)

    def find_idioms(self) -> None:
        """Asks the rules for expressions that are converted as a whole. Comes before the first use is decided."""
        for node in self.evaluator.scopes.parents if self._touched else ():  # outer ones come first
            if node not in self._touched or not isinstance(node, _IDIOMS) or node in self._use_of:
                continue
            around = self.evaluator.scopes.ancestors(node)
            if any(part in self.outcomes for part in around) or self._gives_kept(node):
                continue
            inside = [use for part in ast.walk(node) if (use := self.use_of(part)) is not None]
            if any(self.is_kept(use) for use in inside):
                continue
            for rule, handler in idioms():
                if not self.options.applies(rule.name) or any(self.ignored(use, rule.name) for use in inside):
                    continue
                outcome = handler(node, self)
                if outcome is not None:
                    self.outcomes[node] = (rule, outcome)
                    break

    def is_kept(self, use: Use) -> bool:
        """Whether a use makes or needs an object that has to stay v1."""
        kept = self.attempt.kept
        if use.node in kept or self._gives_kept(use.node):
            return True
        if use.receiver_value is not None and holds_any(self.evaluator, use.receiver, kept):
            return True
        held = annotated(use.node, self.evaluator) if use.call is None else None
        if isinstance(held, Instance) and held.origin in kept:
            return True
        # The run of the job itself is found again by MLflow; a child, or a run that the script starts, is not.
        needed = [value for value in self.connected(use) if value.type not in ("RunContext", "ParentRun")]
        receiver = use.receiver_value
        by_name = [value for value in needed if BY_NAME.intersection(lineage(value.type)) and value != receiver]
        return any(value.origin in kept for value in needed if value not in by_name)

    def _gives_kept(self, node: ast.expr) -> bool:
        """Whether an item of a collection (``ws.datasets["x"]``) has to stay v1."""
        value = self.evaluator.value(node) if isinstance(node, (ast.Subscript, ast.Call)) else None
        return isinstance(value, Instance) and value.path[-1:] == ("[]",) and value.origin in self.attempt.kept

    def connected(self, use: Use, *, unbridged: bool = False) -> list[Instance]:
        """The v1 objects that a use takes: its receiver and its arguments, workspaces excepted. ``unbridged``: without
        those that a bridge leads to."""
        expressions: list[ast.expr] = [use.receiver] if use.receiver is not None else []
        if use.call is not None:
            expressions += [*use.call.args, *(keyword.value for keyword in use.call.keywords)]
            spread = [keyword.value for keyword in use.call.keywords if keyword.arg is None]
            expressions += [value for node in spread for value in values_behind(node, self.evaluator)]
            expressions += displays_in(use.call, self.evaluator)
        elif use.symbol.endswith("=") and isinstance(use.statement, ast.Assign):
            expressions.append(use.statement.value)
        found = []
        for expression in expressions:
            inside = {n for bridged in self._bridged(expression) for n in walk(bridged)} if unbridged else set()
            for node in walk(expression):
                if node in inside:
                    continue
                value = self.evaluator.value(node) if isinstance(node, _OBJECTS) else None
                if isinstance(value, Instance) and value.type != "Workspace":
                    found.append(value)
        return found

    def cause(self, use: Use) -> Use | None:
        """The use that was left for a reason of its own, and keeps this one v1; None when that is not known."""
        causes = self.attempt.causes
        nodes = [use.node, *(value.origin for value in self.connected(use) if value.origin is not None)]
        return next((causes[node] for node in nodes if node in causes), None)

    def left_with(self, use: Use, other: Use) -> Leave:
        """The outcome of a use that stays v1 because of another, which is left: its reason is that one's."""
        cause = self.cause(other) if self.outcome(other) == CONNECTED else other
        self.attempt.keep(use.node, cause)
        return CONNECTED


__all__ = ["Attempt", "CannotWriteError", "Rewriter", "Statements"]
