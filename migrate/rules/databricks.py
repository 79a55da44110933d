"""Databricks: ``DatabricksStep`` -> a command component that calls the jobs API of Databricks.

SDK v2 has no step for Databricks and attaches no Databricks workspace. The component runs a short script, which is
written beside the module, or into the step's source folder: it starts the run with databricks-sdk (notebook, Python
script or class of a jar, on a new cluster or one that is there), waits for it, and fails when the run fails. What a
pipeline decides (parameters, data, variables of the module) comes as options of its command line; data as addresses.
The address and the token of Databricks are environment variables. The compute that was attached goes, if nothing else
is done with it (rule service-computes).

SDK v1 hands over a parameter of the pipeline among the words of a script or a class as two words, ``--NAME`` and its
value; so does the component. It also tells every run of the workspace (``AZUREML_RUN_ID`` and others), which the
component does not.
"""

from __future__ import annotations

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.code.objects import Objects
from amlbridge.migrate.models.pipelines.flow import Flow
from amlbridge.migrate.models.steps import databricks
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.pipeline_steps import step as component

rule = Rule(
    "databricks",
    __doc__,
    cases=[
        Case(
            """\
from azureml.pipeline.steps import DatabricksStep

clean = DatabricksStep(
    name="clean",
    notebook_path="/Shared/clean",
    notebook_params={"rows": 5},
    existing_cluster_id="0321-cluster",
    compute_target="databricks",
    allow_reuse=False,
)
""",
            """\
import os
from azure.ai.ml import command
from azure.ai.ml.entities import Environment

databricks_environment = Environment(
    image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest",
    conda_file={
        "channels": ["conda-forge"],
        "dependencies": [
            "python=3.10",
            "pip",
            {"pip": ["databricks-sdk", "mlflow", "azureml-mlflow"]},
        ],
    },
)
clean_component = command(
    name="clean",
    code=os.path.join(os.path.dirname(os.path.abspath(__file__)), "databricks_steps"),
    command="python clean_on_databricks.py",
    environment=databricks_environment,
    compute="serverless",
    environment_variables={
        "DATABRICKS_HOST": os.environ["DATABRICKS_HOST"],
        "DATABRICKS_TOKEN": os.environ["DATABRICKS_TOKEN"],
    },
    is_deterministic=False,
)
""",
        ),
    ],
)


@rule.converts("DatabricksStep")
def step(use: Use, to: Rewriter) -> Outcome:
    """The component, where the step was made."""
    return component(use, to)


@rule.converts(*databricks.LIBRARIES)
def library(use: Use, to: Rewriter) -> Outcome:
    """The script of the step names the library."""
    if use.call is None or not Flow.of(to).covers(use.node):
        return Leave("name the library where the run is started: databricks.sdk.service.compute.Library(...)")
    if Objects.of(to).variable(use.node) is not None:
        return Statements("")
    to.spare.add(use.statement)  # libraries = [PyPiLibrary("pandas")]: nothing reads the list any more
    return Replace("None")
