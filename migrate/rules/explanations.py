"""Explanations of models: ``ExplanationClient`` -> files of the run, written and read by interpret-community.

SDK v2 has no client for explanations. The explainers are those of the open packages interpret and interpret-community,
as before; ``upload_model_explanation`` becomes ``save_explanation`` with ``mlflow.log_artifacts``, and
``download_model_explanation`` becomes ``load_explanation`` of the folder that MLflow downloads. What AutoML explains is
not among them: SDK v2 shows that in the studio.
"""

from __future__ import annotations

import ast
from dataclasses import replace

from amlbridge.migrate.analysis.symbols import lineage
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import Status
from amlbridge.migrate.inside import active_run, client_call, is_inside, is_submitted, log_call, run_id
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.code.seen import is_seen_at
from amlbridge.migrate.models.runs.tracking import tracking
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "explanations",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core.run import Run
from azureml.interpret import ExplanationClient
from interpret.ext.blackbox import TabularExplainer

run = Run.get_context()
explanation = TabularExplainer(model, x_train).explain_global(x_test)
client = ExplanationClient.from_run(run)
client.upload_model_explanation(explanation, comment="all features")
""",
            """\
import mlflow
from interpret_community.explanation import save_explanation
from interpret.ext.blackbox import TabularExplainer

explanation = TabularExplainer(model, x_train).explain_global(x_test)
save_explanation(explanation, "explanation", exist_ok=True)
mlflow.log_artifacts("explanation", "explanation")
mlflow.log_text("all features", "explanation/comment.txt")
""",
            "In the script that explains",
        ),
        Case(
            """\
from azureml.core import Workspace
from azureml.interpret import ExplanationClient

ws = Workspace.from_config()
run = ws.get_run(RUN_ID)
client = ExplanationClient.from_run(run)
print(client.download_model_explanation().get_feature_importance_dict())
""",
            """\
