from datetime import datetime, timedelta

import pandas as pd
from azureml.core import Dataset, Datastore, Experiment, ScriptRunConfig, Workspace
from azureml.data import FileDataset, TabularDataset
from azureml.data.datapath import DataPath
from azureml.data.dataset_consumption_config import DatasetConsumptionConfig

ws = Workspace.from_config()
store = Datastore.get(ws, "raw")

# Tables
sales = Dataset.Tabular.from_delimited_files(path=[(store, "sales/*.csv")], separator=";")
timed = sales.with_timestamp_columns(timestamp="day")
print("=", timed.time_after(datetime(2026, 1, 3)).to_pandas_dataframe()["shop"].tolist())
print("=", timed.time_before(datetime(2026, 1, 3)).to_pandas_dataframe()["shop"].tolist())
between = timed.time_between(datetime(2026, 1, 2), datetime(2026, 1, 4))
print("=", between.to_pandas_dataframe()["sold"].tolist())
print("=", len(timed.time_recent(timedelta(days=100000)).to_pandas_dataframe()))
dear = sales.filter(sales["sold"] > 4).drop_columns(["day"])
print("=", dear.to_pandas_dataframe().to_dict("list"))
print("=", len(sales.take_sample(0.5, seed=7).to_pandas_dataframe()) <= 5)
lines = Dataset.Tabular.from_json_lines_files((store, "lines/rows.jsonl"))
print("=", lines.to_pandas_dataframe().to_dict("list"))
parquet = Dataset.Tabular.from_parquet_files(DataPath(store, "parquet/rows.parquet"))
print("=", parquet.take(2).to_pandas_dataframe().to_dict("list"))

# Registered
sales = sales.register(workspace=ws, name="sales", description="Sold", tags={"kind": "shop"}, create_new_version=True)
print("=", sales.name, int(sales.version), sales.description, sales.tags["kind"], isinstance(sales, TabularDataset))
frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
made = Dataset.Tabular.register_pandas_dataframe(
    frame, (store, "frames"), "frame", description="Made", show_progress=False
)
print("=", made.name, Dataset.get_by_name(ws, name="frame", version=1).take(5).to_pandas_dataframe().to_dict("list"))
for name, dataset in sorted(Dataset.get_all(ws).items()):
    print("=", name, dataset.description)
print("=", "sales" in ws.datasets, ws.datasets["sales"].name)

# Files
uploaded = Dataset.File.upload_directory(
    src_dir="local", target=(store, "uploaded"), overwrite=True, show_progress=False
)
uploaded = uploaded.register(ws, "uploaded", create_new_version=True)
texts = Dataset.File.from_files([(store, "lines/*.jsonl"), (store, "sales/*.csv")])
print("=", sorted(path.rsplit("/", 1)[1] for path in texts.to_path()), isinstance(uploaded, FileDataset))
named = uploaded.as_named_input("texts")
arguments = [
    "--mounted",
    named.as_mount(),
    "--downloaded",
    DatasetConsumptionConfig("more", uploaded, mode="download"),
    "--loaded",
    Dataset.get_by_name(ws, "uploaded").as_download(),
]
config = ScriptRunConfig("src", "train.py", arguments=arguments, compute_target="cpu")
run = Experiment(ws, "trials").submit(config)
run.wait_for_completion(show_output=False)
uploaded.unregister_all_versions()
print("=", "uploaded" in Dataset.get_all(ws))
