"""Batch scoring with ParallelRunStep (SDK v1): the flowers in many small files, and the rows of one table.

python pipeline.py --files 40 --mini-batch-size 5
"""

import argparse
import os
import tempfile

import joblib
from azureml.core import Dataset, Environment, Experiment, Model, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.compute_target import ComputeTargetException
from azureml.core.conda_dependencies import CondaDependencies
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline, PipelineParameter
from azureml.pipeline.steps import ParallelRunConfig, ParallelRunStep
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

HERE = os.path.dirname(os.path.abspath(__file__))

parser = argparse.ArgumentParser()
parser.add_argument("--files", type=int, default=40)
parser.add_argument("--mini-batch-size", default="5")
args = parser.parse_args()

ws = Workspace.from_config()
try:
    cluster = ComputeTarget(workspace=ws, name="cpu-cluster")
except ComputeTargetException:
    wanted = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", min_nodes=0, max_nodes=2)
    cluster = ComputeTarget.create(ws, "cpu-cluster", wanted)
    cluster.wait_for_completion(show_output=True)
store = ws.get_default_datastore()

# A model, and flowers to score: a few in each of many files, and all of them in one table.
flowers = load_iris(as_frame=True)
with tempfile.TemporaryDirectory(dir=".") as folder:
    path = os.path.join(folder, "iris.joblib")
    joblib.dump(LogisticRegression(max_iter=500).fit(flowers.data.to_numpy(), flowers.target), path)
    Model.register(ws, model_path=path, model_name="iris-parallel")
    os.makedirs(os.path.join(folder, "files"))
    for number in range(args.files):
        part = flowers.data.sample(3, random_state=number)
        part.to_csv(os.path.join(folder, "files", f"{number:03}.csv"), index=False)
    os.makedirs(os.path.join(folder, "table"))
    flowers.data.to_csv(os.path.join(folder, "table", "iris.csv"), index=False)
    files = Dataset.File.upload_directory(os.path.join(folder, "files"), (store, "parallel/files"), overwrite=True)
    Dataset.File.upload_directory(os.path.join(folder, "table"), (store, "parallel/table"), overwrite=True)
table = Dataset.Tabular.from_delimited_files((store, "parallel/table/iris.csv"))

environment = Environment("iris-parallel")
environment.python.conda_dependencies = CondaDependencies.create(
    conda_packages=["scikit-learn", "joblib"],
    pip_packages=["azureml-core", "azureml-dataset-runtime[fuse,pandas]"],
)


def config(entry_script, **settings):
    return ParallelRunConfig(
        source_directory=os.path.join(HERE, "scoring"),
        entry_script=entry_script,
        environment=environment,
        compute_target=cluster,
        node_count=1,
        process_count_per_node=2,
        error_threshold=3,
        output_action="append_row",
        run_invocation_timeout=120,
        **settings,
    )


scored_files, scored_rows = OutputFileDatasetConfig("scored_files"), OutputFileDatasetConfig("scored_rows")
arguments = ["--model", "iris-parallel"]
size = PipelineParameter("mini_batch_size", args.mini_batch_size)
by_file = ParallelRunStep(
    name="score-files",
    parallel_run_config=config("score_files.py", mini_batch_size=size, append_row_file_name="flowers.txt"),
    inputs=[files.as_named_input("flowers")],
    output=scored_files,
    arguments=arguments,
)
by_row = ParallelRunStep(
    name="score-rows",
    parallel_run_config=config("score_rows.py", mini_batch_size="1KB"),
    inputs=[table.as_named_input("flowers")],
    output=scored_rows,
    arguments=arguments,
)
run = Experiment(ws, "iris-parallel").submit(Pipeline(ws, [by_file, by_row]))
run.wait_for_completion(show_output=False)
for step, output, name in (
    ("score-files", "scored_files", "flowers.txt"),
    ("score-rows", "scored_rows", "parallel_run_step.txt"),
):
    data = run.find_step_run(step)[0].get_output_data(output)
    data.download(local_path=step, overwrite=True)
    with open(os.path.join(step, data.path_on_datastore, name)) as file:
        rows = file.read().splitlines()
    print(f"{step}: {len(rows)} rows, the first: {rows[0]}")
