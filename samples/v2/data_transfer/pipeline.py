"""A copy between places of a datastore: one step makes a folder, a command copies it to where others look for it."""

import os

from azure.ai.ml import Input, MLClient, Output, command, dsl
from azure.identity import DefaultAzureCredential

HERE = os.path.dirname(os.path.abspath(__file__))
ENVIRONMENT = "AzureML-sklearn-1.0-ubuntu20.04-py38-cpu@latest"

ml_client = MLClient.from_config(DefaultAzureCredential())
make = command(
    name="make",
    code=os.path.join(HERE, "src"),
    command="python make.py --flowers ${{outputs.flowers}}",
    environment=ENVIRONMENT,
    outputs={"flowers": Output(type="uri_folder")},
)
keep = command(
    name="keep",
    command="cp -r ${{inputs.source}}/. ${{outputs.destination}}",
    environment=ENVIRONMENT,
    inputs={"source": Input(type="uri_folder")},
    outputs={
        "destination": Output(type="uri_folder", path="azureml://datastores/workspaceblobstore/paths/kept/flowers")
    },
)


@dsl.pipeline(default_compute="serverless")
def transfers():
    """Makes, then copies."""
    made = make()
    keep(source=made.outputs.flowers)


job = ml_client.jobs.create_or_update(transfers(), experiment_name="transfers")
ml_client.jobs.stream(job.name)
(copy,) = [child for child in ml_client.jobs.list(parent_job_name=job.name) if child.display_name == "keep"]
ml_client.jobs.download(copy.name, output_name="destination", download_path="kept")
print("kept:", sorted(name for _, _, names in os.walk("kept") for name in names if name.endswith(".csv")))
