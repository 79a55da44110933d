"""Parallel steps: ``ParallelRunStep`` with its ``ParallelRunConfig`` -> ``parallel_run_function``.

The configuration has no object of its own in SDK v2: its settings are keywords of the component. ``node_count`` is
``instance_count``, ``process_count_per_node`` is ``max_concurrency_per_instance``, ``run_max_try`` is one more than
``max_retries``, ``allowed_failed_count`` is ``mini_batch_error_threshold``. The rows go to the same file in the output
folder. One input is split into mini batches, the side inputs are inputs beside it. A configuration that one function
makes and another one gives a step is a dict of these keywords, with the task in it. The settings of a YAML file
(``ParallelRunConfig.load_yaml``) that is there are taken from it.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import together
from amlbridge.migrate.models.pipelines.flow import Flow
from amlbridge.migrate.models.steps import parallel  # registers how the step is read
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements, taken_over
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules import pipeline_steps
from amlbridge.migrate.text.trees import FUNCTIONS

rule = Rule(
    "parallel-runs",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Dataset, Workspace
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import ParallelRunConfig, ParallelRunStep

ws = Workspace.from_config()
images = Dataset.get_by_name(ws, "images")
config = ParallelRunConfig(
    source_directory="scoring",
    entry_script="score.py",
    mini_batch_size="5",
    error_threshold=10,
    output_action="append_row",
    append_row_file_name="scores.txt",
    environment=env,
    compute_target="cpu",
    node_count=2,
    process_count_per_node=4,
    run_invocation_timeout=60,
    run_max_try=3,
)
scores = OutputFileDatasetConfig("scores")
score = ParallelRunStep(
    name="score",
    parallel_run_config=config,
    inputs=[images.as_named_input("images").as_mount()],
    output=scores,
    arguments=["--threshold", 0.5],
    allow_reuse=False,
)
pipeline = Pipeline(ws, steps=[score])
""",
            """\
from azure.ai.ml import Input, MLClient, Output, dsl
from azure.ai.ml.parallel import RunFunction, parallel_run_function
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
images = ml_client.data.get("images", label="latest")
score_component = parallel_run_function(
    name="score",
    inputs={"images": Input(type="uri_folder")},
    outputs={"scores": Output(type="uri_folder")},
    input_data="${{inputs.images}}",
    compute="cpu",
    instance_count=2,
    max_concurrency_per_instance=4,
    mini_batch_size="5",
    error_threshold=10,
    retry_settings={"max_retries": 2, "timeout": 60},
    is_deterministic=False,
    task=RunFunction(
        code="scoring",
        entry_script="score.py",
        program_arguments="--threshold 0.5 --append_row_file_name scores.txt",
        environment=env,
        append_row_to="${{outputs.scores}}",
    ),
)


@dsl.pipeline()
def pipeline():
    score = score_component(
        images=Input(type="uri_folder", path=images.id, mode="ro_mount")
    )
""",
        ),
        Case(
            """\
from azureml.core import Dataset, Experiment, Workspace
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import ParallelRunConfig, ParallelRunStep

ws = Workspace.from_config()
table = Dataset.get_by_name(ws, "table")
config = ParallelRunConfig(
    source_directory="scoring",
    entry_script="score.py",
    mini_batch_size=PipelineParameter(name="size", default_value="1KB"),
    error_threshold=-1,
    output_action="append_row",
    environment=env,
    compute_target="cpu",
    node_count=1,
)
scores = PipelineData("scores", datastore=ws.get_default_datastore())
score = ParallelRunStep(
    name="score",
    parallel_run_config=config,
    inputs=[table.as_named_input("table")],
    output=scores,
)
pipeline = Pipeline(ws, steps=[score])
run = Experiment(ws, "scores").submit(pipeline, pipeline_parameters={"size": "1MB"})
""",
            """\
from azure.ai.ml import Input, MLClient, Output, dsl
from azure.ai.ml.parallel import RunFunction, parallel_run_function
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
table = ml_client.data.get("table", label="latest")
score_component = parallel_run_function(
    name="score",
    inputs={"table": Input(type="mltable", mode="direct")},
    outputs={"scores": Output(type="uri_folder")},
    input_data="${{inputs.table}}",
    compute="cpu",
    instance_count=1,
    mini_batch_size="1KB",
    error_threshold=-1,
    task=RunFunction(
        code="scoring",
        entry_script="score.py",
        environment=env,
        append_row_to="${{outputs.scores}}",
    ),
)


@dsl.pipeline()
def pipeline():
    score = score_component(table=Input(type="mltable", path=table.id))


run = ml_client.jobs.create_or_update(pipeline(), experiment_name="scores")
""",
            "Rows of a table",
        ),
    ],
)


