"""Computes of other services: code that attaches Databricks, HDInsight, AKS and others goes with what ran there.

SDK v2 attaches none of them: the components that were steps on them call the service, or run on Spark. Where the
compute goes only to such steps, the code that looks it up, attaches it and waits for it goes (with what it prints);
else it stays SDK v1, and the finding says how to do without. The same holds of clusters of AKS that are made for a
service, which becomes a managed online endpoint.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.jobs.services import CONFIGURATIONS, SERVICES
from amlbridge.migrate.models.steps.steps import STEPS
from amlbridge.migrate.no_equivalent import without_rule
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.text.trees import called_name

rule = Rule(
    "service-computes",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core.compute import ComputeTarget, DatabricksCompute
from azureml.exceptions import ComputeTargetException

try:
    compute = DatabricksCompute(workspace=ws, name="databricks")
    print("found")
except ComputeTargetException:
    config = DatabricksCompute.attach_configuration("group", "name", access_token=token)
    compute = ComputeTarget.attach(ws, "databricks", config)
    compute.wait_for_completion(True)
print("attached")
""",
            """\

print("attached")
""",
        ),
    ],
)

_GONE = "SDK v2 attaches no compute of this service: what ran on it calls the service itself, or runs on Spark"
_MANAGED = "SDK v2 makes no cluster of AKS: the service that was deployed to it is a managed online endpoint"
#: What is converted without the compute that it is given, besides steps.
_WITHOUT = (
    *("ScriptRunConfig", "ComputeTarget.attach", "ComputeTarget.create", "Model.deploy"),
    *("Webservice.deploy_from_image", "Webservice.deploy_from_model"),
)
#: What clusters of AKS are for, which managed endpoints have no word for.
_PURPOSES = {"DEV_TEST": "DevTest", "FAST_PROD": "FastProd", "DENSE_PROD": "DenseProd"}
#: Calls that look a compute up by its name.
_LOOKED_UP = ("ComputeTarget", "AksCompute", *SERVICES)
_SAID = frozenset({"print", "info", "debug", "warning", "error"})


@rule.converts(
    *SERVICES,
    *(f"{service}.attach_configuration" for service in SERVICES),
    "DataFactoryCompute.provisioning_configuration",
    "AksCompute.provisioning_configuration",
)
def compute(use: Use, to: Rewriter) -> Outcome:
    """The code that gets the compute goes, if only converted steps have it."""
    return gone(use, to)


@rule.converts(*(f"AksCompute.ClusterPurpose.{name}" for name in _PURPOSES))
def purpose(use: Use, to: Rewriter) -> Outcome:
    """The text that the constant is."""
    del to
    return Replace(f'"{_PURPOSES[use.symbol.rpartition(".")[2]]}"', _MANAGED)


def gone(use: Use, to: Rewriter) -> Outcome:
    """Removes what the compute of a use is got with, when nothing else needs it."""
    asked = to.memory.setdefault("computes that are asked for", set())
    assert isinstance(asked, set)
    asked.add(use.node)
    try:
        return _gone(use, to)
    finally:
        asked.discard(use.node)


def _gone(use: Use, to: Rewriter) -> Outcome:
    why = _MANAGED if _is_aks(use, to) else _GONE
    statement = _around(use, to)
    names = {target.id for part in _simple(statement) for target in _targets(part)}
    more: list[ast.stmt] = _found_again(statement, names, to)
    for name in names:
        for read in Objects.of(to).reads(name):
            if statement in to.evaluator.scopes.ancestors(read) or _goes(read, to):
                continue
            around = _asking(read, to)
            if around is None or not (around in more or _only_says(around, names, to)):
                return _left(use, to)
            more.append(around)
    if not names and not _only_says(statement, names, to):
        return _left(use, to)
    going = dict.fromkeys([statement, *more])
    inside = [other for other in to.uses if other is not use and _is_in(other, going, to)]
    if any(to.is_kept(other) for other in inside):  # another object may be behind the same name
        return _left(use, to)
    for removed in going:
        to.remove(removed)
    for other in inside:
        to.settle(other, rule, Statements("", why))
    return Statements("", why)


def _is_in(use: Use, statements: Collection[ast.stmt], to: Rewriter) -> bool:
    return any(node in statements for node in (use.statement, *to.evaluator.scopes.ancestors(use.node)))


def _found_again(statement: ast.stmt, names: set[str], to: Rewriter) -> list[ast.stmt]:
    """The statements that look a compute up by its name once more, for the same variable."""
    found: list[ast.stmt] = []
    for target in (target for part in _simple(statement) for target in _targets(part)):
        for binding in to.evaluator.scopes.home(target).bindings[target.id]:
            use = to.use_of(binding.value) if binding.kind == "assign" and binding.value is not None else None
            other = to.evaluator.scopes.statement_of(binding.node)
            if use is not None and use.symbol in _LOOKED_UP and use.call is not None and isinstance(other, ast.Assign):
                found += [other] if len(_targets(other)) == 1 and statement not in (other, *_above(other, to)) else []
    return found


