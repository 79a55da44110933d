import argparse
from pathlib import Path

import joblib
import pandas as pd

parser = argparse.ArgumentParser()
parser.add_argument("--data", type=Path, help="folder with tables of wines")
parser.add_argument("--model", type=Path, help="the classifier")
parser.add_argument("--threshold", type=float, help="a class that is less probable is not told")
parser.add_argument("--predictions", type=Path, help="folder for the predictions")
args = parser.parse_args()

classifier = joblib.load(args.model)
for path in sorted(args.data.glob("*.csv")):
    probabilities = pd.DataFrame(classifier.predict_proba(pd.read_csv(path)), columns=classifier.classes_)
    told = probabilities.idxmax(axis="columns").where(probabilities.max(axis="columns") >= args.threshold, -1)
    told.to_csv(args.predictions / path.name, index=False, header=["class"])
    print(f"{path.name}: {len(told)} wines")
