"""Runs of AutoML: the best trial is MLflow's run, as in Microsoft's notebooks of v2.

The run of an ``AutoMLConfig`` is a job. Its trials are no jobs of their own to the v2 client: ``get_best_child``,
``get_output`` and ``get_children`` give runs of MLflow, whose id is ``run.info.run_id`` and whose metrics are
``run.data.metrics``. The fitted model is loaded from the best trial's MLflow folder.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.literals import is_false
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import Status
from amlbridge.migrate.models.code.new_functions import listing_function
from amlbridge.migrate.models.runs import states
from amlbridge.migrate.models.runs.artifacts import stored_path, stored_text
from amlbridge.migrate.models.runs.metrics import asked
from amlbridge.migrate.models.runs.tracking import tracking
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules import runs
from amlbridge.migrate.rules.runs import written
from amlbridge.migrate.rules.versions import CPU_IMAGE

rule = Rule(
    "automl-runs",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Experiment, Workspace
from azureml.train.automl.run import AutoMLRun

ws = Workspace.from_config()
run = AutoMLRun(Experiment(ws, "churn"), run_id=RUN_ID)
best_run, fitted_model = run.get_output()
print(best_run.id, best_run.get_metrics())
run.register_model(model_name="churn")
""",
            """\
import mlflow
from azure.ai.ml import MLClient
from azure.ai.ml.constants import AssetTypes
from azure.ai.ml.entities import Model
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
mlflow.set_tracking_uri(
    ml_client.workspaces.get(ml_client.workspace_name).mlflow_tracking_uri
)
run = ml_client.jobs.get(RUN_ID)
best_run = mlflow.get_run(
    mlflow.get_run(run.name).data.tags["automl_best_child_run_id"]
)
fitted_model = mlflow.sklearn.load_model(
    f"runs:/{best_run.info.run_id}/outputs/mlflow-model"
)
print(best_run.info.run_id, best_run.data.metrics)
best_run_id = mlflow.get_run(run.name).data.tags["automl_best_child_run_id"]
ml_client.models.create_or_update(
    Model(
        path=f"azureml://jobs/{best_run_id}/outputs/artifacts/outputs/mlflow-model/",
        name="churn",
        type=AssetTypes.MLFLOW_MODEL,
    )
)
""",
        ),
    ],
)

_BEST = '{mlflow}.get_run({mlflow}.get_run({run}.name).data.tags["automl_best_child_run_id"])'
_BY_METRIC = (
    '{{mlflow}}.search_runs(experiment_names=[{{run}}.experiment_name], filter_string=f"tags.mlflow.parentRunId = '
    '\'{{{{{{run}}.name}}}}\'", order_by=[{order}], max_results=1, output_format="list")[0]'
)
#: Parts of the names of metrics of which less is better.
_LESS = ("error", "loss")
#: Where a trial has its model, as an MLflow folder.
_MODEL = "outputs/mlflow-model"


@rule.converts("AutoMLRun")
def run(use: Use, to: Rewriter) -> Outcome:
    """A search by the id of its run."""
    if use.call is None:
        return Replace(to.need("azure.ai.ml.entities", "Job"))
    run_id = use.argument("run_id", position=1)
    if run_id is None:
        return Leave("the id of the run is needed")
    return Replace(f"{to.client(use.node)}.jobs.get({to.source(run_id)})")


@rule.converts("AutoMLStepRun")
def step_run(use: Use, to: Rewriter) -> Outcome:
    """The child job of the step is the search."""
    given = use.argument("step_run", position=0)
    return Replace(to.source(given)) if given is not None else Leave("the run of the step is needed")


@rule.converts("AutoMLRun.get_best_child")
def best_child(use: Use, to: Rewriter) -> Outcome:
    """The best trial, by the primary metric or by another one."""
    metric = use.passed("metric", position=0)
    if metric is None:
        return Replace(written(use, to, _BEST))
    code = _by_metric(metric, to)
    return Replace(written(use, to, code), _ORDER) if code else Leave(_UNTOLD)


_ORDER = "the best trial is the one with the best value that MLflow has of this metric"
_UNTOLD = "choose among mlflow.search_runs(...) by that metric: whether more is better cannot be told here"


def _by_metric(metric: ast.expr, to: Rewriter) -> str:
    """The template for the trial that is best by a metric; "" where it cannot be told whether more is better."""
    name = to.evaluator.text(metric)
    if name is None:
        return ""
    direction = "ASC" if any(part in name for part in _LESS) else "DESC"
    if isinstance(metric, ast.Constant):
        return _BY_METRIC.format(order=f'"metrics.{name} {direction}"')
    code = to.source(metric)
    plain = isinstance(metric, ast.Name)
    return _BY_METRIC.format(order=f'f"metrics.{{{{{code}}}}} {direction}"') if plain else ""


