import argparse
from pathlib import Path

import joblib
import mlflow
import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("--input_data", type=Path, help="folder with the test table")
parser.add_argument("--input_model", type=Path, help="folder with the model")
parser.add_argument("--output_result", type=Path, help="folder for the predictions")
args = parser.parse_args()

table = np.loadtxt(next(args.input_data.glob("*.csv")), delimiter=",")
model = joblib.load(args.input_model / "classifier.joblib")
predicted = model.predict(table[:, 1:] / 255)
accuracy = float(np.mean(predicted == table[:, 0]))
mlflow.log_metric("Final test accuracy", accuracy)
print("Test accuracy:", accuracy)
np.savetxt(args.output_result / "predict_result.csv", predicted, fmt="%d", delimiter=",")
