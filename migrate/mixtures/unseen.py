"""What is said of objects that go to code which is not seen, and of what comes from there."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.handed_out import HandedOut, handed_out
from amlbridge.migrate.analysis.symbols import REPORTED, lineage
from amlbridge.migrate.analysis.unknown_calls import unseen_takers
from amlbridge.migrate.analysis.unknown_members import called, unknown_members
from amlbridge.migrate.analysis.values import Instance
from amlbridge.migrate.cleanup.imports import is_standard
from amlbridge.migrate.cleanup.told import comment
from amlbridge.migrate.findings import Status
from amlbridge.migrate.registry import Leave, handlers
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.trees import root_of

#: What is said of a function that is not seen.
TAKES = "{} is given {} now, and is not seen here: it has to take one"
#: What is said of a method of SDK v1 on something that nobody knows.
UNKNOWN = "{} is of SDK v1, and what {} is cannot be told: convert it by hand, or annotate the type where it is made"
#: What objects of SDK v1 are in SDK v2, where nothing else is said.
_NOW = {
    "Experiment": "an experiment's name",
    "Dataset": "data of SDK v2",
    "Datastore": "a datastore of SDK v2",
    "ComputeTarget": "a compute of SDK v2",
    "Environment": "an environment of SDK v2",
    "RunContext": "MLflow's run",
    "Run": "a job of SDK v2",
    "Model": "a model of SDK v2",
    "ScriptRunConfig": "a command job",
    "Pipeline": "a pipeline of SDK v2",
}


def tell_unseen(to: Rewriter) -> None:
    """Tells of what is not seen and gets objects that are of SDK v2 now, at the first of each type."""
    _tell_of_clients(to)
    told: set[tuple[str, str]] = set()
    for one in handed_out(to.evaluator):
        taker = ast.unparse(one.taker)
        kind = one.type.split(":")[-1]
        symbol = REPORTED.get(kind, kind)
        if not symbol.isidentifier() or (taker, symbol) in told or not _is_new(one, to):
            continue
        told.add((taker, symbol))
        now = next((_NOW[base] for base in lineage(kind) if base in _NOW), f"what {symbol} is in SDK v2")
        rule = next((handlers()[name][0].name for name in (kind, f"{kind}.get") if name in handlers()), "runs")
        to.note(one.given, rule, symbol, TAKES.format(taker, now), Status.REVIEW)


def _tell_of_clients(to: Rewriter) -> None:
    """Tells of functions of other code that get a client where they got a workspace, at the first call of each."""
    told: set[str] = set()
    for given, call in unseen_takers(to.evaluator):
        made, taker = to.evaluator.value(given), to.lines.source(call.func)
        stays = given in to.attempt.plain or (isinstance(made, Instance) and made.origin in to.attempt.kept)
        if not stays and taker not in told and not _is_of_python(call.func, to):
            told.add(taker)
            to.note(given, "workspace", "Workspace", TAKES.format(taker, "an MLClient"), Status.REVIEW)


def _is_of_python(function: ast.expr, to: Rewriter) -> bool:
    """Whether a function is one of the standard library, which takes anything: ``pprint``, ``logging.info``."""
    statements = [binding.statement for binding in to.evaluator.scopes.bindings_of(root_of(function))]
    return all(isinstance(node, (ast.Import, ast.ImportFrom)) and is_standard(node) for node in statements)


def leave_unknown(to: Rewriter) -> None:
    """Leaves calls of methods that only SDK v1 has where nobody knows what they are called on, and what these run."""
    for call, run in unknown_members(to.evaluator):
        if run is not None and run.origin is not None:
            to.attempt.keep(run.origin, None)
        message = UNKNOWN.format(called(call), ast.unparse(call.func.value))  # type: ignore[attr-defined]
        to.note(call, "runs", called(call), message)
        comment(call, "runs", message, to)


def _is_new(one: HandedOut, to: Rewriter) -> bool:
    """Whether an object is converted: no bridge leads to one of SDK v1, and what makes it does not stay."""
    value = to.evaluator.value(one.given)
    if not isinstance(value, Instance) or value.origin in to.attempt.kept or one.given in to.attempt.bridged:
        return False
    made = to.use_of(value.origin) if value.origin is not None else None
    return made is not None and not isinstance(to.outcomes.get(made.node, (None, None))[1], Leave)