@rule.converts("AutoMLRun.get_output")
def output(use: Use, to: Rewriter) -> Outcome:
    """The best trial, or another one, and its model."""
    metric, iteration = use.passed("metric", position=1), use.passed("iteration", position=0)
    code, review = _BEST, "the model is loaded with its flavor scikit-learn"
    as_onnx = not is_false(use.argument("return_onnx_model", position=2))
    if metric is not None:
        code, review = _by_metric(metric, to), f"{_ORDER}; {review}"
        if not code:
            return Leave(_UNTOLD)
    if iteration is not None:
        code = '{mlflow}.get_run(f"{{{run}.name}}_{{' + to.source(iteration) + '}}")'
        if '"' in to.source(iteration):
            return Leave("name the iteration in a variable")
    trial = written(use, to, code)
    # Each trial has its pickle file; a folder of MLflow only the best one has for sure.
    model = _onnx if as_onnx else _model if code is _BEST else pickled
    if model is pickled:
        review = review.replace("its flavor scikit-learn", "joblib, from the trial's pickle file")
    names = _unpacked(use)
    if names is None:
        name = to.fresh("best_run")
        to.before(use.statement, f"{name} = {trial}")
        return Replace(f"({name}, {model(name, to, use)})", review)
    run_name, model_name = names
    if run_name == "_":
        run_name = to.fresh("best_run")
    lines = [f"{run_name} = {trial}"]
    if model_name != "_":
        lines.append(f"{model_name} = {model(run_name, to, use)}")
    return Statements("\n".join(lines), f"the trial has its ONNX model in {_ONNX}" if as_onnx else review)


#: Where a trial has its model in the format ONNX, if the search wanted it.
_ONNX = "outputs/model.onnx"


def pickled(name: str, to: Rewriter, use: Use) -> str:
    """The code of the model of a trial, from its pickle file."""
    path = f'{tracking(use, to)}.artifacts.download_artifacts(run_id={name}.info.run_id, artifact_path="{_PICKLE}")'
    return f"{to.need_module('joblib')}.load({path})"


#: Where each trial has its model as a pickle file.
_PICKLE = "outputs/model.pkl"


def _onnx(name: str, to: Rewriter, use: Use) -> str:
    path = f'{tracking(use, to)}.artifacts.download_artifacts(run_id={name}.info.run_id, artifact_path="{_ONNX}")'
    return f"{to.need_module('onnx')}.load({path})"


def _unpacked(use: Use) -> tuple[str, str] | None:
    """The variables of the trial and of its model; "_" where the one is not wanted."""
    statement = use.statement
    if not (isinstance(statement, ast.Assign) and len(statement.targets) == 1):
        return None
    target, value = statement.targets[0], statement.value
    if isinstance(value, ast.Subscript) and value.value is use.node and isinstance(target, ast.Name):
        item = value.slice.value if isinstance(value.slice, ast.Constant) else None
        return {0: (target.id, "_"), 1: ("_", target.id)}.get(item)  # type: ignore[arg-type]
    if value is not use.node:
        return None
    parts = target.elts if isinstance(target, ast.Tuple) else []
    if len(parts) != 2 or not all(isinstance(part, ast.Name) for part in parts):
        return None
    return ast.unparse(parts[0]), ast.unparse(parts[1])


def _model(name: str, to: Rewriter, use: Use) -> str:
    return f'{tracking(use, to)}.sklearn.load_model(f"runs:/{{{name}.info.run_id}}/{_MODEL}")'


@rule.converts("AutoMLRun.get_children")
def children(use: Use, to: Rewriter) -> Outcome:
    """The trials."""
    where = "f\"tags.mlflow.parentRunId = '{{{run}.name}}'\""
    code = (
        f"{{mlflow}}.search_runs(experiment_names=[{{run}}.experiment_name], filter_string={where}, "
        'output_format="list")'
    )
    return Replace(written(use, to, code), "trials are runs of MLflow, newest first")


@rule.converts("AutoMLRun.register_model")
def register(use: Use, to: Rewriter) -> Outcome:
    """Registers the model of the best trial, or of another one."""
    metric, iteration = use.passed("metric"), use.passed("iteration")
    by_metric = _by_metric(metric, to) if metric is not None else ""
    if metric is not None and not by_metric:
        return Leave("name the trial that has the model: ml_client.models.create_or_update(Model(path=...))")
    code = '{mlflow}.get_run({run}.name).data.tags["automl_best_child_run_id"]'
    if by_metric:
        code = f"{by_metric}.info.run_id"
    elif iteration is not None:
        code = 'f"{{{run}.name}}_{{' + to.source(iteration) + '}}"'
    variable = to.fresh("best_run_id")
    to.before(use.statement, f"{variable} = {written(use, to, code)}")
    folder = not by_metric and iteration is None and not _is_scored(to)
    path = f'f"azureml://jobs/{{{variable}}}/outputs/artifacts/{f"{_MODEL}/" if folder else _PICKLE}"'
    review = "the model is an MLflow folder, not a pickle" if folder else "the model is the pickle file of the trial"
    if use.argument("model_name", position=0) is None:
        review += "; it has the name of the search: SDK v1 made a name of its own"
    return Replace(_registered(use, path, "MLFLOW_MODEL" if folder else "CUSTOM_MODEL", to), review)


