"""HyperDrive becomes a sweep: ``HyperDriveConfig`` -> ``command(...).sweep(...)``.

The hyperparameters that v1 added to the script's arguments become inputs of the command; the command is called with a
distribution for each, and swept. Samplings, policies and distributions have the same meaning under other names. The
best run is found by the property that the service sets on the finished sweep.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.literals import is_none
from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.analysis.values import Instance, Symbol
from amlbridge.migrate.findings import together
from amlbridge.migrate.models.jobs.automl_images import samples_images
from amlbridge.migrate.models.jobs.own_trials import own_trial
from amlbridge.migrate.models.jobs.sweeps import (
    CONFIGURATIONS,
    SAMPLINGS,
    configurations,
    option_of_name,
    options,
    read_sweep,
    sampling_of,
    space_of,
    spread,
    trial_of,
)
from amlbridge.migrate.models.pipelines.flow import Flow
from amlbridge.migrate.models.steps import sweep_steps  # noqa: F401 - registers how the step is read
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements, taken_over
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules import pipeline_steps
from amlbridge.migrate.rules.runs import written
from amlbridge.migrate.text.trees import Annotation

rule = Rule(
    "sweeps",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Experiment, ScriptRunConfig, Workspace
from azureml.train.hyperdrive import (
    BanditPolicy,
    HyperDriveConfig,
    PrimaryMetricGoal,
    RandomParameterSampling,
    choice,
    uniform,
)

ws = Workspace.from_config()
config = ScriptRunConfig(
    source_directory="src", script="train.py", compute_target="cpu", environment=env
)
sampling = RandomParameterSampling(
    {"--alpha": uniform(0.1, 1.0), "--solver": choice("svd", "lsqr")}
)
policy = BanditPolicy(slack_factor=0.1, evaluation_interval=2)
hyperdrive = HyperDriveConfig(
    run_config=config,
    hyperparameter_sampling=sampling,
    policy=policy,
    primary_metric_name="r2",
    primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
    max_total_runs=8,
    max_concurrent_runs=2,
    max_duration_minutes=60,
)
run = Experiment(ws, "tune").submit(hyperdrive)
run.wait_for_completion(show_output=True)
best = run.get_best_run_by_primary_metric()
""",
            """\
from azure.ai.ml import Input, MLClient, command
from azure.ai.ml.sweep import BanditPolicy, Choice, Uniform
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
config = command(
    code="src",
    command="python train.py --alpha ${{inputs.alpha}} --solver ${{inputs.solver}}",
    inputs={"alpha": Input(type="number"), "solver": Input(type="string")},
    environment=env,
    compute="cpu",
)
policy = BanditPolicy(slack_factor=0.1, evaluation_interval=2)
hyperdrive = config(alpha=Uniform(0.1, 1.0), solver=Choice(["svd", "lsqr"])).sweep(
    primary_metric="r2",
    goal="maximize",
    sampling_algorithm="random",
    early_termination_policy=policy,
    max_total_trials=8,
    max_concurrent_trials=2,
    timeout=3600,
)
run = ml_client.jobs.create_or_update(hyperdrive, experiment_name="tune")
ml_client.jobs.stream(run.name)
best = ml_client.jobs.get(ml_client.jobs.get(run.name).properties["best_child_run_id"])
""",
        ),
        Case(
            """\
from azureml.core import Experiment, ScriptRunConfig, Workspace
from azureml.train.hyperdrive import (
    GridParameterSampling,
    HyperDriveConfig,
    PrimaryMetricGoal,
    TruncationSelectionPolicy,
    choice,
)

ws = Workspace.from_config()
config = ScriptRunConfig(
    "src", script="train.py", arguments=["--alpha", 5], compute_target="cpu", environment=env
)
sampling = GridParameterSampling({"--beta": choice(1, 2), "--kind": choice("a", "b")})
hyperdrive = HyperDriveConfig(
    run_config=config,
    hyperparameter_sampling=sampling,
    policy=TruncationSelectionPolicy(truncation_percentage=20, evaluation_interval=1),
    primary_metric_name="loss",
    primary_metric_goal=PrimaryMetricGoal.MINIMIZE,
    max_total_runs=4,
)
run = Experiment(ws, "tune").submit(hyperdrive)
run.wait_for_completion(show_output=True)
children = sorted(run.get_children(), key=lambda child: child.get_metrics()["loss"])
print([child.get_metrics()["loss"] for child in children])
best = run.get_best_run_by_primary_metric()
best.download_file("outputs/model.txt", "model.txt")
model = best.register_model("ridge", model_path="outputs/model.txt")
""",
            """\
import shutil
import mlflow
from azure.ai.ml import Input, MLClient, command
from azure.ai.ml.constants import AssetTypes
from azure.ai.ml.entities import Model
from azure.ai.ml.sweep import Choice, TruncationSelectionPolicy
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
mlflow.set_tracking_uri(
    ml_client.workspaces.get(ml_client.workspace_name).mlflow_tracking_uri
)
config = command(
    code="src",
    command="python train.py --alpha 5 --beta ${{inputs.beta}} --kind ${{inputs.kind}}",
    inputs={"beta": Input(type="integer"), "kind": Input(type="string")},
    environment=env,
    compute="cpu",
)
hyperdrive = config(beta=Choice([1, 2]), kind=Choice(["a", "b"])).sweep(
    primary_metric="loss",
    goal="minimize",
    sampling_algorithm="grid",
    early_termination_policy=TruncationSelectionPolicy(
        truncation_percentage=20, evaluation_interval=1
    ),
    max_total_trials=4,
)
run = ml_client.jobs.create_or_update(hyperdrive, experiment_name="tune")
ml_client.jobs.stream(run.name)
children = sorted(
    ml_client.jobs.list(parent_job_name=run.name),
    key=lambda child: mlflow.get_run(child.name).data.metrics["loss"],
)
print([mlflow.get_run(child.name).data.metrics["loss"] for child in children])
best = ml_client.jobs.get(ml_client.jobs.get(run.name).properties["best_child_run_id"])
shutil.copy(
    mlflow.artifacts.download_artifacts(
        run_id=best.name, artifact_path="outputs/model.txt"
    ),
    "model.txt",
)
model = ml_client.models.create_or_update(
    Model(
        path=f"azureml://jobs/{best.name}/outputs/artifacts/paths/outputs/model.txt",
        name="ridge",
        type=AssetTypes.CUSTOM_MODEL,
    )
)
""",
            "A grid, and what is read of its trials",
        ),
    ],
)


