"""AutoML: ``AutoMLConfig`` -> ``automl.classification``, ``regression`` or ``forecasting``.

The settings go to ``set_limits``, ``set_training`` and ``set_featurization``; ``label_column_name`` is
``target_column_name``, hours are minutes. The data has to be an MLTable: ``X`` and ``y``, also those that the
``get_data()`` of a ``data_script`` gives, are written as one table with the target in a column. ``AutoMLStep``
becomes a node of the pipeline function with the output ``best_model``, an MLflow folder. What read v1's outputs, the
metrics as JSON and the model as a pickle, gets them from a small component behind the node, whose files are written
beside the code. ``ForecastingParameters`` and ``FeaturizationConfig`` become the entities ``ForecastingSettings`` and
``TabularFeaturizationSettings``.
"""

from __future__ import annotations

import ast
from typing import TypeGuard

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import together
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.datasets.data import follow
from amlbridge.migrate.models.jobs.automl import FORECAST, is_local, read_job, remove_settings, table_code, tables
from amlbridge.migrate.models.jobs.automl_lost import tell_lost
from amlbridge.migrate.models.jobs.automl_rows import save_table
from amlbridge.migrate.models.pipelines.flow import Flow
from amlbridge.migrate.models.steps import automl_steps
from amlbridge.migrate.models.steps.many_models_settings import (
    forecasting_code,
    forecasting_name,
    holds_settings,
    is_settings,
    settings_code,
)
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements, taken_over
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "automl",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Dataset, Workspace
from azureml.train.automl import AutoMLConfig

ws = Workspace.from_config()
table = Dataset.get_by_name(ws, "churn")
settings = {
    "iterations": 2,
    "iteration_timeout_minutes": 5,
    "experiment_timeout_hours": 0.25,
    "enable_early_stopping": True,
    "primary_metric": "AUC_weighted",
    "featurization": "auto",
}
config = AutoMLConfig(
    task="classification",
    training_data=table,
    label_column_name="left",
    compute_target="cpu",
    n_cross_validations=3,
    blocked_models=["KNN"],
    debug_log="automl.log",
    **settings,
)
""",
            """\
from azure.ai.ml import Input, MLClient, automl
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
table = ml_client.data.get("churn", label="latest")
config = automl.classification(
    training_data=Input(type="mltable", path=table.id),
    compute="cpu",
    target_column_name="left",
    n_cross_validations=3,
    primary_metric="AUC_weighted",
    enable_model_explainability=True,
)
config.set_limits(
    max_trials=2,
    trial_timeout_minutes=5,
    timeout_minutes=15,
    enable_early_termination=True,
)
config.set_training(blocked_training_algorithms=["KNN"])
config.set_featurization(mode="auto")
""",
        ),
        Case(
            """\
from azureml.core import Dataset, Workspace
from azureml.pipeline.core import Pipeline, PipelineData, TrainingOutput
from azureml.pipeline.steps import AutoMLStep, PythonScriptStep
from azureml.train.automl import AutoMLConfig

ws = Workspace.from_config()
cluster = ws.compute_targets["cpu"]
table = Dataset.get_by_name(ws, "houses")
model = PipelineData(
    "model", pipeline_output_name="model", training_output=TrainingOutput("Model")
)
config = AutoMLConfig(
    task="regression",
    training_data=table,
    label_column_name="price",
    primary_metric="r2_score",
    iterations=2,
    compute_target=cluster,
)
search = AutoMLStep(name="search", automl_config=config, outputs=[model])
check = PythonScriptStep(
    "check.py",
    arguments=["--model", model],
    inputs=[model],
    compute_target="cpu",
    runconfig=env,
)
pipeline = Pipeline(ws, steps=[search, check])
""",
            """\
from azure.ai.ml import Input, MLClient, Output, automl, command, dsl
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
cluster = ml_client.compute.get("cpu")
table = ml_client.data.get("houses", label="latest")
check_component = command(
    name="check_py",
    display_name="check.py",
    inputs={"model": Input(type="mlflow_model")},
    code=".",
    command="python check.py --model ${{inputs.model}}",
    environment=env,
    compute="cpu",
)


