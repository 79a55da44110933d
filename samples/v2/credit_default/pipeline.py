"""Credit-default prediction (SDK v2): a data asset, an environment and two registered components become a pipeline that
prepares the data, trains a model and registers it. Run it below a config.json."""

import argparse
import tempfile
from pathlib import Path

from azure.ai.ml import Input, MLClient, Output, command, dsl, load_component
from azure.ai.ml.constants import AssetTypes
from azure.ai.ml.entities import Data, Environment
from azure.core.exceptions import ResourceNotFoundError
from azure.identity import DefaultAzureCredential
from make_data import write

HERE = Path(__file__).parent
MODEL = "sample-credit-default"

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--rows", type=int, default=30_000, help="clients in the table, when it is made")
parser.add_argument("--learning-rate", type=float, default=0.05)
args = parser.parse_args()

ml_client = MLClient.from_config(DefaultAzureCredential())

try:
    clients = ml_client.data.get("sample-credit-card", version="initial")
except ResourceNotFoundError:
    with tempfile.TemporaryDirectory() as folder:
        table = write(Path(folder) / "clients.csv", args.rows)
        clients = ml_client.data.create_or_update(
            Data(name="sample-credit-card", version="initial", path=str(table), type=AssetTypes.URI_FILE)
        )
print(f"data asset {clients.name} version {clients.version}")

environment = ml_client.environments.create_or_update(
    Environment(
        name="sample-credit-default",
        conda_file=HERE / "conda.yaml",
        image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04:latest",
    )
)

prepare_component = ml_client.components.create_or_update(
    command(
        name="sample_credit_default_prepare",
        display_name="Prepare the credit data",
        inputs={"data": Input(type="uri_file"), "test_train_ratio": Input(type="number")},
        outputs={"train_data": Output(type="uri_folder"), "test_data": Output(type="uri_folder")},
        code=HERE / "prepare",
        command="python prepare.py --data ${{inputs.data}} --test_train_ratio ${{inputs.test_train_ratio}} "
        "--train_data ${{outputs.train_data}} --test_data ${{outputs.test_data}}",
        environment=f"{environment.name}:{environment.version}",
    ).component
)
train_component = ml_client.components.create_or_update(load_component(source=HERE / "train" / "train.yml"))
for component in (prepare_component, train_component):
    print(f"component {component.name} version {component.version}")


@dsl.pipeline(compute="serverless", description="Prepare, train, register")
def credit_default(clients, test_train_ratio, learning_rate, model_name):
    prepare = prepare_component(data=clients, test_train_ratio=test_train_ratio)
    train = train_component(
        train_data=prepare.outputs.train_data,
        test_data=prepare.outputs.test_data,
        learning_rate=learning_rate,
        registered_model_name=model_name,
    )
    return {"test_data": prepare.outputs.test_data, "model": train.outputs.model}


job = ml_client.jobs.create_or_update(
    credit_default(
        clients=Input(type="uri_file", path=clients.id),
        test_train_ratio=0.25,
        learning_rate=args.learning_rate,
        model_name=MODEL,
    ),
    experiment_name="sample-credit-default",
)
ml_client.jobs.stream(job.name)
print(f"job {job.name}: {ml_client.jobs.get(job.name).status}")
model = ml_client.models.get(MODEL, label="latest")
print(f"registered model {model.name} version {model.version} ({model.type})")
ml_client.jobs.download(job.name, output_name="test_data", download_path=".")
print(f"rows to test with: {len(Path('named-outputs/test_data/data.csv').read_text().splitlines()) - 1}")
