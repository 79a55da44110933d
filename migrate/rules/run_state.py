"""What a run says of itself and how it ends: id, name, status, metrics, parent, children, ``complete``, ``fail``.

``complete()`` and ``flush()`` go: a job ends with its script, and MLflow logs at once. ``run.id`` is
``run.info.run_id``. A child run is ``mlflow.start_run(nested=True)``, to which MLflow's functions log until it ends.
"""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import Status
from amlbridge.migrate.inside import PARENT_TAG, is_created, is_submitted, run_id, run_object
from amlbridge.migrate.mixtures.new_clients import client
from amlbridge.migrate.models.runs.metrics import asked
from amlbridge.migrate.models.runs.mlflow_details import mlflow_details
from amlbridge.migrate.models.runs.offline import probe
from amlbridge.migrate.models.runs.tracking import tracking, tracks_from_the_client_on
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.run_workspace import ACCESS
from amlbridge.migrate.rules.runs import selected
from amlbridge.migrate.text.trees import only_target

_HEAD = "from azureml.core import Run\n\nrun = Run.get_context()\n"
_AFTER = "import mlflow\n\nrun = mlflow.active_run() or mlflow.start_run()\n"

rule = Rule(
    "run-state",
    __doc__,
    cases=[
        Case(
            _HEAD + "print(run.id, run.parent.id)\nrun.complete()\n",
            _AFTER + 'print(run.info.run_id, run.data.tags["mlflow.parentRunId"])\n',
        ),
        Case(
            _HEAD + 'old = run.parent.get_metrics().get("mse")\n',
            _AFTER + 'old = mlflow.get_run(run.data.tags["mlflow.parentRunId"]).data.metrics.get("mse")\n',
            "Metrics",
        ),
        Case(
            _HEAD + 'with run.child_run(name="fold") as child:\n    child.log("score", 0.5)\n    run.log("folds", 1)\n',
            _AFTER + 'with mlflow.start_run(run_name="fold", nested=True) as child:\n'
            '    mlflow.log_metric("score", 0.5)\n    mlflow.log_metric("folds", 1, run_id=run.info.run_id)\n',
            "Child runs",
        ),
        Case(
            _HEAD + "children = run.create_children(count=2)\n"
            'for number, child in enumerate(children):\n    child.log("score", number)\n    child.complete()\n',
            "import mlflow\nfrom mlflow import MlflowClient\n\n"
            "run = mlflow.active_run() or mlflow.start_run()\nchildren = [\n    MlflowClient().create_run(\n"
            '        run.info.experiment_id, tags={"mlflow.parentRunId": run.info.run_id}\n    )\n'
            "    for _ in range(2)\n]\nfor number, child in enumerate(children):\n"
            '    mlflow.log_metric("score", number, run_id=child.info.run_id)\n'
            "    MlflowClient().set_terminated(child.info.run_id)\n",
            "Child runs that are made at once",
        ),
    ],
)

#: Member -> (what it becomes, what to check). {id}: the run's id; {run}: the run; {mlflow}: the module.
TEMPLATES = {
    "id": ("{id}", ""),
    "number": ("{id}", "runs of SDK v2 have no numbers: this is the id"),
    "name": ("{run}.info.run_name", ""),
    "display_name": ("{run}.info.run_name", ""),
    "get_status": ("{mlflow}.get_run({id}).info.status", "MLflow's names: RUNNING, FINISHED, FAILED, KILLED"),
    "status": ("{mlflow}.get_run({id}).info.status", "MLflow's names: RUNNING, FINISHED, FAILED, KILLED"),
    "get_metrics": ("{mlflow}.get_run({id}).data.metrics", ""),
    "description": ('{mlflow}.get_run({id}).data.tags.get("mlflow.note.content")', ""),
    "get_details": ("{mlflow}.get_run({id})", "MLflow tells of the run: its info and its data (and inputs)"),
    "get_details_with_logs": ("{mlflow}.get_run({id})", "MLflow tells of the run: its info and its data, no logs"),
}
_EXIT_CODE = (
    "the job fails when its script raises or exits with a code other than 0; MLflow's status does not decide it"
)