def _above(statement: ast.stmt, to: Rewriter) -> list[ast.AST]:
    return list(to.evaluator.scopes.ancestors(statement))


def _left(use: Use, to: Rewriter) -> Outcome:
    """The way out of the service."""
    config = use.argument("attach_configuration", "provisioning_configuration", position=2)
    made = to.maker(config)
    return without_rule(made.symbol if made is not None else use.symbol)


def _is_aks(use: Use, to: Rewriter) -> bool:
    """Whether a use makes a cluster of AKS, or says how."""
    if use.symbol.startswith("AksCompute"):
        return True
    config = use.argument("provisioning_configuration", position=2)
    kind = to.evaluator.type_of(config) if config is not None else None
    return kind == "AksComputeProvisioningConfiguration"


def _around(use: Use, to: Rewriter) -> ast.stmt:
    """The widest ``try`` around a use that does nothing but get the compute; else the statement of the use."""
    found = use.statement
    for node in to.evaluator.scopes.ancestors(use.node):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            break
        if isinstance(node, ast.Try) and all(_gets(part, to) for part in _simple(node)):
            found = node
    return found


def _asking(read: ast.Name, to: Rewriter) -> ast.stmt | None:
    """The statement that a name is read in; the whole of an ``if`` that asks for it, or that only it is in."""
    found = to.evaluator.scopes.statement_of(read)
    around = to.evaluator.scopes.parents.get(found) if found is not None else None
    while isinstance(around, ast.If) and len(around.body) == 1 and not around.orelse:
        names = {node.id for node in ast.walk(around.test) if isinstance(node, ast.Name)}
        if names != {read.id}:
            break
        found, around = around, to.evaluator.scopes.parents.get(around)
    return found


def _simple(statement: ast.stmt) -> Iterator[ast.stmt]:
    """The statements in a statement that hold no others."""
    blocks = [node for node in ast.walk(statement) if isinstance(node, ast.stmt)]
    return (node for node in blocks if not isinstance(node, (ast.Try, ast.If, ast.With)))


def _targets(statement: ast.stmt) -> list[ast.Name]:
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return [target for target in targets if isinstance(target, ast.Name)]


def _gets(statement: ast.stmt, to: Rewriter) -> bool:
    """Whether a statement gets a compute, waits for it, or tells of it."""
    if isinstance(statement, ast.Pass):
        return True
    if isinstance(statement, ast.Assign):
        if _sets(statement, to):
            return True
        kind = to.evaluator.type_of(statement.value) or ""
        return len(_targets(statement)) == 1 and (kind in _LOOKED_UP or kind in CONFIGURATIONS)
    return _says(statement, to)


def _sets(statement: ast.Assign, to: Rewriter) -> bool:
    """Whether a statement sets how a compute is made."""
    return all(isinstance(target, ast.Attribute) and _is_compute(target.value, to) for target in statement.targets)


def _says(statement: ast.stmt, to: Rewriter) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(call, (ast.Name, ast.Attribute)):  # a notebook shows it
        return _is_compute(call if isinstance(call, ast.Name) else call.value, to)
    if not isinstance(call, ast.Call):
        return False
    name = called_name(call)
    return name in _SAID or (isinstance(call.func, ast.Attribute) and _is_compute(call.func.value, to))


def _is_compute(node: ast.expr, to: Rewriter) -> bool:
    return to.evaluator.type_of(node) in (*_LOOKED_UP, *CONFIGURATIONS)


def _only_says(statement: ast.stmt, names: set[str], to: Rewriter) -> bool:
    """Whether a statement only waits for the compute, prints something of it and of nothing else, or sets how it is
    made, or fails without it; also on a condition of the compute."""
    if isinstance(statement, ast.If):
        asked = {node.id for node in ast.walk(statement.test) if isinstance(node, ast.Name)}
        parts = [*statement.body, *statement.orelse]
        return asked <= names and all(isinstance(part, ast.Raise) or _only_says(part, names, to) for part in parts)
    if isinstance(statement, ast.Assert):
        return {node.id for node in ast.walk(statement.test) if isinstance(node, ast.Name)} <= names
    if isinstance(statement, ast.Assign):
        return _sets(statement, to)
    if not _says(statement, to):
        return False
    read = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return read <= {*names, "print", "logging", "logger", "log"}


def _goes(read: ast.Name, to: Rewriter) -> bool:
    """Whether a name stands in what is converted without it: a step of the service, the target of a Spark job."""
    uses = (to.use_of(node) for node in to.evaluator.scopes.ancestors(read))
    use = next((found for found in uses if found is not None and found.call is not None), None)
    if use is not None and use.node in to.memory.get("computes that are asked for", ()):  # type: ignore[operator]
        return True  # the same variable again: each asks for the other
    if use is not None and not {*STEPS, *_WITHOUT}.isdisjoint(use.symbols):
        return not isinstance(to.outcome(use), Leave)
    around = to.evaluator.scopes.statement_of(read)
    return any(
        other.statement is around and other.symbol == "RunConfiguration.target=" and not to.is_kept(other)
        for other in to.uses
    )
