"""Notebooks that run as jobs or steps: ``NotebookRunConfig``, ``NotebookRunnerStep`` -> a command with papermill.

The parameters of the notebook, the pipeline's and the paths of the step's data become parameters of papermill; the
notebook as it ran is an output of the component where v1 had it as one, else it is in the folder ``outputs`` of the
job. The settings of AzureMLNotebookHandler become options of papermill.
"""

from __future__ import annotations

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.pipelines.flow import Flow
from amlbridge.migrate.models.steps.notebook_steps import read_notebook
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.commands import job
from amlbridge.migrate.rules.pipeline_steps import step as component

rule = Rule(
    "notebook-runs",
    __doc__,
    cases=[
        Case(
            """\
from azureml.contrib.notebook import AzureMLNotebookHandler, NotebookRunConfig
from azureml.contrib.notebook import NotebookRunnerStep

handler = AzureMLNotebookHandler(timeout=600, log_output=True)
config = NotebookRunConfig(
    source_directory="notebooks",
    notebook="train.ipynb",
    handler=handler,
    parameters={"name": "machine learning", "epochs": 5},
    run_config=environment,
)
train = NotebookRunnerStep(
    name="train",
    notebook_run_config=config,
    compute_target="cpu",
    output_notebook_pipeline_data_name="notebook",
)
""",
            """\
from azure.ai.ml import Output, command

train_component = command(
    name="train",
    outputs={"notebook": Output(type="uri_folder")},
    code="notebooks",
    command=(
        "pip install --quiet papermill ipykernel && papermill -k python3 "
        "--execution-timeout 600 --log-output train.ipynb "
        "${{outputs.notebook}}/train.ipynb -r name 'machine learning' -p "
        "epochs 5"
    ),
    environment=environment,
    compute="cpu",
)
""",
        ),
    ],
)


@rule.converts("NotebookRunnerStep")
def step(use: Use, to: Rewriter) -> Outcome:
    """The component, where the step was made."""
    return component(use, to)


@rule.converts("NotebookRunConfig")
def config(use: Use, to: Rewriter) -> Outcome:
    """A job of its own, or a part of a step."""
    if use.call is None:
        return Replace(to.need("azure.ai.ml.entities", "Command"))
    if Flow.of(to).covers(use.node):
        return Statements("") if Objects.of(to).variable(use.node) is not None else Replace("None")
    notebook = read_notebook(use, None, to)
    return job(use, notebook.settings, [], notebook.start(), notebook.arguments, to)


@rule.converts("AzureMLNotebookHandler")
def handler(use: Use, to: Rewriter) -> Outcome:
    """Options of papermill."""
    names = Objects.of(to).names(use.node)
    configs = [other for other in to.uses if other.symbol == "NotebookRunConfig"]
    read = all(any(other.node in to.evaluator.scopes.ancestors(name) for other in configs) for name in names)
    if use.call is None or not configs or not read:
        return Leave("give papermill the options --execution-timeout, --log-output and --no-progress-bar")
    return Statements("") if Objects.of(to).variable(use.node) is not None else Replace("None")
