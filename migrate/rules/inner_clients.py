"""Inner clients of SDK v1 (``azureml._restclient``): a run that is made below another one before it is submitted.

Notebooks of AutoML made the record of a run with ``RunClient.create_run``, so that it is shown below the run of the
search, and submitted a script under its id. A job of SDK v2 is made by submitting it: the record goes, and the job is
shown on its own. A limit of the size of snapshots that code raises goes as well: SDK v2 has none.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import Status
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.registry import Case, Leave, Outcome, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "inner-clients",
    __doc__,
    cases=[
        Case(
            """\
from azureml._restclient.models import RunTypeV2
from azureml._restclient.models.create_run_dto import CreateRunDto
from azureml._restclient.run_client import RunClient
from azureml.core import Experiment, Run, ScriptRunConfig, Workspace

ws = Workspace.from_config()
experiment = Experiment(ws, "churn")
client = RunClient(ws.service_context, experiment.name, NEW_ID)
made = CreateRunDto(run_id=NEW_ID, parent_run_id=OLD_ID, run_type_v2=RunTypeV2(traits=["again"]))
src = ScriptRunConfig("generated", script="train.py", compute_target="cpu", environment=env)
created = client.create_run(run_id=NEW_ID, create_run_dto=made)
run = experiment.submit(config=src, run_id=NEW_ID)
""",
            """\
from azure.ai.ml import MLClient, command
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
experiment = "churn"
src = command(
    code="generated", command="python train.py", environment=env, compute="cpu"
)
src.name = NEW_ID
run = ml_client.jobs.create_or_update(src, experiment_name=experiment)
""",
        )
    ],
)

_OWN = "the job is shown on its own: SDK v2 makes no job below another one"
_LIMIT = "SDK v2 has no such limit of the code of a job: it uploads all but what .amlignore or .gitignore names"
_INNER = "an inner part of SDK v1: call the operations of ml_client"


@rule.converts("RunClient")
def client(use: Use, to: Rewriter) -> Outcome:
    """The client goes with the records that it makes."""
    if not all(member.symbol == "RunClient.create_run" and _goes(member, to) for member in _members(use, to)):
        return Leave(_INNER, Status.NO_EQUIVALENT)
    return Statements("", _OWN) if _only_assigned(use, to, ("create_run",)) else Leave(_INNER, Status.NO_EQUIVALENT)


@rule.converts("RunClient.create_run")
def create(use: Use, to: Rewriter) -> Outcome:
    """The record of the run goes."""
    return Statements("", _OWN) if _goes(use, to) else Leave(_INNER, Status.NO_EQUIVALENT)


@rule.converts("CreateRunDto")
def described(use: Use, to: Rewriter) -> Outcome:
    """What is told of the run goes with its record."""
    return Statements("", _OWN) if _only_assigned(use, to, ()) else Leave(_INNER, Status.NO_EQUIVALENT)


@rule.converts(*(f"{name}{end}" for name in ("SNAPSHOT_MAX_SIZE_BYTES", "SNAPSHOT_MAX_FILES") for end in ("", "=")))
def limit(use: Use, to: Rewriter) -> Outcome:
    """A limit that is raised, and that nothing reads: SDK v2 uploads code without one."""
    if not all(_raises(other, to) for other in to.uses if other.symbol.rstrip("=") == use.symbol.rstrip("=")):
        return Leave(_INNER, Status.NO_EQUIVALENT)
    return Statements("", _LIMIT)


def _raises(use: Use, to: Rewriter) -> bool:
    """Whether a statement does nothing but set limits, one of which is the use."""
    statement = use.statement
    alone = isinstance(statement, ast.Assign) and all(_is_limit(target) for target in statement.targets)
    return alone and to.evaluator.scopes.parents.get(use.node) is statement


def _is_limit(target: ast.expr) -> bool:
    return isinstance(target, ast.Attribute) and target.attr.startswith("SNAPSHOT_MAX_")


def _members(use: Use, to: Rewriter) -> Iterator[Use]:
    yield from Objects.of(to).members(use.node)


def _goes(use: Use, to: Rewriter) -> bool:
    """Whether nothing reads what the call gives."""
    if use.is_statement:
        return True
    statement = use.statement
    target = statement.targets[0] if isinstance(statement, ast.Assign) and statement.value is use.node else None
    return isinstance(target, ast.Name) and not list(Objects.of(to).reads(target.id))


def _only_assigned(use: Use, to: Rewriter, methods: tuple[str, ...]) -> bool:
    """Whether the object has a variable that only calls of ``create_run`` read, or these methods of it."""
    parents = to.evaluator.scopes.parents
    if Objects.of(to).variable(use.node) is None:
        return False
    for name in Objects.of(to).names(use.node):
        around = parents.get(name)
        if isinstance(around, ast.Attribute) and around.attr in methods:
            continue
        call = parents.get(around) if isinstance(around, ast.keyword) else around
        made = to.use_of(call) if isinstance(call, ast.Call) else None
        if made is None or made.symbol != "RunClient.create_run":
            return False
    return True
