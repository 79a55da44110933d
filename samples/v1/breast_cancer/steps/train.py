"""Trains a classifier and measures it."""

import argparse
import json
import os

import joblib
import pandas as pd
from azureml.core import Run
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, roc_auc_score

parser = argparse.ArgumentParser()
parser.add_argument("--data", required=True)
parser.add_argument("--regularization", type=float, required=True)
parser.add_argument("--model", required=True)
parser.add_argument("--metrics", required=True)
args = parser.parse_args()

run = Run.get_context()
train = pd.read_csv(os.path.join(args.data, "train.csv"))
test = pd.read_csv(os.path.join(args.data, "test.csv"))

classifier = LogisticRegression(C=args.regularization, max_iter=1000)
classifier.fit(train.drop(columns="target"), train["target"])
scores = classifier.predict_proba(test.drop(columns="target"))[:, 1]
metrics = {
    "accuracy": accuracy_score(test["target"], scores > 0.5),
    "auc": roc_auc_score(test["target"], scores),
}
for name, value in metrics.items():
    run.log(name, value)
    run.parent.log(name, value)

os.makedirs(args.model, exist_ok=True)
joblib.dump(classifier, os.path.join(args.model, "model.pkl"))
os.makedirs(args.metrics, exist_ok=True)
with open(os.path.join(args.metrics, "metrics.json"), "w") as file:
    json.dump(metrics, file)
print(f"trained with C={args.regularization}: {metrics}")
