"""Writes one file for each species of iris."""

import argparse
import os

import mlflow
from sklearn.datasets import load_iris

parser = argparse.ArgumentParser()
parser.add_argument("--flowers")
options = parser.parse_args()

iris = load_iris(as_frame=True)
for number, name in enumerate(iris.target_names):
    table = iris.data[iris.target == number]
    table.to_csv(os.path.join(options.flowers, f"{name}.csv"), index=False)
mlflow.log_metric("species", len(iris.target_names))
