"""Publishes a pipeline of SDK v1 that other systems call over REST. Run it once for each release of the pipeline.

The first release makes the pipeline endpoint "billing" (its version 0), each later one adds a version and makes it the
default. Nothing here knows amlbridge.
In Azure:          python publish.py --release 1.0
On this machine:   amlbridge run publish.py --release 1.0
"""

import argparse
import os
import shlex

from azureml.core import Dataset, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import RunConfiguration
from azureml.data import OutputFileDatasetConfig
from azureml.data.datapath import DataPath, DataPathComputeBinding
from azureml.data.dataset_consumption_config import DatasetConsumptionConfig
from azureml.pipeline.core import Pipeline, PipelineData, PipelineEndpoint, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

HERE = os.path.dirname(os.path.abspath(__file__))

parser = argparse.ArgumentParser()
parser.add_argument("--release", default="1.0")
parser.add_argument("--minimum-quantity", type=int, default=1, help="the default of the pipeline parameter")
parser.add_argument("--output", default="published.env", help="what callers need, as a file for a shell")
args = parser.parse_args()

ws = Workspace.from_config()
datastore = ws.get_default_datastore()

# The data: two weeks of orders as datasets, the prices of two years as folders of the datastore.
datastore.upload(os.path.join(HERE, "data"), target_path="billing", overwrite=True, show_progress=False)
for week in ("week-45", "week-46"):
    orders = Dataset.Tabular.from_delimited_files(path=(datastore, f"billing/orders/{week}.csv"))
    orders.register(ws, f"orders-{week}", create_new_version=True)

try:
    cluster = ComputeTarget(workspace=ws, name="cpu-cluster")
except ComputeTargetException:
    wanted = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", min_nodes=0, max_nodes=2)
    cluster = ComputeTarget.create(ws, "cpu-cluster", wanted)
    cluster.wait_for_completion(show_output=True)

run_config = RunConfiguration()
run_config.target = cluster
run_config.environment.python.conda_dependencies = CondaDependencies.create(
    conda_packages=["pandas"],
    pip_packages=["azureml-core", "azureml-dataset-runtime[fuse,pandas]"],
)

# What a caller can set: a value, a dataset, and a path on a datastore.
minimum_quantity = PipelineParameter("minimum_quantity", default_value=args.minimum_quantity)
orders_dataset = PipelineParameter("orders_dataset", default_value=Dataset.get_by_name(ws, "orders-week-45"))
prices_path = PipelineParameter("prices_path", default_value=DataPath(datastore, "billing/prices/2025"))

orders = DatasetConsumptionConfig("orders", orders_dataset)
prices = (prices_path, DataPathComputeBinding(mode="mount"))
selected = OutputFileDatasetConfig(name="selected", destination=(datastore, "billing/selected/{run-id}"))
bill = PipelineData("bill", datastore=datastore, pipeline_output_name="bill")

common = {"source_directory": os.path.join(HERE, "steps"), "compute_target": cluster, "runconfig": run_config}
select_step = PythonScriptStep(
    name="select",
    script_name="select_orders.py",
    # In the inputs alone, the SDK would not declare the parameter behind the dataset.
    arguments=["--orders", orders, "--minimum-quantity", minimum_quantity, "--output", selected],
    inputs=[orders],
    **common,
)
bill_step = PythonScriptStep(
    name="bill",
    script_name="bill.py",
    arguments=["--selected", selected.as_input("selected"), "--prices", prices, "--output", bill],
    inputs=[prices],
    outputs=[bill],
    **common,
)

pipeline = Pipeline(workspace=ws, steps=[bill_step])
pipeline.validate()
published = pipeline.publish(name="billing", description="Prices the orders of a week", version=args.release)
print(f"published pipeline {published.id} release {published.version}")

# One address for all releases.
found = [endpoint for endpoint in PipelineEndpoint.list(ws) if endpoint.name == "billing"]
if found:
    endpoint = found[0]
    endpoint.add_default(published)
else:
    endpoint = PipelineEndpoint.publish(ws, name="billing", pipeline=published, description="Prices orders")
for version in endpoint.list_versions():
    default = " (default)" if version.version == endpoint.get_default_version() else ""
    print(f"endpoint {endpoint.name} version {version.version}{default}: published pipeline {version.pipeline.id}")

# For callers that have no SDK.
variables = {
    "PIPELINE_URL": published.endpoint,
    "PIPELINE_ENDPOINT_URL": endpoint.endpoint,
    "ORDERS_DATASET_ID": Dataset.get_by_name(ws, "orders-week-46").id,
    "PRICES_DATASTORE": datastore.name,
    "PRICES_PATH": "billing/prices/2026",
}
with open(args.output, "w") as file:
    file.writelines(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
print(f"wrote {args.output}")
