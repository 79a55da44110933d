"""Drops what says nothing, fills what is missing."""

import argparse
import os

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--output_path", required=True)
args = parser.parse_args()

frame = Run.get_context().input_datasets["passengers"].to_pandas_dataframe()
frame = frame.drop(columns=["PassengerId", "Name", "Ticket", "Cabin"])
frame["Embarked"] = frame["Embarked"].fillna("U").replace("", "U")
frame["Age"] = frame["Age"].fillna(frame["Age"].median())

os.makedirs(args.output_path, exist_ok=True)
frame.to_csv(os.path.join(args.output_path, "prepped_data.csv"), index=False)
print(f"{len(frame)} rows with {len(frame.columns)} columns")
