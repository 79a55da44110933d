import argparse
from pathlib import Path

import mlflow
import pandas as pd
from sklearn.model_selection import train_test_split

parser = argparse.ArgumentParser()
parser.add_argument("--data", help="the table of clients")
parser.add_argument("--test_train_ratio", type=float)
parser.add_argument("--train_data", type=Path, help="folder for the rows to train with")
parser.add_argument("--test_data", type=Path, help="folder for the rows to test with")
args = parser.parse_args()

clients = pd.read_csv(args.data, header=1, index_col=0)
mlflow.log_metric("num_samples", len(clients))
mlflow.log_metric("num_features", len(clients.columns) - 1)
train, test = train_test_split(clients, test_size=args.test_train_ratio, random_state=1)
train.to_csv(args.train_data / "data.csv", index=False)
test.to_csv(args.test_data / "data.csv", index=False)
