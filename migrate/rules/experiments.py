"""Experiments become their names; ``submit`` becomes ``jobs.create_or_update``.

SDK v2 has no experiment object: a job names its experiment. The variable of an ``Experiment`` holds its name from
then on.
"""

from __future__ import annotations

import ast
from typing import cast

from amlbridge.migrate.analysis.derived import derived_classes, is_derived
from amlbridge.migrate.analysis.kinds import kind_of
from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Code
from amlbridge.migrate.mixtures.new_clients import is_run_script
from amlbridge.migrate.models.jobs.submit_settings import followed, lost_settings, with_settings
from amlbridge.migrate.models.runs.run_properties import ADDED, is_added
from amlbridge.migrate.models.runs.tracking import tracking
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.pipelines import job_code
from amlbridge.migrate.rules.publishing import invocation
from amlbridge.migrate.rules.run_workspace import of_either

rule = Rule(
    "experiments",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Experiment, Workspace

ws = Workspace.from_config()
experiment = Experiment(workspace=ws, name="train")
run = experiment.submit(job, tags={"team": "risk"})
run.wait_for_completion(show_output=True)
print(experiment.name, run.id, run.get_portal_url())
""",
            """\
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
experiment = "train"
run = ml_client.jobs.create_or_update(
    job, experiment_name=experiment, tags={"team": "risk"}
)
ml_client.jobs.stream(run.name)
print(experiment, run.name, run.studio_url)
""",
        ),
        Case(
            """\
from azureml.core import Experiment, Workspace

ws = Workspace.from_config()
experiment = Experiment(ws, "train")
experiment.tag("stage", "test")
experiment.set_tags({"team": "risk"})
""",
            """\
import mlflow
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
mlflow.set_tracking_uri(
    ml_client.workspaces.get(ml_client.workspace_name).mlflow_tracking_uri
)
experiment = "train"
mlflow.set_experiment(experiment)
mlflow.set_experiment_tag("stage", "test")
mlflow.set_experiment(experiment)
mlflow.set_experiment_tags({"team": "risk"})
""",
            title="Tags",
        ),
    ],
)


@rule.converts("Experiment")
def experiment(use: Use, to: Rewriter) -> Outcome:
    """The object becomes its name."""
    if use.call is None:
        return Replace("str")  # an annotation
    name = use.argument("name", position=1)
    if name is None:
        return Leave("an experiment needs a name")
    statement = use.statement
    targets = statement.targets if isinstance(statement, ast.Assign) and statement.value is use.node else []
    if isinstance(name, ast.Name) and [ast.unparse(target) for target in targets] == [name.id]:
        return Statements("")  # experiment = Experiment(ws, experiment)
    return Replace(to.source(name))


@rule.converts("Experiment.name")
def name(use: Use, to: Rewriter) -> Outcome:
    """The variable is the name already."""
    assert use.receiver is not None
    return Replace(to.source(use.receiver))


@rule.converts("Workspace.experiments[]")
def item(use: Use, to: Rewriter) -> Outcome:
    """An experiment is its name."""
    assert isinstance(use.node, ast.Subscript)
    return Replace(to.source(use.node.slice))


@rule.converts("Workspace.experiments", "Experiment.list")
def listed(use: Use, to: Rewriter) -> Outcome:
    """The names of all experiments, which MLflow knows."""
    names = f"experiment.name for experiment in {tracking(use, to)}.search_experiments()"
    if use.symbol == "Experiment.list":
        return Replace(f"[{names}]")
    return Replace(f"{{experiment.name: {names}}}")


@rule.converts("Experiment.id")
def identity(use: Use, to: Rewriter) -> Outcome:
    """MLflow knows the id. Where none was there, SDK v1 had made the experiment, as ``set_experiment`` does."""
    assert use.receiver is not None
    if is_run_script(to):
        return Replace(f"{to.need_module('mlflow')}.get_experiment_by_name({to.source(use.receiver)}).experiment_id")
    return Replace(f"{tracking(use, to)}.set_experiment({to.source(use.receiver)}).experiment_id")


@rule.converts("Experiment.tag", "Experiment.set_tags")
def tag(use: Use, to: Rewriter) -> Outcome:
    """MLflow sets the tags of the experiment that is the active one."""
    assert use.receiver is not None
    if not use.is_statement:
        return Leave("set the tags in a statement of its own: mlflow.set_experiment(name), mlflow.set_experiment_tags")
    if is_run_script(to):
        return Leave("a job's run is of its own experiment: tag this one with mlflow.MlflowClient().set_experiment_tag")
    mlflow, name = tracking(use, to), to.source(use.receiver)
    if use.symbol == "Experiment.set_tags":
        tags = use.argument("tags", position=0)
        call = f"set_experiment_tags({to.source(tags)})" if tags is not None else ""
    else:
        key, value = use.argument("key", position=0), use.passed("value", position=1)
        text = to.source(value) if value is not None else '""'
        call = f"set_experiment_tag({to.source(key)}, {text})" if key is not None else ""
    if not call:
        return Leave("no tags are given")
    return Statements(f"{mlflow}.set_experiment({name})\n{mlflow}.{call}")


@rule.converts("Experiment.tags")
def tags(use: Use, to: Rewriter) -> Outcome:
    """The tags, as MLflow reads them."""
    assert use.receiver is not None
    return Replace(f"{tracking(use, to)}.get_experiment_by_name({to.source(use.receiver)}).tags")


_PAGE = "the page of the public cloud's studio, which is there once a job of the experiment was submitted"


@rule.converts("Experiment.get_portal_url")
def portal_url(use: Use, to: Rewriter) -> Outcome:
    """The page of the experiment in the studio: MLflow knows its id, and the client that of the workspace."""
    assert use.receiver is not None
    client = to.client(use.node)
    mlflow = tracking(use, to)
    experiment = f"{mlflow}.get_experiment_by_name({to.source(use.receiver)}).experiment_id"
    workspace = f"{client}.workspaces.get({client}.workspace_name).id"
    return Replace(f'"https://ml.azure.com/experiments/id/{{}}?wsid={{}}".format({experiment}, {workspace})', _PAGE)


@rule.converts("Experiment.workspace")
def workspace(use: Use, to: Rewriter) -> Outcome:
    """The client of the workspace that the experiment is in."""
    return of_either(use, to) or Replace(to.client(use.node))


def _derived(to: Rewriter) -> frozenset[str]:
    if "derived" not in to.memory:
        to.memory["derived"] = derived_classes(to.uses, to.evaluator.scopes)
    return cast("frozenset[str]", to.memory["derived"])


@rule.converts("Experiment.submit")
def submit(use: Use, to: Rewriter) -> Outcome:
    """Runs a job: a command, a pipeline or anything else that was submitted."""
    assert use.receiver is not None
    config = use.argument("config", position=0)
    if config is None:
        return Leave("nothing is submitted")
    if is_derived(config, _derived(to), to.evaluator.scopes):
        return Leave("what is submitted is of a class of this file, which derives from one of SDK v1")
    parameters = use.argument("pipeline_parameters", "pipeline_params")  # the old name
    if to.evaluator.type_of(config) in ("PublishedPipeline", "PipelineEndpoint"):
        return Replace(invocation(config, parameters, to.source(use.receiver), to), lost_settings(use))
    pipeline = to.evaluator.type_of(config) == "Pipeline"
    if parameters is not None and not is_none(parameters) and not pipeline:
        return Leave(
            "whether a pipeline or a published one is submitted cannot be told: its parameters go to the first"
        )
    job = job_code(config, parameters, to) if pipeline else to.source(config)
    job = with_settings(job, use, to)
    arguments = [job, f"experiment_name={to.source(use.receiver)}"]
    tags = use.passed("tags", position=1)
    if tags is not None:
        arguments.append(f"tags={to.source(tags)}")
    submitted = f"{to.client(use.node)}.jobs.create_or_update({', '.join(arguments)})"
    return followed(submitted, "" if _is_told(config, to) else _ASSUMED, use, to)


_ASSUMED = "what is submitted is made elsewhere: it has to be a job of SDK v2"


def _is_told(config: ast.expr, to: Rewriter) -> bool:
    """Whether it is known what is submitted: an object of SDK v1, also one of several, or a parameter that gets one."""
    return to.evaluator.type_of(config) is not None


_RUNS = "MLflow finds the runs, and each is looked up as a job: one that was only logged with MLflow is none"


@rule.converts("Experiment.get_runs", "Run.list")
def get_runs(use: Use, to: Rewriter) -> Outcome:
    """Runs are found by MLflow, newest first, and looked up as the jobs that runs have become, unless the module makes
    runs that are only logged."""
    receiver = use.receiver if use.receiver is not None else use.argument("experiment", position=0)
    if receiver is None:
        return Leave("an experiment is needed")
    tagged, chosen = _conditions(use, to)
    client = to.client(use.node)
    mlflow = tracking(use, to)
    found = f'{mlflow}.search_runs(experiment_names=[{to.source(receiver)}], output_format="list")'
    children = use.argument("include_children")
    every = isinstance(children, ast.Constant) and children.value is True
    if not every:
        tagged.insert(0, '"mlflow.parentRunId" not in run.data.tags')
    only = f" if {' and '.join(tagged)}" if tagged else ""
    added = any(is_added(key, to) for key, _value in _pairs(use.argument("properties"), "properties", to))
    if to.evaluator.type_of(use.call) == "list:InteractiveRun":
        if chosen:
            return Leave("these runs are no jobs: select them with filter_string of mlflow.search_runs")
        return Replace(f"(run for run in {found}{only})", ADDED if added else "")
    jobs = f"({client}.jobs.get(run.info.run_id) for run in {found}{only})"
    review = f"{_RUNS}; {ADDED}" if added else _RUNS
    return Replace(f"(job for job in {jobs} if {' and '.join(chosen)})" if chosen else jobs, review)


_DICT = "what they are selected by is a dict: of a text alone ask whether it is in the tags or properties"
#: Type of a run in SDK v1 -> type of the job.
_TYPES = {
    "automl": "automl",
    "azureml.PipelineRun": "pipeline",
    "azureml.scriptrun": "command",
    "hyperdrive": "sweep",
}


def _conditions(use: Use, to: Rewriter) -> tuple[list[str], list[str]]:
    """What the runs are selected by: conditions on a run of MLflow, and on its job. Raises ValueError where a filter
    cannot be told."""
    tagged = [_pair(pair, "run.data.tags", to) for pair in _pairs(use.argument("tags"), "tags", to)]
    properties = _pairs(use.argument("properties"), "properties", to)
    tagged += _whole(use.argument("tags"), "run.data.tags", to)
    tagged += [_pair(pair, "run.data.tags", to) for pair in properties if is_added(pair[0], to)]
    chosen = [_pair(pair, "job.properties", to) for pair in properties if not is_added(pair[0], to)]
    chosen += _whole(use.argument("properties"), "job.properties", to)
    kind, status = use.argument("type"), use.argument("status")
    if kind is not None:
        text = to.evaluator.text(kind)
        if text not in _TYPES:
            raise ValueError(f"select by type among the jobs: types of jobs are {', '.join(sorted(_TYPES.values()))}")
        chosen.append(f'job.type == "{_TYPES[text]}"')
    if status is not None:
        chosen.append(f"job.status == {to.source(status)}")
    return tagged, chosen


def _pairs(node: ast.expr | None, what: str, to: Rewriter) -> list[tuple[ast.expr, ast.expr | None]]:
    """The names and values that a filter wants; of a text alone only the name."""
    if node is None or is_none(node):
        return []
    if to.evaluator.text(node) is not None:
        return [(node, None)]
    if isinstance(node, ast.Dict) and all(key is not None for key in node.keys):
        return [(key, value) for key, value in zip(node.keys, node.values, strict=True) if key is not None]
    if isinstance(node, (ast.Name, ast.Attribute)) and kind_of(to.evaluator, node) is None:
        return []  # see _whole
    raise ValueError(f"select by {what} with filter_string of mlflow.search_runs")


def _whole(node: ast.expr | None, where: str, to: Rewriter) -> list[str]:
    """The condition that all names and values of a dict in a variable are there; `_pairs` has all others."""
    if not isinstance(node, (ast.Name, ast.Attribute)) or to.evaluator.text(node) is not None:
        return []
    to.assumed.append(_DICT)
    known = isinstance(to.evaluator.value(node), Code)
    wanted = to.source(node) if known else f"({to.source(node)} or {{}})"
    return [f"{wanted}.items() <= {where}.items()"]


def _pair(pair: tuple[ast.expr, ast.expr | None], where: str, to: Rewriter) -> str:
    key, value = pair
    if value is None:
        return f"{to.source(key)} in {where}"
    return f"{where}.get({to.source(key)}) == {to.source(value)}"
