"""Trains a ridge regression with the hyperparameters that it is given; runs alone, too."""

import argparse
import os

import joblib
from azureml.core import Run
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_score

parser = argparse.ArgumentParser()
parser.add_argument("--alpha", type=float, default=1.0)
parser.add_argument("--solver", default="auto")
args = parser.parse_args()

run = Run.get_context()
X, y = load_diabetes(return_X_y=True)
model = Ridge(alpha=args.alpha, solver=args.solver)
score = cross_val_score(model, X, y, cv=5, scoring="r2").mean()
run.log("r2", score)

os.makedirs("outputs", exist_ok=True)
joblib.dump(model.fit(X, y), "outputs/model.pkl")
print(f"alpha {args.alpha}, solver {args.solver}: r2 {score:.3f}")