@rule.converts(*(f"RunContext.{member}" for member in TEMPLATES))
def member(use: Use, to: Rewriter) -> Outcome:
    """What the run says of itself."""
    assert use.receiver is not None
    name = use.symbol.rsplit(".", 1)[1]
    template, review = TEMPLATES[name]
    if name == "get_metrics" and use.passed("recursive", position=1) is not None:
        review = "MLflow gives the metrics of this run alone"
    run = run_object(use.receiver, to) if "{run}" in template else ""
    identity = run_id(use.receiver, to) if "{id}" in template else ""
    mlflow = to.need_module("mlflow") if "{mlflow}" in template else ""
    code = template.format(run=run, id=identity, mlflow=mlflow)
    if name.startswith("get_details"):
        return mlflow_details(use, code, to, review=review)
    return Replace(asked(use, code, to) if name == "get_metrics" else code, review)


@rule.converts("RunContext.description=", "RunContext.display_name=")
def describe(use: Use, to: Rewriter) -> Outcome:
    """A new name or description: tags of MLflow."""
    if not (isinstance(use.statement, ast.Assign) and use.statement.targets[0] is use.node):
        return Leave("set the tag mlflow.note.content or mlflow.runName")
    tag = "mlflow.note.content" if "description" in use.symbol else "mlflow.runName"
    return Statements(f'{to.need_module("mlflow")}.set_tag("{tag}", {to.source(use.statement.value)})')


@rule.converts("RunContext.parent")
def parent(use: Use, to: Rewriter) -> Outcome:
    """The run above, as an object."""
    assert use.receiver is not None
    return Replace(f"{to.need_module('mlflow')}.get_parent_run({run_id(use.receiver, to)})")


@rule.converts("RunContext.experiment")
def experiment(use: Use, to: Rewriter) -> Outcome:
    """The experiment is its name."""
    assert use.receiver is not None
    asks = probe(use, to)
    if asks and use.is_statement:
        return Statements(asks)
    if asks:
        to.before(use.statement, asks)
    found = run_object(use.receiver, to)
    return Replace(f"{to.need_module('mlflow')}.get_experiment({found}.info.experiment_id).name")


@rule.converts("RunContext.complete")
def complete(use: Use, to: Rewriter) -> Outcome:
    """The job ends by itself; a run that the script has started is ended."""
    if not use.is_statement:
        return Leave("the job completes when its script ends: nothing has to be called")
    if use.receiver is not None and is_created(use.receiver, to):
        return Replace(_terminated(use.receiver, "", to))
    kind = use.evaluator.type_of(use.receiver)
    mlflow = to.need_module("mlflow") if kind in ("InteractiveRun", "ChildRun", "PassedRun") else ""
    if kind == "InteractiveRun" and _writes_outputs(use, to):
        return Statements(f'{mlflow}.log_artifacts("outputs", "outputs")\n{mlflow}.end_run()', _UPLOADED)
    return Statements(f"{mlflow}.end_run()" if mlflow else "")


_UPLOADED = "SDK v1 uploaded the folder outputs of the working directory when such a run was completed"
_OUTPUTS = re.compile(r"(\./)?outputs(/|$)")


def _writes_outputs(use: Use, to: Rewriter) -> bool:
    """Whether the module names files of the folder that SDK v1 uploaded, beside what it tells SDK v1 itself."""
    made = to.maker(use.receiver)
    if made is not None and made.call is not None and made.argument("outputs") is not None:
        return False  # another folder, or none
    scopes = to.evaluator.scopes
    texts = (node for node in scopes.every(ast.Constant) if isinstance(node.value, str))
    named = (node for node in texts if _OUTPUTS.match(node.value))  # type: ignore[arg-type]
    return any(all(to.use_of(around) is None for around in scopes.ancestors(node)) for node in named)


def _terminated(run: ast.expr, status: str, to: Rewriter) -> str:
    return f"{to.need('mlflow', 'MlflowClient')}().set_terminated({run_id(run, to)}{status})"


