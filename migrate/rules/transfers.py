"""Transfers between datastores: ``DataTransferStep`` -> a command component that copies.

The source is an input, the destination an output at its place on the datastore. A database cannot be the source: SDK v2
has no datastores of databases. Data Factory is not needed any more (rule service-computes).
"""

from __future__ import annotations

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.steps import transfers
from amlbridge.migrate.registry import Case, Outcome, Rule
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.pipeline_steps import step as component

rule = Rule(
    "transfers",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Workspace
from azureml.data.data_reference import DataReference
from azureml.pipeline.steps import DataTransferStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
archives = ws.datastores["archives"]
raw = DataReference(store, "raw", path_on_datastore="raw/orders.csv")
archive = DataReference(archives, "archive", path_on_datastore="2020")
step = DataTransferStep(
    name="archive",
    source_data_reference=raw,
    destination_data_reference=archive,
    compute_target="factory",
    source_reference_type="file",
    destination_reference_type="directory",
)
""",
            """\
from azure.ai.ml import Input, MLClient, Output, command
from azure.ai.ml.entities import Environment
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
archives = ml_client.datastores.get("archives")
archive = Input(
    type="uri_folder", path=f"azureml://datastores/{archives.name}/paths/2020"
)
copy_environment = Environment(
    image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest"
)
step_component = command(
    name="archive",
    inputs={"source": Input(type="uri_file")},
    outputs={"destination": Output(type="uri_folder", path=archive.path)},
    command="cp -r ${{inputs.source}} ${{outputs.destination}}",
    environment=copy_environment,
    compute="serverless",
)
""",
        ),
    ],
)


@rule.converts(*transfers.STEPS)
def step(use: Use, to: Rewriter) -> Outcome:
    """The component, where the step was made."""
    return component(use, to)
