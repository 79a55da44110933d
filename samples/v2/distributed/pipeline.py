"""A distributed command: four processes throw darts at a circle, each counts its own; a second step adds up."""

import os

import mlflow
from azure.ai.ml import Input, MLClient, MpiDistribution, Output, command, dsl
from azure.identity import DefaultAzureCredential

HERE = os.path.dirname(os.path.abspath(__file__))
ENVIRONMENT = "AzureML-sklearn-1.0-ubuntu20.04-py38-cpu@latest"

ml_client = MLClient.from_config(DefaultAzureCredential())
throw = command(
    name="throw",
    code=os.path.join(HERE, "src"),
    command="python throw.py --darts ${{inputs.darts}} --counts ${{outputs.counts}}",
    environment=ENVIRONMENT,
    inputs={"darts": 200000},
    outputs={"counts": Output(type="uri_folder")},
    distribution=MpiDistribution(process_count_per_instance=4),
    instance_count=1,
)
add = command(
    name="add",
    code=os.path.join(HERE, "src"),
    command="python add.py --counts ${{inputs.counts}}",
    environment=ENVIRONMENT,
    inputs={"counts": Input(type="uri_folder")},
)


@dsl.pipeline(default_compute="serverless")
def darts():
    """Throws, then adds."""
    thrown = throw()
    add(counts=thrown.outputs.counts)


job = ml_client.jobs.create_or_update(darts(), experiment_name="darts")
ml_client.jobs.stream(job.name)

mlflow.set_tracking_uri(ml_client.workspaces.get(ml_client.workspace_name).mlflow_tracking_uri)
for child in ml_client.jobs.list(parent_job_name=job.name):
    print(child.display_name, mlflow.get_run(child.name).data.metrics)
