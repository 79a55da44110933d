"""Keeps the orders that are large enough. The dataset is whatever the caller chose."""

import argparse
import os

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--orders", required=True, help="the id of the dataset")
parser.add_argument("--minimum-quantity", type=int, required=True)
parser.add_argument("--output", required=True)
args = parser.parse_args()

# By the name of the DatasetConsumptionConfig, not that of the pipeline parameter.
orders = Run.get_context().input_datasets["orders"].to_pandas_dataframe()
selected = orders[orders["quantity"] >= args.minimum_quantity]
os.makedirs(args.output, exist_ok=True)
selected.to_csv(os.path.join(args.output, "selected.csv"), index=False)
print(f"{len(selected)} of {len(orders)} orders are of {args.minimum_quantity} or more")
