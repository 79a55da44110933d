"""Trains a ridge regression with the hyperparameters that it is given."""

import argparse
import os

import joblib
import mlflow
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_score

parser = argparse.ArgumentParser()
parser.add_argument("--alpha", type=float, default=1.0)
parser.add_argument("--solver", default="auto")
parser.add_argument("--model", default="model")
args = parser.parse_args()

X, y = load_diabetes(return_X_y=True)
model = Ridge(alpha=args.alpha, solver=args.solver)
score = cross_val_score(model, X, y, cv=5, scoring="r2").mean()
mlflow.log_metric("r2", score)

os.makedirs(args.model, exist_ok=True)
joblib.dump(model.fit(X, y), os.path.join(args.model, "model.pkl"))
print(f"alpha {args.alpha}, solver {args.solver}: r2 {score:.3f}")