_STEP = "ParallelRunStep"
_FILE = "write the settings of the file as keywords of parallel_run_function, or a parallel component in YAML"


@rule.converts("ParallelRunStep")
def step(use: Use, to: Rewriter) -> Outcome:
    """The component of the step, where the step was made."""
    return pipeline_steps.step(use, to)


@rule.converts("ParallelRunConfig")
def config(use: Use, to: Rewriter) -> Outcome:
    """The object goes: its settings are in the component."""
    flow = Flow.of(to)
    steps = [found for found in flow.steps.values() if isinstance(found, parallel.ParallelStep)]
    if use.call is None:
        if any(found.rest for found in steps):
            return Replace("dict")
        return Leave("SDK v2 has no configuration of parallel runs: parallel_run_function has its settings")
    if any(found.rest and use.node in found.parts for found in steps):
        reviews: list[str] = []
        code = parallel.as_dict(parallel.Configuration(use, parallel.named(use)), reviews, to)
        return Replace(code, together(reviews))
    if not any(_configured(found.use, use, to) for found in steps):
        reasons = [text for node, text in flow.failed.items() if _is_of(node, use, to)]
        return Leave(reasons[0] if reasons else "no step of this module has this configuration")
    function = to.evaluator.scopes.of(use.node).node
    if isinstance(use.statement, ast.Return) and isinstance(function, FUNCTIONS):
        if parallel.only_makes(function, use):
            to.remove(function)
            return Statements("")
        return Leave("the configuration is handed on by a function: give its settings to parallel_run_function")
    return taken_over(use)


def _configured(step: Use, config: Use, to: Rewriter) -> bool:
    given = step.argument("parallel_run_config", position=1)
    value = to.evaluator.value(given) if given is not None else None
    return getattr(value, "origin", None) is config.node


def _is_of(node: ast.expr, config: Use, to: Rewriter) -> bool:
    use = to.use_of(node)
    return use is not None and use.symbol == "ParallelRunStep" and _configured(use, config, to)


#: What settings are when the configuration does not say. Source: the public reference of azureml-pipeline-steps.
_DEFAULTS = {"append_row_file_name": '"parallel_run_step.txt"', "output_action": '"append_row"'}


@rule.converts(
    *(
        f"ParallelRunConfig.{name}"
        for name in ("append_row_file_name", "entry_script", "node_count", "mini_batch_size", "output_action")
    )
)
def setting(use: Use, to: Rewriter) -> Outcome:
    """A setting that is read is what the configuration was given."""
    made = to.maker(use.receiver)
    name = use.symbol.rsplit(".", 1)[1]
    if made is None or made.call is None:
        return Leave("read it where the settings of parallel_run_function are: the configuration cannot be told")
    given = made.argument(name)
    if given is None and name in _DEFAULTS:
        return Replace(_DEFAULTS[name])
    if given is None or not isinstance(given, (ast.Constant, ast.Name)):
        return Leave("give the setting a variable of its own, and read that")
    return Replace(to.source(given))


@rule.converts("ParallelRunConfig.load_yaml")
def load_yaml(use: Use, to: Rewriter) -> Outcome:
    """The settings of a file that is there go into the component, as those of an object do."""
    if not any(_configured(found.use, use, to) for found in Flow.of(to).steps.values() if found.use.symbol == _STEP):
        reasons = [text for node, text in Flow.of(to).failed.items() if _is_of(node, use, to)]
        return Leave(reasons[0] if reasons else _FILE)
    review = "the settings are those that the file has now: SDK v2 does not read it"
    return taken_over(use, review)


@rule.converts("ParallelRunConfig.save_to_yaml")
def save_yaml(use: Use, to: Rewriter) -> Outcome:
    """A file of settings, in a form that SDK v2 does not read."""
    return Leave(_FILE)