@rule.converts("RunContext.flush")
def flush(use: Use, to: Rewriter) -> Outcome:
    """MLflow logs at once."""
    return Statements("") if use.is_statement else Leave("MLflow logs at once: nothing has to be called")


@rule.converts("RunContext.fail")
def fail(use: Use, to: Rewriter) -> Outcome:
    """Marks the run as failed."""
    if use.receiver is not None and is_created(use.receiver, to):
        lost = "" if use.argument("error_details", position=0) is None else "MLflow keeps no details: set a tag"
        return Replace(_terminated(use.receiver, ', "FAILED"', to), lost)
    mlflow = to.need_module("mlflow")
    details = use.argument("error_details", position=0)
    lines = []
    if details is not None and use.is_statement:
        lines.append(f'{mlflow}.set_tag("error_details", {to.source(details)})')
    lines.append(f'{mlflow}.end_run(status="FAILED")')
    return Statements("\n".join(lines), _EXIT_CODE) if use.is_statement else Replace(lines[-1], _EXIT_CODE)


_ASSUMED = "assumed that it is the run that this code is in: where it is a job, nothing has to be called"


@rule.converts("Run.flush", "Run.complete", "Run.fail", "Run.child_run")
def of_some_run(use: Use, to: Rewriter) -> Outcome:
    """What only the code of a run does, of a run that comes from code that is not seen."""
    name = use.symbol.rsplit(".", 1)[1]
    if name == "complete" and use.receiver is not None and is_submitted(use.receiver, to):
        return _completed(use, use.receiver, to)
    if name != "flush" and (use.receiver is None or is_submitted(use.receiver, to)):
        return Leave("a job ends when its script does: what it does is in the script", Status.NO_EQUIVALENT)
    if name == "complete":
        ended = f"{to.need_module('mlflow')}.end_run()"
        return Statements(ended, _ASSUMED) if use.is_statement else Replace(ended, _ASSUMED)
    outcome = {"flush": flush, "fail": fail, "child_run": child_run}[name](use, to)
    return outcome if isinstance(outcome, Leave) or name == "flush" else replace(outcome, review=_ASSUMED)


def _completed(use: Use, run: ast.expr, to: Rewriter) -> Outcome:
    """The end of a job that this code has submitted or found: its script ends it, other runs are told that they end."""
    made = to.maker(run)
    if made is not None and made.symbol == "Experiment.submit" and use.is_statement:
        return Statements("", "a job ends when its script does: nothing has to be called")
    tracking(use, to)
    ended = f"{to.need('mlflow', 'MlflowClient')}().set_terminated({to.source(run)}.name)"
    return Replace(ended, "of a job that is running, this says that it has ended: its script goes on")


@rule.converts("RunContext.cancel")
def cancel(use: Use, to: Rewriter) -> Outcome:
    """Cancels the job, or the one above; a run that the code has started itself ends as one that was cancelled."""
    assert use.receiver is not None
    if use.evaluator.type_of(use.receiver) in ("InteractiveRun", "ChildRun"):
        if is_created(use.receiver, to):
            return Replace(_terminated(use.receiver, ', "KILLED"', to))
        return Replace(f'{to.need_module("mlflow")}.end_run(status="KILLED")')
    return Replace(
        f"{client(use, to)}.jobs.begin_cancel({run_id(use.receiver, to)})",
        "assumed that the identity that the job runs under may cancel jobs of the workspace",
    )


@rule.converts("RunContext.child_run")
def child_run(use: Use, to: Rewriter) -> Outcome:
    """A run below this one. MLflow's functions log to it until it ends."""
    name = use.argument("name", position=0)
    arguments = [f"run_name={to.source(name)}"] if name is not None else []
    code = f"{to.need_module('mlflow')}.start_run({', '.join([*arguments, 'nested=True'])})"
    managed = isinstance(use.evaluator.scopes.parents.get(use.node), ast.withitem)
    return Replace(code, "" if managed else "what is logged from here on goes to the child until mlflow.end_run()")


