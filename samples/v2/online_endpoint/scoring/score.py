import json
import os
from pathlib import Path

import joblib

classifier = None


def init():
    """Called once, when the deployment starts."""
    global classifier
    (file,) = Path(os.environ["AZUREML_MODEL_DIR"]).rglob("*.joblib")
    classifier = joblib.load(file)
    print("loaded", file.name)


def run(raw_data):
    """Called for every request, with its body."""
    return classifier.predict(json.loads(raw_data)["data"]).tolist()
