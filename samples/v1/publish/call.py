"""Calls the published pipeline over REST with `requests`; the SDK only signs in and finds the addresses.

In Azure:          python call.py --minimum-quantity 5 --orders orders-week-46 --prices 2026
On this machine:   amlbridge run call.py --minimum-quantity 5 --orders orders-week-46 --prices 2026
"""

import argparse

import requests
from azureml.core import Dataset, Workspace
from azureml.core.authentication import InteractiveLoginAuthentication
from azureml.pipeline.core import PipelineEndpoint
from result import wait_for_bill

parser = argparse.ArgumentParser()
parser.add_argument("--minimum-quantity", type=int)
parser.add_argument("--orders", help="the name of a registered dataset")
parser.add_argument("--prices", help="the year of the prices")
parser.add_argument("--version", help="a version of the pipeline endpoint; without it, the default one")
args = parser.parse_args()

ws = Workspace.from_config()
url = PipelineEndpoint.get(workspace=ws, name="billing").endpoint
if args.version is not None:
    url = f"{url}/{args.version}"

# What is not assigned keeps the default that it was published with.
body = {"ExperimentName": "billing", "Description": "Called with requests", "Tags": {"caller": "python"}}
if args.minimum_quantity is not None:
    body["ParameterAssignments"] = {"minimum_quantity": args.minimum_quantity}
if args.orders is not None:
    dataset = Dataset.get_by_name(ws, args.orders)
    body["DataSetDefinitionValueAssignments"] = {"orders_dataset": {"SavedDataSetReference": {"Id": dataset.id}}}
if args.prices is not None:
    path = {"DataStoreName": ws.get_default_datastore().name, "RelativePath": f"billing/prices/{args.prices}"}
    body["DataPathAssignments"] = {"prices_path": path}

headers = InteractiveLoginAuthentication().get_authentication_header()
response = requests.post(url, headers=headers, json=body, timeout=60)
if not response.ok:
    raise SystemExit(f"{response.status_code}: {response.text}")
run_id = response.json()["Id"]
print(f"pipeline run {run_id}")
print(f"bill: {wait_for_bill(ws, run_id)}")