@rule.converts(*CONFIGURATIONS)
def sweep(use: Use, to: Rewriter) -> Outcome:
    """The command with its distributions, swept."""
    if use.call is None:
        return Replace(to.need("azure.ai.ml.sweep", "SweepJob"))
    if Flow.of(to).covers(use.node):
        return taken_over(use)
    found = read_sweep(use, to)
    if found.given:
        to.before(use.statement, found.declaration(to))
    trial = own_trial(found, to) or to.source(found.trial)
    code = f"{trial}({', '.join(found.choices(to))}).sweep({', '.join(found.keywords)})"
    return Replace(code, together(found.reviews))


@rule.converts("HyperDriveStep")
def step(use: Use, to: Rewriter) -> Outcome:
    """The trial as a component, which the pipeline function sweeps."""
    return pipeline_steps.step(use, to)


@rule.converts(*SAMPLINGS)
def sampling(use: Use, to: Rewriter) -> Outcome:
    """The sampling is part of the sweep; a search space of another function is a dict."""
    if use.call is None:
        return Replace("dict")
    mine = [other for other in configurations(to) if sampling_of(other, to) is use]
    if not mine and samples_images(use, to):
        _remove_space(use, to)
        return taken_over(use)
    if not mine:
        return Leave("no HyperDriveConfig of this module has this sampling: give its distributions to the command")
    space = space_of(use, to)
    if spread(use, to):
        pairs = [f'"{item.name}": {to.source(item.distribution)}' for item in space]
        return Replace(f"{{{', '.join(pairs)}}}")
    if use.is_assigned:
        _remove_space(use, to)
        return Statements("")
    return Leave("a sampling is made in a statement of its own")