@rule.converts("RunContext.get_children")
def children(use: Use, to: Rewriter) -> Outcome:
    """The jobs below this one, or below its parent."""
    assert use.receiver is not None
    review = ACCESS
    if use.argument("recursive", position=0) is not None:
        review += "; these are the children alone, without theirs"
    code = selected(use, f"{client(use, to)}.jobs.list(parent_job_name={run_id(use.receiver, to)})", to)
    return Replace(code, review)


@rule.converts("RunContext.create_children")
def create_children(use: Use, to: Rewriter) -> Outcome:
    """Runs below this one, all at once: what is logged to one of them names it."""
    count, key, values = (use.argument(name, position=at) for at, name in enumerate(("count", "tag_key", "tag_values")))
    if use.receiver is None or (count is None and (key is None or values is None)):
        return Leave("start each child with mlflow.start_run(nested=True)")
    above, client = run_object(use.receiver, to), to.need("mlflow", "MlflowClient")
    tags = f'"{PARENT_TAG}": {above}.info.run_id'
    loop = f"for _ in range({to.source(count)})" if count is not None else ""
    if key is not None and values is not None:
        tags += f", {to.source(key)}: value"
        loop = f"for value in {to.source(values)}"
    return Replace(f"[{client}().create_run({above}.info.experiment_id, tags={{{tags}}}) {loop}]")


@rule.converts("RunContext.submit_child")
def submit_child(use: Use, to: Rewriter) -> Outcome:
    """A job below this one."""
    return Leave("submit the job with ml_client.jobs.create_or_update, or make it a step of the pipeline")


@rule.converts("RunContext.wait_for_completion")
def wait(use: Use, to: Rewriter) -> Outcome:
    """A run that waits for itself."""
    return Statements("") if use.is_statement else Leave("a job cannot wait for itself")


@rule.converts("Experiment.start_logging")
def start_logging(use: Use, to: Rewriter) -> Outcome:
    """An interactive run, tracked in the workspace."""
    assert use.receiver is not None
    mlflow = to.need_module("mlflow")
    if tracks_from_the_client_on(use, to):
        tracking(use, to)
    else:
        workspace = to.client(use.node)
        uri = f"{workspace}.workspaces.get({workspace}.workspace_name).mlflow_tracking_uri"
        to.before(use.statement, f"{mlflow}.set_tracking_uri({uri})")
    if _takes_the_place(use, to):
        around = to.evaluator.scopes.parents.get(use.statement)
        first = around.body[0] if isinstance(around, ast.If) and use.statement in around.body else use.statement
        to.before(first, f"{mlflow}.end_run()")  # where MLflow has started it: not in the workspace yet
    to.before(use.statement, f"{mlflow}.set_experiment({to.source(use.receiver)})")
    review = ""
    if use.call is not None and use.argument("snapshot_directory") is not None:
        review = "MLflow takes no snapshot of a folder: log it with mlflow.log_artifacts if it is needed"
    called = use.argument("display_name") if use.call is not None else None
    given = f"run_name={to.source(called)}" if called is not None else ""
    return Replace(f"{mlflow}.start_run({given})", review)


def _takes_the_place(use: Use, to: Rewriter) -> bool:
    """Whether the variable of an interactive run has had the run of the context, which MLflow has started then."""
    statement = use.statement
    target = only_target(statement)
    for other in to.uses if isinstance(target, ast.Name) else ():
        held = other.statement.targets if isinstance(other.statement, ast.Assign) else []
        same = [node for node in held if isinstance(node, ast.Name) and node.id == target.id]  # type: ignore[union-attr]
        if same and other.symbol in ("Run.get_context", "Run.get_submitted_run") and _precedes(other, use, to):
            outcome = to.outcome(other)
            return isinstance(outcome, Replace) and "start_run" in outcome.text
    return False


def _precedes(other: Use, use: Use, to: Rewriter) -> bool:
    scopes = to.evaluator.scopes
    return scopes.of(other.node) is scopes.of(use.node) and other.node.lineno < use.node.lineno
