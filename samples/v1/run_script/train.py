"""A run script of SDK v1: the same file runs alone and as a run that Azure ML started.

python train.py                 an offline run: it prints its metrics
amlbridge run submit.py         a run of the workspace, which keeps them
"""

import argparse
import os

import joblib
from azureml.core import Run
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_score

parser = argparse.ArgumentParser()
parser.add_argument("--alphas", type=float, nargs="+", default=[0.01, 0.1, 1.0])
args = parser.parse_args()

run = Run.get_context()
X, y = load_diabetes(return_X_y=True)
best = None
for alpha in args.alphas:
    score = cross_val_score(Ridge(alpha=alpha), X, y, cv=5, scoring="r2").mean()
    run.log("r2", score)
    if best is None or score > best[1]:
        best = (alpha, score)

run.log("best_alpha", best[0])
run.log("best_r2", best[1])
os.makedirs("outputs", exist_ok=True)
joblib.dump(Ridge(alpha=best[0]).fit(X, y), "outputs/model.pkl")
print(f"best alpha {best[0]} with r2 {best[1]:.3f}")