import mlflow
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential
from interpret_community.explanation import load_explanation

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
mlflow.set_tracking_uri(
    ml_client.workspaces.get(ml_client.workspace_name).mlflow_tracking_uri
)
run = ml_client.jobs.get(RUN_ID)
print(
    load_explanation(
        mlflow.artifacts.download_artifacts(
            run_id=run.name, artifact_path="explanation"
        )
    ).get_feature_importance_dict()
)
""",
            "Where it is read",
        ),
    ],
)

#: The folder of a run's explanation; further ones of the same script get a number.
_FOLDER = "explanation"
_SAVED = "upload_model_explanation"
_LOADED = "download_model_explanation"
_LISTED = "list_model_explanations"
#: The file with its comment, in the folder of an explanation.
_COMMENT = "comment.txt"
#: Types of the run that the script is in, which needs no variable, and its ids.
_ACTIVE = ("RunContext", "InteractiveRun")
_IDS = ("Run.id", "RunContext.id", "RunContext._run_id", "InteractiveRun.id")
_AUTOML = "AutoML of SDK v2 shows its explanations in the studio only: explain the best model with interpret-community"


@rule.converts("ExplanationClient.from_run", "ExplanationClient.from_run_id")
def client(use: Use, to: Rewriter) -> Outcome:
    """The client goes: what it did is done with the run."""
    if use.call is None:
        return Leave("call it where it is used")
    members = Objects.of(to).members(use.node)
    assigned = use.statement if isinstance(use.statement, ast.Assign) and use.statement.value is use.node else None
    if assigned is not None and not members and isinstance(assigned.targets[0], ast.Name):
        return Statements("")  # nothing is asked of it
    if use.symbol.endswith("from_run"):
        run = use.argument("run", position=0)
        kind = to.evaluator.type_of(run) if run is not None else None
        if run is None or kind is None:
            return Leave("the run of the explanation cannot be told")
        if {"AutoMLRun", "AutoMLChildRun"}.intersection(lineage(kind)):
            return Leave(_AUTOML, Status.NO_EQUIVALENT)
        if not (is_inside(kind) or is_submitted(run, to)):
            return Leave("the run of the explanation cannot be told")
    other = next((member for member in members if _cannot(member, to)), None)
    if other is not None:
        return Leave(_cannot(other, to), Status.NO_EQUIVALENT)
    return Statements("") if assigned is not None else Replace("None")


def _cannot(member: Use, to: Rewriter) -> str:
    """Why a use of the client has no counterpart, or ""."""
    name = member.symbol.rsplit(".", 1)[1]
    uploads = [other for other in to.uses if other.symbol.endswith(f".{_SAVED}")]
    commented = bool(uploads) and all(other.argument("comment", position=4) is not None for other in uploads)
    if name not in (_SAVED, _LOADED, _LISTED) or (name == _LISTED and (not commented or member.arguments())):
        return f"explanations are artifacts of the run: instead of {name}, list them with mlflow.artifacts"
    if name == _LOADED and member.argument("explanation_id", position=0) is not None and not commented:
        return "explanations are artifacts of the run and have no id: load them by their folder"
    return ""


def _made(use: Use, to: Rewriter) -> Use:
    """The call that made the client. Raises ValueError where that cannot be told."""
    made = to.maker(use.receiver)
    if made is None or made.call is None or not made.symbol.startswith("ExplanationClient.from_"):
        raise ValueError("the client of the explanations is made elsewhere")
    return made


@rule.converts(f"ExplanationClient.{_SAVED}")
def upload(use: Use, to: Rewriter) -> Outcome:
    """Keeps an explanation with the run."""
    explanation = use.argument("explanation", position=0) if use.call is not None else None
    if explanation is None:
        return Leave("the explanation is needed")
    made = _made(use, to)
    if isinstance(to.outcome(made), Leave):
        return to.left_with(use, made)
    run = made.argument("run", position=0)
    if run is None:
        return Leave("log it with mlflow.log_artifacts(folder, name, run_id=...)")
    folder = _folder(use, to)
    save = to.need("interpret_community.explanation", "save_explanation")
    saved = f"{save}({to.source(explanation)}, {folder}, exist_ok=True)"
    here = replace(use, receiver=run)
    kept = log_call(here, to, "log_artifacts", folder, folder)
    comment = use.passed("comment", position=4)
    if comment is not None:
        kept += "\n" + client_call(here, to, "log_text", to.source(comment), f'{folder[:-1]}/{_COMMENT}"')
    lost = [key for key in use.arguments() if isinstance(key, str) and key not in ("explanation", "comment")]
    review = "the explanation is a folder of the run's artifacts: the studio does not show it"
    if lost:
        review += f"; it is kept without {', '.join(lost)}"
    if use.is_statement:
        return Statements(f"{saved}\n{kept}", review)
    return Leave("upload the explanation in a statement of its own")


def _folder(use: Use, to: Rewriter) -> str:
    """The folder of an explanation among those that the module keeps."""
    uploads = [other.node for other in to.uses if other.symbol.endswith(f".{_SAVED}")]
    number = uploads.index(use.node) + 1
    return f'"{_FOLDER}"' if number == 1 else f'"{_FOLDER}_{number}"'


def _wanted(use: Use, to: Rewriter) -> str:
    """The folder of the explanation that is asked for: by its comment, or the last one."""
    uploads = [other for other in to.uses if other.symbol.endswith(f".{_SAVED}")]
    comment = use.argument("comment", position=2)
    text = to.evaluator.text(comment) if comment is not None else None
    for other in reversed(uploads):
        given = other.argument("comment", position=4)
        if text is None or (given is not None and to.evaluator.text(given) == text):
            return _folder(other, to)
    return f'"{_FOLDER}"'


@rule.converts(f"ExplanationClient.{_LOADED}")
def download(use: Use, to: Rewriter) -> Outcome:
    """Reads the explanation that the run has."""
    if use.call is None:
        return Leave("call it where it is used")
    made = _made(use, to)
    if isinstance(to.outcome(made), Leave):
        return to.left_with(use, made)
    code, mlflow = _run_of(made, use, to)
    load = to.need("interpret_community.explanation", "load_explanation")
    by_folder = use.argument("explanation_id", position=0)
    folder = to.source(by_folder) if by_folder is not None else _wanted(use, to)
    path = f"{mlflow}.artifacts.download_artifacts(run_id={code}, artifact_path={folder})"
    review = (
        "the run's script keeps its explanation in this folder of its artifacts; its environment and this one need "
    )
    review += "interpret-community"
    if use.argument("top_k", position=1) is not None:
        review += "; it has all features: say top_k where it is read"
    return Replace(f"{load}({path})", review)


def _run_of(made: Use, use: Use, to: Rewriter) -> tuple[str, str]:
    """The code of the id of a client's run, and of the module mlflow. Raises ValueError where it cannot be told."""
    run, by_id = made.argument("run", position=0), made.argument("run_id", position=2)
    if made.symbol.endswith("from_run_id"):
        if by_id is None:
            raise ValueError("the run of the explanation cannot be told")
        asked = to.use_of(by_id)
        run = asked.receiver if asked is not None and asked.symbol in _IDS else None
        if run is None or to.evaluator.type_of(run) not in _ACTIVE:
            return to.source(by_id), tracking(use, to)
    if run is None or not is_seen_at(run, use.node, to):
        raise ValueError("the run of the explanation cannot be told")
    if to.evaluator.type_of(run) in _ACTIVE:
        return f"({active_run(to)}).info.run_id", to.need_module("mlflow")
    return run_id(run, to), tracking(use, to)


@rule.converts(f"ExplanationClient.{_LISTED}")
def explanations(use: Use, to: Rewriter) -> Outcome:
    """The folders of the explanations, which stand for their ids, and their comments."""
    made = _made(use, to)
    if isinstance(to.outcome(made), Leave):
        return to.left_with(use, made)
    code, mlflow = _run_of(made, use, to)
    name = to.fresh("run_id")
    to.before(use.statement, f"{name} = {code}")
    comment = f'{mlflow}.artifacts.load_text(f"runs:/{{{name}}}/{{item.path}}/{_COMMENT}")'
    listed = f"{mlflow}.artifacts.list_artifacts(run_id={name})"
    found = f'[{{"id": item.path, "comment": {comment}}} for item in {listed} if item.path.startswith("{_FOLDER}")]'
    review = "an explanation has no more than its folder and its comment"
    if isinstance(use.statement, ast.For) and use.statement.iter is use.node:
        variable = to.fresh("explanations")
        to.before(use.statement, f"{variable} = {found}")
        return Replace(variable, review)
    return Replace(found, review)
