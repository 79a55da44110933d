"""Forecasts of many models and of hierarchies: the builder's steps -> Microsoft's components in the registry azureml.

``AutoMLPipelineBuilder.get_many_models_train_steps`` becomes a node of ``automl_many_models_training`` or
``automl_hts_training``, ``get_many_models_batch_inference_steps`` one of the inference components. The settings, an
``AutoMLConfig`` without data in ``ManyModelsTrainParameters``, become a dict that is written to the YAML file which the
component reads. A forecast is a parquet file there. These components run in Azure only.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import together
from amlbridge.migrate.models.pipelines.flow import Flow
from amlbridge.migrate.models.steps.many_models import INFER, INFERENCE
from amlbridge.migrate.models.steps.many_models_settings import (
    TRAIN,
    TRAINING,
    only_reader,
    opened,
    settings_code,
    settings_file,
)
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements, taken_over
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "many-models",
    __doc__,
    cases=[
        Case(
            """\
from azureml.automl.core.forecasting_parameters import ForecastingParameters
from azureml.contrib.automl.pipeline.steps import AutoMLPipelineBuilder
from azureml.core import Dataset, Experiment, Workspace
from azureml.pipeline.core import Pipeline
from azureml.train.automl.automlconfig import AutoMLConfig
from azureml.train.automl.runtime._many_models.many_models_parameters import (
    ManyModelsTrainParameters,
)

ws = Workspace.from_config()
sales = Dataset.get_by_name(ws, "sales").as_named_input("sales")
horizon = ForecastingParameters(time_column_name="week", forecast_horizon=6)
automl_settings = AutoMLConfig(
    task="forecasting",
    primary_metric="normalized_root_mean_squared_error",
    iterations=15,
    label_column_name="quantity",
    forecasting_parameters=horizon,
)
settings = ManyModelsTrainParameters(
    automl_settings=automl_settings, partition_column_names=["store", "brand"]
)
train_steps = AutoMLPipelineBuilder.get_many_models_train_steps(
    experiment=Experiment(ws, "sales"),
    train_data=sales,
    compute_target="cpu-cluster",
    node_count=2,
    process_count_per_node=8,
    run_invocation_timeout=1200,
    train_pipeline_parameters=settings,
)
pipeline = Pipeline(ws, steps=train_steps)
run = Experiment(ws, "sales").submit(pipeline)
""",
            """\
import yaml
from azure.ai.ml import Input, MLClient, dsl
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
horizon = {"time_column_name": "week", "forecast_horizon": 6}
automl_settings = {
    "type": "automl",
    "task": "forecasting",
    "primary_metric": "normalized_root_mean_squared_error",
    "target_column_name": "quantity",
    "forecasting": horizon,
    "limits": {"max_trials": 15},
}
settings = {**automl_settings, "partition_column_names": ["store", "brand"]}
with open("settings.yml", "w") as file:
    yaml.safe_dump(settings, file)
train_component = MLClient(
    credential=DefaultAzureCredential(), registry_name="azureml"
).components.get("automl_many_models_training", label="latest")


@dsl.pipeline(default_compute="cpu-cluster")
def pipeline():
    train = train_component(
        raw_data=Input(
            type="mltable", path=ml_client.data.get("sales", label="latest").id
        ),
        automl_config=Input(type="uri_file", path="settings.yml"),
        max_nodes=2,
        max_concurrency_per_node=8,
        parallel_step_timeout_in_seconds=1200,
        compute_name="cpu-cluster",
    )