#: What deploys a model with a scoring script, which loads the file that SDK v1 registers.
_SERVED = ("InferenceConfig", "ContainerImage.image_configuration", "Model.package")


def _is_scored(to: Rewriter) -> bool:
    """Whether the module deploys with a scoring script, such as the one of the trial: that loads ``model.pkl``."""
    return any(use.symbol in _SERVED for use in to.uses)


@rule.converts("AutoMLRun.model_id")
def model_id(use: Use, to: Rewriter) -> Outcome:
    """The name under which the run's model was registered."""
    value = use.receiver_value
    for other in to.uses:
        found = other.receiver_value if other.symbol == "AutoMLRun.register_model" else None
        if found is None or value is None or found.origin is not value.origin or other.call is None:
            continue
        statement = other.statement
        if isinstance(statement, ast.Assign) and statement.value is other.node:
            return Replace(f"{to.source(statement.targets[0])}.name")
        return Replace(_name(other, to))
    return Leave("the name of the registered model: what models.create_or_update gives", Status.NO_EQUIVALENT)


def _name(use: Use, to: Rewriter) -> str:
    """The name of the model that is registered; without one it gets that of the search."""
    name = use.passed("model_name", position=0)
    assert use.receiver is not None
    return to.source(name) if name is not None else f"{to.source(use.receiver)}.name"


def _registered(use: Use, path: str, kind: str, to: Rewriter) -> str:
    model = to.need("azure.ai.ml.entities", "Model")
    types = to.need("azure.ai.ml.constants", "AssetTypes")
    parts = [f"path={path}", f"name={_name(use, to)}", f"type={types}.{kind}"]
    for key in ("description", "tags", "properties"):
        value = use.passed(key)
        if value is not None:
            parts.append(f"{key}={to.source(value)}")
    return f"{to.client(use.node)}.models.create_or_update({model}({', '.join(parts)}))"


_NONE = {
    "get_guardrails": "the data guardrails are in the studio, and in the files of the run's preparation",
    "get_run_sdk_dependencies": "the packages are in outputs/conda_env_v_1_0_0.yml of the trial",
    "summary": "the trials and their metrics: mlflow.search_runs with the tag mlflow.parentRunId",
    "cancel_iteration": "trials are cancelled in the studio",
    "continue_experiment": "start a new job: SDK v2 continues none",
    "pause": "SDK v2 pauses no search",
    "resume": "SDK v2 resumes no search",
    "retry": "start a new job",
}


@rule.converts(*(f"AutoMLRun.{name}" for name in _NONE))
def no_twin(use: Use, to: Rewriter) -> Outcome:
    """What SDK v2 does not have."""
    return Leave(_NONE[use.symbol.rsplit(".", 1)[1]], Status.NO_EQUIVALENT)


# Trials -------------------------------------------------------------------------------------------------------------

_PROPERTIES = "MLflow has the properties that it knows among the tags"
#: Member of a trial -> (what it becomes, what to check).
_TRIAL = {
    "id": ("{run}.info.run_id", ""),
    "run_id": ("{run}.info.run_id", ""),
    "get_metrics": ("{run}.data.metrics", ""),
    "tags": ("{run}.data.tags", ""),
    "get_tags": ("{run}.data.tags", ""),
    "properties": ("{run}.data.tags", _PROPERTIES),
    "get_properties": ("{run}.data.tags", _PROPERTIES),
    "get_status": ("{run}.info.status", "MLflow calls a completed run FINISHED"),
    "status": ("{run}.info.status", "MLflow calls a completed run FINISHED"),
    "experiment": ("{mlflow}.get_experiment({run}.info.experiment_id).name", ""),
    "get_portal_url": ("{client}.jobs.get({run}.info.run_id).studio_url", ""),
}


@rule.converts(*(f"AutoMLChildRun.{name}" for name in _TRIAL))
def trial(use: Use, to: Rewriter) -> Outcome:
    """A fact of a trial."""
    template, review = _TRIAL[use.symbol.rsplit(".", 1)[1]]
    if use.symbol.endswith("status"):
        states.compare(use, states.OF_MLFLOW, to)
    code = written(use, to, template)
    return Replace(asked(use, code, to) if use.symbol.endswith("get_metrics") else code, review)