@dsl.pipeline()
def pipeline(search_training_data: Input(type="mltable")):
    search = automl.regression(
        training_data=search_training_data,
        compute=cluster.name,
        target_column_name="price",
        primary_metric="r2_score",
        enable_model_explainability=True,
        display_name="search",
        outputs={"best_model": Output(type="mlflow_model")},
    )
    search.set_limits(max_trials=2)
    check = check_component(model=search.outputs.best_model)
    return {"model": search.outputs.best_model}
""",
            "In a pipeline",
        ),
    ],
)


@rule.converts("AutoMLConfig")
def config(use: Use, to: Rewriter) -> Outcome:
    """The job; in the pipeline function where a step runs it."""
    if use.call is None:
        return Replace(to.need("azure.ai.ml.entities", "Job"))  # which the classes of all tasks are
    if is_settings(use, to):
        return _settings(use, to)
    flow = Flow.of(to)
    steps = [step for step in flow.steps.values() if use.node in step.parts]
    failed = next((text for node, text in flow.failed.items() if _is_of(node, use, to)), None)
    if failed is not None:
        return Leave(failed)
    remove_settings(use, to)
    if steps:
        search = steps[0]
        tell_lost(search.job.lost if isinstance(search, automl_steps.AutoMLStep) and search.job else {}, use, to)
        return _in_pipeline(use, to)
    job = read_job(use, to)
    frames = {key: node for key, node in job.data.items() if _is_frame(node, use, to)}
    job.reviews += [f"{node.id} is assumed to be a data frame of pandas" for node in frames.values()]
    bound = {
        key: _saved(frames[key], use, to) if key in frames else table_code(node, use.statement, to)
        for key, node in job.data.items()
    }
    bound |= tables(job, use, to)
    tell_lost(job.lost, use, to)
    review = together(job.reviews)
    statement = use.statement
    if isinstance(statement, ast.Assign) and statement.value is use.node and len(statement.targets) == 1:
        return Statements("\n".join(job.statements(to.source(statement.targets[0]), bound, [], to)), review)
    name = to.fresh("automl_job")
    to.before(statement, "\n".join(job.statements(name, bound, [], to)))
    return Replace(name, review)


def _is_frame(node: ast.expr, use: Use, to: Rewriter) -> TypeGuard[ast.Name]:
    """Whether data is a data frame: only a search on the machine of the client took one."""
    compute = use.argument("compute_target")
    local = compute is None or is_local(compute, to)
    return local and isinstance(node, ast.Name) and to.evaluator.type_of(node) is None and follow(node, to) is None


def _saved(frame: ast.Name, use: Use, to: Rewriter) -> str:
    """The Input of a data frame, which is saved as a table above."""
    return save_table(to.source(frame), f"{frame.id}_table", use.statement, (), to)


def _settings(use: Use, to: Rewriter) -> Outcome:
    """The settings of a training of many models: a dict."""
    code, review = settings_code({str(key): value for key, value in use.arguments().items()}, use, to)
    remove_settings(use, to)
    return Replace(code, review)


@rule.converts("AutoMLConfig.as_serializable_dict")
def as_dict(use: Use, to: Rewriter) -> Outcome:
    """The settings of a training of many models are a dict already; v1 had those of the forecast among the others."""
    made = to.maker(use.receiver)
    if made is None or use.receiver is None or not is_settings(made, to):
        return Leave("a job of AutoML has no dict of its settings: write down those that are needed")
    name = to.source(use.receiver)
    code = f'{{**{name}, **{name}["forecasting"]}}'
    return Replace(code, "the settings have the names of SDK v2: target_column_name was label_column_name")


def _in_pipeline(use: Use, to: Rewriter) -> Outcome:
    flow = Flow.of(to)
    for name in Objects.of(to).names(use.node):
        if not any(flow.covers(node) for node in to.evaluator.scopes.ancestors(name)):
            return Leave("the configuration of an AutoML step is used elsewhere, too: make one for each")
    return taken_over(use)


def _is_of(node: ast.expr, config: Use, to: Rewriter) -> bool:
    use = to.use_of(node)
    if use is None or use.symbol != "AutoMLStep":
        return False
    try:
        return automl_steps.configuration(use, to) is config
    except ValueError:
        return False


@rule.converts("AutoMLStep")
def step(use: Use, to: Rewriter) -> Outcome:
    """The node is in the pipeline function."""
    if use.call is None:
        return Leave("SDK v2 has no class for steps: nodes are made in the pipeline function")
    flow = Flow.of(to)
    if use.node in flow.failed:
        return Leave(flow.failed[use.node])
    found = flow.steps[use.node]
    found.component_code(to)
    if use.is_assigned:
        assert isinstance(found, automl_steps.AutoMLStep)
        if found.behind is not None and found.is_made_outside(to):
            return Statements(f"{found.behind.component} = {found.behind.component_code(to)}", found.review)
        return Statements("", found.review)
    return Replace("None", found.review)


@rule.converts("TrainingOutput")
def training_output(use: Use, to: Rewriter) -> Outcome:
    """What an output holds is in the step."""
    return taken_over(use)


# Settings -----------------------------------------------------------------------------------------------------------

#: Old keyword of ForecastingParameters -> the later one.
_OLD_NAMES = {"holiday_country": "country_or_region_for_holidays"}


@rule.converts("ForecastingParameters")
def forecasting(use: Use, to: Rewriter) -> Outcome:
    """The settings of a forecast, with the same meaning under some new names."""
    plain = holds_settings(use, to)
    make = "dict" if plain else to.need("azure.ai.ml.automl", "ForecastingSettings")
    if use.call is None:
        return Replace(make)
    names = ("time_column_name", "forecast_horizon", "time_series_id_column_names", "group_column_names")
    parts = []
    for key, value in use.arguments().items():
        name = names[key] if isinstance(key, int) and key < len(names) else str(key)
        name = _OLD_NAMES.get(name, name)
        if name in FORECAST:
            parts.append(f"{FORECAST[name]}={to.source(value)}")
        elif name != "validate_parameters":
            tell_lost({name: to.source(value)}, use, to)
    code = forecasting_code(parts) if plain else f"{make}({', '.join(parts)})"
    return Replace(code)


@rule.converts(*(f"ForecastingParameters.{name}=" for name in FORECAST))
def set_forecasting(use: Use, to: Rewriter) -> Outcome:
    """A setting that is assigned."""
    assert use.receiver is not None
    if not isinstance(use.statement, ast.Assign):
        return Leave("assign the setting in a statement of its own")
    name = FORECAST[use.symbol.rsplit(".", 1)[1].removesuffix("=")]
    return Statements(f"{to.source(use.receiver)}{_part(name, use, to)} = {to.source(use.statement.value)}")


@rule.converts(*(f"ForecastingParameters.{name}" for name in FORECAST))
def get_forecasting(use: Use, to: Rewriter) -> Outcome:
    """A setting that is read."""
    assert use.receiver is not None
    return Replace(f"{to.source(use.receiver)}{_part(FORECAST[use.symbol.rsplit('.', 1)[1]], use, to)}")


def _part(name: str, use: Use, to: Rewriter) -> str:
    """How a setting is reached: by attribute, or as an entry of a dict."""
    made = to.maker(use.receiver)
    return f'["{forecasting_name(name)}"]' if made is not None and holds_settings(made, to) else f".{name}"


@rule.converts("FeaturizationConfig")
def featurization(use: Use, to: Rewriter) -> Outcome:
    """The settings of featurization; empty dicts are there for what the lines below add."""
    make = to.need("azure.ai.ml.automl", "TabularFeaturizationSettings")
    if use.call is None:
        return Replace(make)
    names = ("blocked_transformers", "column_purposes", "transformer_params", "drop_columns", "dataset_language")
    given = {names[key] if isinstance(key, int) else key: value for key, value in use.arguments().items()}
    parts = ['mode="custom"']
    for old, new in (("blocked_transformers", "blocked_transformers"), ("dataset_language", "dataset_language")):
        if old in given:
            parts.append(f"{new}={to.source(given[old])}")
    if "transformer_params" in given:
        return Leave("write the parameters of transformers as lists of azure.ai.ml.automl.ColumnTransformer")
    added = {member.symbol.rsplit(".", 1)[1] for member in Objects.of(to).members(use.node)}
    if "column_purposes" in given:
        parts.append(f"column_name_and_types={to.source(given['column_purposes'])}")
    elif "add_column_purpose" in added:
        parts.append("column_name_and_types={}")
    if "add_transformer_params" in added:
        parts.append("transformer_params={}")
    if "add_blocked_transformers" in added and "blocked_transformers" not in given:
        parts.append("blocked_transformers=[]")
    if "drop_columns" in given:
        tell_lost({"drop_columns": to.source(given["drop_columns"])}, use, to)
    return Replace(f"{make}({', '.join(parts)})")


@rule.converts("FeaturizationConfig.add_column_purpose", "FeaturizationConfig.add_transformer_params")
@rule.converts("FeaturizationConfig.add_blocked_transformers")
def add(use: Use, to: Rewriter) -> Outcome:
    """An entry of the settings."""
    assert use.receiver is not None
    if not isinstance(use.statement, ast.Expr):
        return Leave("add it in a statement of its own")
    owner, member = to.source(use.receiver), use.symbol.rsplit(".", 1)[1]
    if member == "add_blocked_transformers":
        names = use.argument("transformers", position=0)
        listed = to.source(names) if names is not None else "[]"
        return Statements(f"{owner}.blocked_transformers.extend({listed})", "a list is expected")
    if member == "add_column_purpose":
        column, purpose = use.argument("column_name", position=0), use.argument("feature_type", position=1)
        if column is None or purpose is None:
            return Leave("a column and its type are needed")
        return Statements(f"{owner}.column_name_and_types[{to.source(column)}] = {to.source(purpose)}")
    transformer, columns = use.argument("transformer", position=0), use.argument("cols", position=1)
    values = use.argument("params", position=2)
    if transformer is None or columns is None or values is None:
        return Leave("a transformer, its columns and its parameters are needed")
    make = to.need("azure.ai.ml.automl", "ColumnTransformer")
    entry = f"{make}(fields={to.source(columns)}, parameters={to.source(values)})"
    text = to.evaluator.text(transformer)
    name = f'"{_snake(text)}"' if text else to.source(transformer)
    return Statements(f"{owner}.transformer_params.setdefault({name}, []).append({entry})")


#: What is assigned to v1's settings of featurization -> the attribute of v2's.
_ASSIGNED = {
    "blocked_transformers": "blocked_transformers",
    "column_purposes": "column_name_and_types",
    "dataset_language": "dataset_language",
}


@rule.converts(*(f"FeaturizationConfig.{name}=" for name in _ASSIGNED))
def set_featurization(use: Use, to: Rewriter) -> Outcome:
    """A setting that is assigned."""
    assert use.receiver is not None
    if not isinstance(use.statement, ast.Assign):
        return Leave("assign the setting in a statement of its own")
    name = _ASSIGNED[use.symbol.rsplit(".", 1)[1].removesuffix("=")]
    return Statements(f"{to.source(use.receiver)}.{name} = {to.source(use.statement.value)}")


@rule.converts("FeaturizationConfig.add_prediction_transform_type")
def transform_prediction(use: Use, to: Rewriter) -> Outcome:
    """SDK v2 does not transform predictions."""
    del to
    if not isinstance(use.statement, ast.Expr):
        return Leave("SDK v2 does not transform predictions: do it where they are read")
    return Statements("", "SDK v2 does not transform predictions: do it where they are read")


def _snake(name: str) -> str:
    """SDK v2 names transformers in snake case."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


@rule.converts("FeaturizationConfig.add_drop_columns", "FeaturizationConfig.drop_columns=")
def drop(use: Use, to: Rewriter) -> Outcome:
    """SDK v2 drops no columns."""
    return Statements("", "drop these columns from the table: SDK v2 drops none")