def _remove_space(use: Use, to: Rewriter) -> None:
    """A dict that only held the search space goes: its distributions are in the sweep."""
    given = use.argument("parameter_space", position=0)
    if not isinstance(given, ast.Name):
        return
    scopes = to.evaluator.scopes
    bindings = scopes.lookup(given.id, given)
    reads = [node for node in scopes.named(given.id) if isinstance(node.ctx, ast.Load)]
    alone = len(bindings) == 1 and bindings[0].is_alone
    if len(reads) == 1 and alone and bindings[0].statement is not None:
        to.remove(bindings[0].statement)


#: v1 distribution -> v2 class.
_DISTRIBUTIONS = {
    "uniform": "Uniform",
    "quniform": "QUniform",
    "loguniform": "LogUniform",
    "qloguniform": "QLogUniform",
    "normal": "Normal",
    "qnormal": "QNormal",
    "lognormal": "LogNormal",
    "qlognormal": "QLogNormal",
    "randint": "Randint",
}


@rule.converts(*_DISTRIBUTIONS)
def distribution(use: Use, to: Rewriter) -> Outcome:
    """The same distribution, whose parameters have the same names and order."""
    if use.call is None:
        return Replace(to.need("azure.ai.ml.sweep", _DISTRIBUTIONS[use.symbol]))
    given = [to.source(value) for value in use.call.args]
    given += [
        f"{key.arg}={to.source(key.value)}" if key.arg else f"**{to.source(key.value)}" for key in use.call.keywords
    ]
    return Replace(f"{to.need('azure.ai.ml.sweep', _DISTRIBUTIONS[use.symbol])}({', '.join(given)})")


@rule.converts("choice")
def choice(use: Use, to: Rewriter) -> Outcome:
    """The options, as one list."""
    if use.call is None:
        return Replace(to.need("azure.ai.ml.sweep", "Choice"))
    found = options(use, to)
    make = to.need("azure.ai.ml.sweep", "Choice")
    if isinstance(found, list):
        return Replace(f"{make}([{', '.join(to.source(option) for option in found)}])")
    code = to.source(found)
    return Replace(f"{make}({code})" if isinstance(found, (ast.List, ast.ListComp)) else f"{make}(list({code}))")


#: Policy -> its parameters in v1's order.
_POLICIES = {
    "BanditPolicy": ("evaluation_interval", "slack_factor", "slack_amount", "delay_evaluation"),
    "MedianStoppingPolicy": ("evaluation_interval", "delay_evaluation"),
    "TruncationSelectionPolicy": ("truncation_percentage", "evaluation_interval", "delay_evaluation"),
}


@rule.converts(*_POLICIES)
def policy(use: Use, to: Rewriter) -> Outcome:
    """The same policy; SDK v2 has no positional parameters, and wants the interval said."""
    make = to.need("azure.ai.ml.sweep", use.symbol)
    if use.call is None:
        return Replace(make)
    parts = []
    names = _POLICIES[use.symbol]
    given = {name: use.argument(name, position=names.index(name)) for name in names}
    order = [key for key in use.arguments() if isinstance(key, str)] if not use.call.args else list(names)
    for name in [*order, *(name for name in names if name not in order)]:
        value = given.get(name)
        if value is not None and not is_none(value):
            parts.append(f"{name}={to.source(value)}")
        elif name == "evaluation_interval":
            parts.append("evaluation_interval=1")
    lost = "v2 has no exclude_finished_jobs" if use.argument("exclude_finished_jobs") is not None else ""
    return Replace(f"{make}({', '.join(parts)})", lost)