run = ml_client.jobs.create_or_update(pipeline(), experiment_name="sales")
""",
        ),
    ],
)


@rule.converts(TRAIN, INFER)
def steps(use: Use, to: Rewriter) -> Outcome:
    """The component; its node is in the pipeline function."""
    if use.call is None:
        return Leave("SDK v2 has no builder of steps: get the component of the registry azureml")
    flow = Flow.of(to)
    if use.node in flow.failed:
        return Leave(flow.failed[use.node])
    found = flow.steps[use.node]
    if use.symbol == TRAIN and use.argument("train_pipeline_parameters", position=8) is None:
        _settings_of_call(use, to)
    code = f"{found.component} = {found.component_code(to)}"
    if use.is_assigned:
        return Statements(code, found.review)
    to.before(use.statement, code)
    return Replace("None", found.review)


def _settings_of_call(use: Use, to: Rewriter) -> None:
    """Old calls have the settings themselves, a dict."""
    given = use.argument("automl_settings", position=4)
    assert given is not None
    columns = use.argument("partition_column_names", position=5)
    entries = opened(given, to)
    partition = entries.pop("partition_column_names", columns)
    code, _review = settings_code(entries, use, to)
    more = [f'"partition_column_names": {to.source(partition)}'] if partition is not None else []
    file = settings_file(use, to)
    name = file.removesuffix(".yml")
    to.before(use.statement, _written(name, f"{code[:-1]}, {', '.join(more)}}}" if more else code, file, to))
    read = only_reader(use, to)
    if read is not None and (statement := to.evaluator.scopes.lookup(read.id, read)[0].statement) is not None:
        to.remove(statement)


def _written(name: str, code: str, file: str, to: Rewriter) -> str:
    """Statements that make the settings, and write them to their file."""
    yaml = to.need_module("yaml")
    return f'{name} = {code}\nwith open("{file}", "w") as file:\n    {yaml}.safe_dump({name}, file)'


@rule.converts(*TRAINING)
def train_parameters(use: Use, to: Rewriter) -> Outcome:
    """The settings, with the columns that part the data, in the file that the component reads."""
    given = use.argument("automl_settings", position=0) if use.call is not None else None
    if given is None:
        return Leave("SDK v2 has no class for these parameters: they are in the YAML file of the component")
    parts, reviews = [f"**{_settings(given, use, to)}"], []
    for key, value in use.arguments().items():
        name = _NAMES[use.symbol][key] if isinstance(key, int) else key
        if name == "training_level":
            parts.append(f'"hierarchy_training_level": {to.source(value)}')
        elif name in ("partition_column_names", "hierarchy_column_names", "allow_multi_partitions"):
            parts.append(f'"{name}": {to.source(value)}')
        elif name != "automl_settings":
            reviews.append(f"the component has no {name}")
    statement = use.statement
    name = to.source(statement.targets[0]) if isinstance(statement, ast.Assign) else ""
    file = settings_file(use, to)
    code = _written(name if name.isidentifier() else to.fresh("settings"), f"{{{', '.join(parts)}}}", file, to)
    if isinstance(statement, ast.Assign) and statement.value is use.node and name.isidentifier():
        return Statements(code, together(reviews))
    to.before(statement, code)
    return Replace("None", together(reviews))


#: The parameters by position.
_NAMES = {
    "ManyModelsTrainParameters": ("automl_settings", "partition_column_names"),
    "HTSTrainParameters": ("automl_settings", "hierarchy_column_names", "training_level"),
}


def _settings(given: ast.expr, use: Use, to: Rewriter) -> str:
    """The code of the settings: what the AutoMLConfig becomes, or a dict of v1 with the names of SDK v2."""
    if to.evaluator.type_of(given) == "AutoMLConfig":
        return to.source(given)
    return settings_code(opened(given, to), use, to)[0]


@rule.converts(*INFERENCE)
def inference_parameters(use: Use, to: Rewriter) -> Outcome:
    """The node has what the component wants to know; columns it knows from the training."""
    if use.call is None:
        return Leave("SDK v2 has no class for these parameters: they are inputs of the component")
    return taken_over(use)


@rule.converts("get_output_from_mm_pipeline")
def forecast_file(use: Use, to: Rewriter) -> Outcome:
    """The forecast is an output of the pipeline, a parquet file; v1 gave a text file with it."""
    run, folder = use.argument("run", position=0), use.argument("results_name", position=1)
    output = use.argument("output_name", position=2)
    if run is None or folder is None or output is None:
        return Leave("the run, the folder and the output are needed")
    file = use.argument("parallel_run_output_file_name", position=3)
    named = to.source(file) if file is not None else '"parallel_run_step.txt"'
    os, pandas = to.need_module("os"), to.need_module("pandas")
    where, what, client = to.source(folder), to.source(output), to.client(use.node)
    statement = use.statement
    alone = isinstance(statement, ast.Assign) and statement.value is use.node and len(statement.targets) == 1
    path = to.source(statement.targets[0]) if alone else to.fresh("forecast_path")  # type: ignore[attr-defined]
    code = (
        f"{client}.jobs.download({to.source(run)}.name, output_name={what}, download_path={where})\n"
        f"{path} = {os}.path.join({where}, {named})\n"
        f'{pandas}.read_parquet({os}.path.join({where}, "named-outputs", {what})).to_csv({path}, index=False)'
    )
    review = "the columns are those of SDK v2: automl_prediction and automl_actual, v1 had Predictions"
    if alone:
        return Statements(code, review)
    to.before(statement, code)
    return Replace(path, review)


@rule.converts("set_environment_variables_for_run")
def environment_variables(use: Use, to: Rewriter) -> Outcome:
    """Variables for the packages of SDK v1 in a step: what reads them is gone."""
    del to
    if not isinstance(use.statement, ast.Expr):
        return Leave("call it in a statement of its own")
    return Statements(
        "",
        "it set how SDK v1 sends metrics, and AUTOML_IGNORE_PACKAGE_VERSION_INCOMPATIBILITIES=True: set that one if "
        "the step loads a model of AutoML with other packages",
    )
