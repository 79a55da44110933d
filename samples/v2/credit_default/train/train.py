import argparse
from pathlib import Path

import mlflow
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import classification_report, roc_auc_score

LABEL = "default payment next month"

parser = argparse.ArgumentParser()
parser.add_argument("--train_data", type=Path)
parser.add_argument("--test_data", type=Path)
parser.add_argument("--learning_rate", type=float)
parser.add_argument("--registered_model_name")
parser.add_argument("--model", type=Path, help="folder for the model")
args = parser.parse_args()

train = pd.read_csv(args.train_data / "data.csv")
test = pd.read_csv(args.test_data / "data.csv")

with mlflow.start_run():
    mlflow.log_param("learning_rate", args.learning_rate)
    classifier = HistGradientBoostingClassifier(learning_rate=args.learning_rate, max_iter=60, random_state=1)
    classifier.fit(train.drop(columns=LABEL), train[LABEL])
    features = test.drop(columns=LABEL)
    print(classification_report(test[LABEL], classifier.predict(features)))
    mlflow.log_metric("test_accuracy", classifier.score(features, test[LABEL]))
    mlflow.log_metric("test_roc_auc", roc_auc_score(test[LABEL], classifier.predict_proba(features)[:, 1]))
    mlflow.sklearn.log_model(classifier, artifact_path="classifier", registered_model_name=args.registered_model_name)
    mlflow.sklearn.save_model(classifier, args.model / "trained_model")