@rule.converts("NoTerminationPolicy")
def no_policy(use: Use, to: Rewriter) -> Outcome:
    """No policy."""
    return Replace("None")


@rule.idiom
def text_of_goal(node: ast.expr, to: Rewriter) -> Replace | None:
    """``str(goal)`` is the name of the member with that of its class, of which code may take a part."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != "str":
        return None
    goal = to.evaluator.value(node.args[0]) if len(node.args) == 1 else None
    known = isinstance(goal, Symbol) and goal.name.startswith("PrimaryMetricGoal.")
    return Replace(f'"{goal.name}"') if known and isinstance(goal, Symbol) else None


@rule.converts("PrimaryMetricGoal.MAXIMIZE", "PrimaryMetricGoal.MINIMIZE")
def goal(use: Use, to: Rewriter) -> Outcome:
    """The goal as a text."""
    return Replace(f'"{use.symbol.rsplit(".", 1)[1].lower()}"')


@rule.converts("PrimaryMetricGoal")
def goal_class(use: Use, to: Rewriter) -> Outcome:
    """``PrimaryMetricGoal[text]`` or a call of it; annotations are texts."""
    if use.call is not None and len(use.call.args) == 1:
        return Replace(f"{to.source(use.call.args[0])}.lower()")
    parent = to.evaluator.scopes.parents.get(use.node)
    if isinstance(parent, (ast.arg, ast.AnnAssign, Annotation)):
        return Replace("str")
    return Leave('name the goal: "maximize" or "minimize"')


# Runs ---------------------------------------------------------------------------------------------------------------


@rule.converts("HyperDriveRun")
def run(use: Use, to: Rewriter) -> Outcome:
    """A sweep by the id of its run; for ``HyperDriveStepRun`` the run of the step is the sweep."""
    run_id = use.argument("run_id", "hyperdrive_run_id", position=1)
    if use.call is None:
        return Replace(to.need("azure.ai.ml.sweep", "SweepJob"))
    if run_id is None:
        return Leave("the id of the run is needed")
    return Replace(f"{to.client(use.node)}.jobs.get({to.source(run_id)})")


@rule.converts("HyperDriveStepRun")
def step_run(use: Use, to: Rewriter) -> Outcome:
    """The child job of the step is the sweep."""
    given = use.argument("step_run", position=0)
    return Replace(to.source(given)) if given is not None else Leave("the run of the step is needed")


@rule.converts("HyperDriveRun.get_best_run_by_primary_metric", "Run.get_best_run_by_primary_metric")
def best_run(use: Use, to: Rewriter) -> Outcome:
    """The service names the best trial in a property of the sweep."""
    return Replace(written(use, to, '{client}.jobs.get({client}.jobs.get({run}.name).properties["best_child_run_id"])'))


_CHILDREN = "{client}.jobs.list(parent_job_name={run}.name)"


@rule.converts("HyperDriveRun.get_hyperparameters")
def hyperparameters(use: Use, to: Rewriter) -> Outcome:
    """The hyperparameters of each trial, by its name, as JSON."""
    return Replace(written(use, to, '{{child.name: child.tags["hyperparameters"] for child in ' + _CHILDREN + "}}"))


@rule.converts("HyperDriveRun.get_metrics")
def metrics(use: Use, to: Rewriter) -> Outcome:
    """The metrics of each trial, by its name."""
    code = "{{child.name: {mlflow}.get_run(child.name).data.metrics for child in " + _CHILDREN + "}}"
    return Replace(written(use, to, code), "MLflow has the last value of each metric")


@rule.converts("HyperDriveRun.get_children_sorted_by_primary_metric")
def children(use: Use, to: Rewriter) -> Outcome:
    """The trials with their primary metric, best first, in the same form."""
    limit, worst = use.argument("top", position=0), use.argument("reverse", position=1)
    if worst is not None and not isinstance(worst, ast.Constant):
        return Leave("say which order is wanted: the best or the worst first")
    best_first = not (isinstance(worst, ast.Constant) and worst.value)
    metric = "{mlflow}.get_run(child.name).data.metrics[{run}.objective.primary_metric]"
    row = (
        '{{"run_id": child.name, "hyperparameters": child.tags["hyperparameters"], '
        f'"best_primary_metric": {metric}, "status": child.status}}}}'
    )
    order = "==" if best_first else "!="
    code = written(
        use,
        to,
        f'sorted(({row} for child in {_CHILDREN} if child.status == "Completed"), '
        f'key=lambda child: child["best_primary_metric"], reverse={{run}}.objective.goal.lower() {order} "maximize")',
    )
    some = f"[: {to.source(limit)}]" if limit is not None and not _is_zero(limit) else ""
    review = "trials that failed are not listed; the metric is its last value"
    if isinstance(use.statement, ast.For) and use.statement.iter is use.node:
        name = to.fresh("trials")
        to.before(use.statement, f"{name} = {code}{some}")
        return Replace(name, review)
    return Replace(code + some, review)


def _is_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0


@rule.idiom
def trial_arguments(node: ast.expr, to: Rewriter) -> Replace | None:
    """``best_run.get_details()["runDefinition"]["arguments"]``: the hyperparameters of a trial."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Subscript):
        return None
    details = node.value.value
    keys = [to.evaluator.text(part.slice) for part in (node.value, node)]
    use = to.use_of(details)
    if keys not in (["runDefinition", "arguments"], ["runDefinition", "Arguments"]) or use is None:
        return None
    if not use.symbol.endswith(".get_details") or use.receiver is None or not _is_trial(use.receiver, to):
        return None
    json = to.need_module("json")
    run = to.source(use.receiver)
    pairs = f'sorted({json}.loads({run}.tags["hyperparameters"]).items())'
    words = f"word for name, value in {pairs} for word in ({option_of_name(to)}, str(value))"
    try:
        before = _fixed_arguments(to)
    except ValueError:  # keywords that cannot be told
        before = None
    if before is None:
        return Replace(f"[{words}]", "these are the hyperparameters of the trial, without the other arguments")
    code = f"[{', '.join(before)}, *({words})]" if before else f"[{words}]"
    return Replace(code, "the hyperparameters of the trial follow the other arguments, in the order of their names")


