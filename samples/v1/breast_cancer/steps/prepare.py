"""Splits the table into training and test data and scales the measurements."""

import argparse
import os

from azureml.core import Run
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

parser = argparse.ArgumentParser()
parser.add_argument("--output", required=True)
args = parser.parse_args()

run = Run.get_context()
table = run.input_datasets["raw"].to_pandas_dataframe()
table["target"] = table["target"].astype(int)  # the dataset takes a column of 0 and 1 for booleans

measurements = [name for name in table.columns if name != "target"]
train, test = train_test_split(table, test_size=0.25, random_state=0, stratify=table["target"])
scaler = StandardScaler().fit(train[measurements])
os.makedirs(args.output, exist_ok=True)
for name, part in (("train", train), ("test", test)):
    part = part.copy()
    part[measurements] = scaler.transform(part[measurements])
    part.to_csv(os.path.join(args.output, f"{name}.csv"), index=False)

run.log("rows", len(table))
run.log("measurements", len(measurements))
print(f"{len(train)} rows to train on, {len(test)} to test on")
