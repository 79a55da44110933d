"""AutoML for images: ``AutoMLImageConfig`` -> ``automl.image_classification`` and the like.

The sampling becomes search spaces of the job and ``set_sweep``; where each hyperparameter has one value only, it is
``set_training_parameters``. The groups of ``"model": choice({...}, {...})`` are search spaces of their own.
"""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.findings import together
from amlbridge.migrate.models.jobs.automl import data_code, remove_settings
from amlbridge.migrate.models.jobs.automl_images import read_images
from amlbridge.migrate.registry import Case, Leave, Outcome, Replace, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter

rule = Rule(
    "automl-images",
    __doc__,
    cases=[
        Case(
            """\
from azureml.automl.core.shared.constants import ImageTask
from azureml.core import Dataset, Experiment, Workspace
from azureml.train.automl import AutoMLImageConfig
from azureml.train.hyperdrive import (
    BanditPolicy,
    GridParameterSampling,
    RandomParameterSampling,
    choice,
    uniform,
)

ws = Workspace.from_config()
images = Dataset.get_by_name(ws, "fridge")
first = AutoMLImageConfig(
    task=ImageTask.IMAGE_CLASSIFICATION,
    compute_target="gpu",
    training_data=images,
    hyperparameter_sampling=GridParameterSampling({"model_name": choice("vitb16r224")}),
    iterations=1,
)
space = {
    "learning_rate": uniform(0.001, 0.01),
    "model": choice(
        {"model_name": choice("yolov5"), "img_size": choice(640, 704)},
        {"model_name": choice("fasterrcnn_resnet50_fpn")},
    ),
}
settings = {
    "iterations": 10,
    "hyperparameter_sampling": RandomParameterSampling(space),
    "early_termination_policy": BanditPolicy(evaluation_interval=2, slack_factor=0.2),
}
second = AutoMLImageConfig(
    task=ImageTask.IMAGE_OBJECT_DETECTION,
    compute_target="gpu",
    training_data=images,
    **settings,
)
run = Experiment(ws, "images").submit(second)
best = run.get_best_child()
""",
            """\
import mlflow
from azure.ai.ml import Input, MLClient, automl
from azure.ai.ml.automl import SearchSpace
from azure.ai.ml.sweep import BanditPolicy, Choice, Uniform
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
mlflow.set_tracking_uri(
    ml_client.workspaces.get(ml_client.workspace_name).mlflow_tracking_uri
)
images = ml_client.data.get("fridge", label="latest")
first = automl.image_classification(
    training_data=Input(type="mltable", path=images.id),
    compute="gpu",
    target_column_name="label",
)
first.set_limits(max_trials=1)
first.set_training_parameters(model_name="vitb16r224")
second = automl.image_object_detection(
    training_data=Input(type="mltable", path=images.id),
    compute="gpu",
    target_column_name="label",
)
second.set_limits(max_trials=10)
second.extend_search_space(
    [
        SearchSpace(
            model_name=Choice(["yolov5"]),
            image_size=Choice([640, 704]),
            learning_rate=Uniform(0.001, 0.01),
        ),
        SearchSpace(
            model_name=Choice(["fasterrcnn_resnet50_fpn"]),
            learning_rate=Uniform(0.001, 0.01),
        ),
    ]
)
second.set_sweep(
    sampling_algorithm="random",
    early_termination=BanditPolicy(evaluation_interval=2, slack_factor=0.2),
)
run = ml_client.jobs.create_or_update(second, experiment_name="images")
best = mlflow.get_run(mlflow.get_run(run.name).data.tags["automl_best_child_run_id"])
""",
        ),
    ],
)


@rule.converts("AutoMLImageConfig")
def config(use: Use, to: Rewriter) -> Outcome:
    """The job of the task."""
    if use.call is None:
        return Leave("SDK v2 has a class for each task: azure.ai.ml.automl.ImageClassificationJob and so on")
    job = read_images(use, to)
    bound = {key: data_code(node, to) for key, node in job.data.items()}
    remove_settings(use, to)
    review = together(job.reviews)
    statement = use.statement
    if isinstance(statement, ast.Assign) and statement.value is use.node and len(statement.targets) == 1:
        return Statements("\n".join(job.statements(to.source(statement.targets[0]), bound, to)), review)
    name = to.fresh("image_job")
    to.before(statement, "\n".join(job.statements(name, bound, to)))
    return Replace(name, review)
