from pathlib import Path

import joblib
import mlflow
import numpy as np
from sklearn.neural_network import MLPClassifier


def train(input_data, output_model, epochs):
    table = np.loadtxt(next(Path(input_data).glob("*.csv")), delimiter=",")
    labels, pixels = table[:, 0].astype(int), table[:, 1:] / 255
    model = MLPClassifier(hidden_layer_sizes=(64,), random_state=13)
    for epoch in range(epochs):
        model.partial_fit(pixels, labels, classes=np.arange(10))
        mlflow.log_metric("Loss", model.loss_, step=epoch)
        mlflow.log_metric("Accuracy", model.score(pixels, labels), step=epoch)
    joblib.dump(model, Path(output_model) / "classifier.joblib")
