"""Rules, and how to write one.

A rule is one file in ``migrate/rules/`` and one test file in ``tests/migrate/rules/``. The file's docstring is the
rule's documentation; it makes one ``Rule`` named ``rule`` and a handler for each v1 symbol that it converts::

    rule = Rule("workspace", __doc__, cases=[Case("ws = Workspace.from_config()", "...")])

    @rule.converts("Workspace.from_config")
    def from_config(use: Use, to: Rewriter) -> Outcome:
        ml_client = to.need("azure.ai.ml", "MLClient")
        return Replace(f"{ml_client}.from_config(...)")

A symbol is the class, or class and member: "Experiment", "Experiment.submit"; "RunConfiguration.target=" is an
assignment. Members of a base class ("Run.id") are asked for its subclasses as well. The handler looks at the use:

- ``use.argument("name", position=1)``: what is passed; ``use.passed(...)``: the same, None for ``None`` as well;
- ``use.is_statement``, ``use.is_assigned``: where its value goes; ``use.receiver``: the object before the last dot;
- ``to.evaluator.type_of(node)``, ``.text(node)``, ``.constant(node)``: what an expression is of SDK v1, or says;
  ``.behind(node)``: the list or dict that a variable holds; ``.scopes``: where names are bound;
- ``to.maker(node)``: the use that makes the object of an expression; ``to.use_of(node)``: the use that a node is;
  ``Objects.of(to)``: all uses of an object.

It writes the v2 code with ``to.source(node)`` for every part that it takes over (which converts that part, too),
``to.need(module, name)`` for what has to be imported and ``to.client(use.node, workspace)`` for the client, and returns
what shall happen:

- ``Replace(text)``: the expression of the use becomes ``text``;
- ``Statements(text)``: the whole statement becomes ``text`` (several statements; "" removes it);
- ``Leave(message)``: it cannot be converted; the message says what to do. ``status=Status.NO_EQUIVALENT`` when SDK v2
  has no such thing. The object that it needs stays v1, and so does everything connected with it;
- ``taken_over(use)``: it is part of what another use becomes, and goes.

``Replace`` and ``Statements`` take ``review="..."``: the assumption that a person should check; and ``note="..."``:
what else there is to say of the conversion. A v1 use inside of a converted one that no handler rendered counts as
converted with it.

``@rule.idiom`` registers a handler for expressions *around* uses that have to be converted as a whole, such as
``type(run) == _OfflineRun`` or ``run.input_datasets["x"]``: it is asked for every comparison, call and subscript that
has uses inside, and returns ``Replace`` or None.

Each ``Case`` is documentation and test: ``before`` must become ``after`` exactly, and ``after`` must stay as it is.
``tests/migrate/rules/support.py`` has ``check_transformed`` and ``check_noop`` for further tests.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from amlbridge.migrate.findings import Status, together

if TYPE_CHECKING:
    from amlbridge.migrate.analysis.uses import Use
    from amlbridge.migrate.rewriter import Rewriter


@dataclass(frozen=True)
class Replace:
    """The expression of the use becomes ``text``."""

    text: str
    review: str = ""
    note: str = ""


@dataclass(frozen=True)
class Statements:
    """The statement that the use is in becomes ``text``, which starts at column 0; "" removes it."""

    text: str
    review: str = ""
    note: str = ""


@dataclass(frozen=True)
class Leave:
    """It stays as it is. ``message`` says why, and what to do."""

    message: str
    status: Status = Status.MANUAL


Outcome = Replace | Statements | Leave


def assuming(outcome: Outcome, *assumptions: str) -> Outcome:
    """The outcome with further assumptions that a person should check; of what is left nothing is assumed."""
    if isinstance(outcome, Leave) or not assumptions:
        return outcome
    return replace(outcome, review=together([outcome.review, *assumptions]))


def taken_over(use: Use, review: str = "") -> Outcome:
    """The outcome of an object that is part of what another conversion writes: the statement that assigns it goes, and
    ``None`` stands for it where it is made on the spot."""
    return Statements("", review) if use.is_assigned else Replace("None", review)


Handler = Callable[["Use", "Rewriter"], Outcome]
#: Looks at a comparison, negation, call or subscript that has v1 uses inside; gives None when it is none of its idioms.
Idiom = Callable[[ast.expr, "Rewriter"], Replace | None]


@dataclass(frozen=True)
class Case:
    """An example: v1 code, and the v2 code that it becomes."""

    before: str
    after: str
    title: str = ""


@dataclass
class Rule:
    """A named group of handlers. ``doc``: one line, a blank line, and what the rule does, for docs/rules.md."""

    name: str
    doc: str | None
    cases: Sequence[Case] = ()
    handlers: dict[str, Handler] = field(default_factory=dict)
    idioms: list[Idiom] = field(default_factory=list)

    def converts(self, *symbols: str) -> Callable[[Handler], Handler]:
        """Registers a handler for symbols. Raises ValueError when a symbol has one in this rule already."""

        def register(handler: Handler) -> Handler:
            for symbol in symbols:
                if symbol in self.handlers:
                    raise ValueError(f"rule {self.name} converts {symbol} twice")
                self.handlers[symbol] = handler
            return handler

        return register

    def idiom(self, handler: Idiom) -> Idiom:
        """Registers a handler for expressions around uses, which it converts as a whole."""
        self.idioms.append(handler)
        return handler

    @property
    def link(self) -> str:
        """Where the documentation says more."""
        return f"docs/rules.md#{self.name}"


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule in ``migrate/rules/``, by name. Raises ValueError when two convert the same symbol."""
    package = importlib.import_module("amlbridge.migrate.rules")
    found: dict[str, Rule] = {}
    for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        rule = getattr(importlib.import_module(info.name), "rule", None)
        if isinstance(rule, Rule):
            found[rule.name] = rule
    return tuple(found[name] for name in sorted(found))


@cache
def handlers() -> dict[str, tuple[Rule, Handler]]:
    """The rule and the handler of each symbol. Raises ValueError when two rules convert the same symbol."""
    found: dict[str, tuple[Rule, Handler]] = {}
    for rule in all_rules():
        for symbol, handler in rule.handlers.items():
            if symbol in found:
                raise ValueError(f"the rules {found[symbol][0].name} and {rule.name} both convert {symbol}")
            found[symbol] = (rule, handler)
    return found


@cache
def idioms() -> tuple[tuple[Rule, Idiom], ...]:
    """The idioms of all rules."""
    return tuple((rule, handler) for rule in all_rules() for handler in rule.idioms)
