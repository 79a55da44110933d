"""Tunes train.py with a sweep job, and downloads the best model."""

import json
import os

from azure.ai.ml import Input, MLClient, Output, command
from azure.ai.ml.sweep import Choice, LogUniform, MedianStoppingPolicy, RandomSamplingAlgorithm
from azure.identity import DefaultAzureCredential

HERE = os.path.dirname(os.path.abspath(__file__))

ml_client = MLClient.from_config(DefaultAzureCredential())
trial = command(
    code=HERE,
    command="python train.py --alpha ${{inputs.alpha}} --solver ${{inputs.solver}} --model ${{outputs.model}}",
    environment="AzureML-sklearn-1.0-ubuntu20.04-py38-cpu@latest",
    inputs={"alpha": 1.0, "solver": Input(type="string", default="auto")},
    outputs={"model": Output(type="uri_folder")},
)
sweep = trial(alpha=LogUniform(-7, 0), solver=Choice(["svd", "cholesky"])).sweep(
    compute="serverless",
    sampling_algorithm=RandomSamplingAlgorithm(seed=42),
    primary_metric="r2",
    goal="maximize",
    early_termination_policy=MedianStoppingPolicy(evaluation_interval=1, delay_evaluation=5),
)
sweep.set_limits(max_total_trials=3, max_concurrent_trials=2, timeout=3600)
sweep.experiment_name = "tune-ridge"

job = ml_client.jobs.create_or_update(sweep)
ml_client.jobs.stream(job.name)

job = ml_client.jobs.get(job.name)
best = job.properties["best_child_run_id"]
for child in ml_client.jobs.list(parent_job_name=job.name):
    print("*" if child.name == best else " ", json.loads(child.tags["hyperparameters"]))
print("best", best.removeprefix(job.name), f"r2 {float(job.properties['score']):.4f}")
ml_client.jobs.download(job.name, output_name="model", download_path="tuned")
print("downloaded", os.listdir(os.path.join("tuned", "named-outputs", "model")))
