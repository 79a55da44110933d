"""What AutoML of SDK v1 becomes runs through the real v2 client: a job with what is read of it, and a node."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.findings import FileStatus
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings
from tests.support.live import LiveService

MAIN = """\
import json
import logging
import os
import pickle

from azureml.core import Dataset, Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline, PipelineData, TrainingOutput
from azureml.pipeline.steps import AutoMLStep, PythonScriptStep
from azureml.train.automl import AutoMLConfig
from sklearn.datasets import load_wine

ws = Workspace.from_config()
ComputeTarget.create(ws, "cpu-cluster", AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=2))
wines = load_wine(as_frame=True).frame.rename(columns={"target": "cultivar", "od280/od315_of_diluted_wines": "od280"})
table = Dataset.Tabular.register_pandas_dataframe(wines, (ws.get_default_datastore(), "wines"), "wines")
settings = {
    "iterations": 2,
    "max_concurrent_iterations": 2,
    "experiment_timeout_hours": 0.25,
    "primary_metric": "accuracy",
    "n_cross_validations": 3,
    "enable_stack_ensemble": False,
    "enable_voting_ensemble": False,
    "verbosity": logging.INFO,
}
config = AutoMLConfig(
    task="classification",
    training_data=table,
    label_column_name="cultivar",
    compute_target="cpu-cluster",
    debug_log="automl.log",
    **settings,
)
run = Experiment(ws, "wines").submit(config, show_output=False)
run.wait_for_completion(show_output=False)
best_run, fitted_model = run.get_output()
print("ACCURACY", best_run.get_metrics()["accuracy"] > 0.8, best_run.id.startswith(run.id))
print("PREDICTED", fitted_model.predict(wines.drop(columns=["cultivar"]).head(3)).tolist())
print("TRIALS", len(list(run.get_children())) >= 2)
model = run.register_model(model_name="wine-cultivar")
print("MODEL", model.name, model.version)

prepared = OutputFileDatasetConfig("prepared")
found = PipelineData("found", pipeline_output_name="found", training_output=TrainingOutput(type="Model"))
tried = PipelineData("tried", pipeline_output_name="tried", training_output=TrainingOutput(type="Metrics"))
prepare = PythonScriptStep(
    name="prepare",
    script_name="prepare.py",
    source_directory="steps",
    arguments=["--wines", table.as_named_input("wines"), "--out", prepared],
    compute_target="cpu-cluster",
)
search = AutoMLStep(
    name="search",
    automl_config=AutoMLConfig(
        task="regression",
        training_data=prepared.read_delimited_files(),
        label_column_name="alcohol",
        primary_metric="r2_score",
        iterations=1,
        n_cross_validations=3,
        enable_stack_ensemble=False,
        enable_voting_ensemble=False,
        compute_target="cpu-cluster",
    ),
    outputs=[found, tried],
)
check = PythonScriptStep(
    name="check",
    script_name="check.py",
    source_directory="steps",
    arguments=["--model", found],
    inputs=[found],
    compute_target="cpu-cluster",
)
pipeline_run = Experiment(ws, "wines").submit(Pipeline(ws, [prepare, search, check]))
pipeline_run.wait_for_completion(show_output=False)
print("PIPELINE", pipeline_run.get_status() == "Completed")
for output in (pipeline_run.get_pipeline_output(name) for name in ("found", "tried")):
    output.download("outputs")
    with open(os.path.join("outputs", output.path_on_datastore), "rb") as file:
        content = file.read()
        if output.path_on_datastore.endswith("tried"):
            print("SCORES", [scores["r2_score"][0] > 0 for scores in json.loads(content).values()])
        else:
            print("MODEL FILE", [name for name, _ in pickle.loads(content).steps][0])
"""
PREPARE = """\
import argparse
import os

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--wines")
parser.add_argument("--out")
args = parser.parse_args()
frame = Run.get_context().input_datasets["wines"].to_pandas_dataframe()
os.makedirs(args.out, exist_ok=True)
frame.iloc[::2].to_csv(os.path.join(args.out, "wines.csv"), index=False)
"""
CHECK = """\
import argparse
import os

parser = argparse.ArgumentParser()
parser.add_argument("--model")
args = parser.parse_args()
print("MODEL IS THERE", os.path.exists(args.model))
"""


@pytest.mark.slow
def test_what_comes_out_runs(tmp_path: Path, empty_live: LiveService) -> None:
    (tmp_path / "code" / "steps").mkdir(parents=True)
    for name, text in (("main.py", MAIN), ("steps/prepare.py", PREPARE), ("steps/check.py", CHECK)):
        (tmp_path / "code" / name).write_text(text)
    for report in run([tmp_path / "code"], Settings(jobs=1)):
        assert report.status in (FileStatus.MIGRATED, FileStatus.UNCHANGED), (report.path, report.findings)
        for path, content in {report.path: report.after, **report.created}.items():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
    done = empty_live.run((tmp_path / "code" / "main.py").read_text(), folder=tmp_path / "code", timeout=500)
    lines = done.stdout.splitlines()
    for expected in ("ACCURACY True True", "PREDICTED [0, 0, 0]", "TRIALS True", "MODEL wine-cultivar 1"):
        assert expected in lines, lines
    assert "PIPELINE True" in lines
    # What SDK v1 gave as files: the metrics of the one model, and the model itself.
    assert "SCORES [True]" in lines and "MODEL FILE datatransformer" in lines, lines