def _fixed_arguments(to: Rewriter) -> list[str] | None:
    """Code of the words that all trials of this module are given; None where data are among them, or they cannot be
    told."""
    made = {trial.node: trial for use in configurations(to) if (trial := trial_of(use, to)) is not None}
    if len(made) != 1:
        return None
    (trial,) = made.values()
    given = trial.passed("arguments", position=2) if trial.symbol == "ScriptRunConfig" else None
    if given is None:
        return [] if trial.symbol == "ScriptRunConfig" or trial.passed("script_params") is None else None
    listed = getattr(to.evaluator.value(given), "node", given)
    if not isinstance(listed, ast.List) or any(_is_data(word, to) for word in listed.elts):
        return None
    return [_text(word, to) for word in listed.elts]


def _text(word: ast.expr, to: Rewriter) -> str:
    if isinstance(word, ast.Constant) and not isinstance(word.value, str):
        return f'"{word.value!r}"'
    return to.source(word) if to.evaluator.text(word) is not None else f"str({to.source(word)})"


def _is_data(word: ast.expr, to: Rewriter) -> bool:
    """Whether a word of the arguments is no text or number."""
    return not isinstance(word, (ast.Constant, ast.Name)) or isinstance(to.evaluator.value(word), Instance)


def _is_trial(node: ast.expr, to: Rewriter) -> bool:
    value = to.evaluator.value(node)
    made = value.origin if isinstance(value, Instance) else None
    use = to.use_of(made) if made is not None else None
    return use is not None and use.symbol.endswith("get_best_run_by_primary_metric")