@rule.converts("AutoMLChildRun.get_file_names")
def trial_file_names(use: Use, to: Rewriter) -> Outcome:
    """The files of a trial."""
    return Replace(f"{listing_function(use, tracking(use, to), to)}({written(use, to, '{run}.info.run_id')})")


@rule.converts("AutoMLChildRun.get_children")
def below(use: Use, to: Rewriter) -> Outcome:
    """The runs below a trial: that of a test, among others."""
    where = "f\"tags.mlflow.parentRunId = '{{{run}.info.run_id}}'\""
    found = f'{{mlflow}}.search_runs([{{run}}.info.experiment_id], filter_string={where}, output_format="list")'
    parent = to.evaluator.scopes.parents.get(use.node)
    one_by_one = isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id == "next"
    review = "all runs below the trial, newest first" if use.arguments() else ""
    return Replace(written(use, to, f"iter({found})" if one_by_one else found), review)


@rule.converts("AutoMLChildRun.wait_for_completion")
def trial_ends(use: Use, to: Rewriter) -> Outcome:
    """Streams the log of the trial's job; what MLflow knows of it is read anew then."""
    if not isinstance(use.receiver, ast.Name) or not isinstance(use.statement, ast.Expr):
        return Leave("wait with ml_client.jobs.stream(run_id), and read the run again with mlflow.get_run(run_id)")
    code = "{client}.jobs.stream({run}.info.run_id)\n{run} = {mlflow}.get_run({run}.info.run_id)"
    return Statements(written(use, to, code))


@rule.converts("AutoMLChildRun.download_file", "AutoMLChildRun.download_files")
def trial_files(use: Use, to: Rewriter) -> Outcome:
    """Files of a trial are MLflow artifacts."""
    outcome = runs.download(use, to)
    if not isinstance(outcome, Replace) or use.receiver is None:
        return outcome
    name = to.source(use.receiver)
    return Replace(outcome.text.replace(f"run_id={name}.name", f"run_id={name}.info.run_id", 1), outcome.review)


#: Where a trial says which packages its model needs.
_CONDA = "outputs/conda_env_v_1_0_0.yml"


@rule.converts("AutoMLChildRun.get_environment")
def trial_environment(use: Use, to: Rewriter) -> Outcome:
    """The packages of a trial are a conda file among its outputs."""
    assert use.receiver is not None
    environment = to.need("azure.ai.ml.entities", "Environment")
    run_id = f"run_id={to.source(use.receiver)}.info.run_id"
    packages = f'{tracking(use, to)}.artifacts.download_artifacts({run_id}, artifact_path="{_CONDA}")'
    review = "the image is a base image of Azure ML's, with the trial's packages: AutoML's own one has more"
    return Replace(f'{environment}(image="{CPU_IMAGE}", conda_file={packages})', review)


@rule.converts("AutoMLChildRun.register_model")
def register_trial(use: Use, to: Rewriter) -> Outcome:
    """Registers files of a trial, its pickle file or its MLflow folder; without a path, what has the model's name."""
    name = use.argument("model_name", position=0)
    path = use.passed("model_path", position=1) or name
    if name is None or path is None or use.receiver is None:
        return Leave("a name is needed")
    text = to.evaluator.text(path)
    start = f"azureml://jobs/{{{to.source(use.receiver)}.info.run_id}}/outputs/artifacts/paths/"
    plain = text is not None and not set(text) & set("{}\\\"'\n")
    code = f'f"{start}{stored_text(text)}"' if text is not None and plain else f'f"{start}" + {stored_path(path, to)}'
    return Replace(_registered(use, code, "CUSTOM_MODEL", to))


@rule.converts(
    *(
        f"AutoMLChildRun.{symbol.removeprefix('Run.')}"
        for symbol in runs.rule.handlers
        if symbol.startswith("Run.") and f"AutoMLChildRun.{symbol.removeprefix('Run.')}" not in rule.handlers
    )
)
def other(use: Use, to: Rewriter) -> Outcome:
    """What runs of MLflow cannot do."""
    return Leave("the trial is a run of MLflow now: use its info and data, or mlflow.MlflowClient()")


@rule.converts("OnnxConverter.save_onnx_model")
def save_onnx(use: Use, to: Rewriter) -> Outcome:
    """The package onnx saves its models itself."""
    model = use.argument("onnx_model", position=0) if use.call is not None else None
    path = use.argument("file_path", position=1)
    if model is None or path is None:
        return Leave("save the model with onnx.save(model, path)")
    return Replace(f"{to.need_module('onnx')}.save({to.source(model)}, {to.source(path)})")
