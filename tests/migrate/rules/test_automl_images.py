"""AutoML for images becomes a job of its task."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from amlbridge.migrate.signatures.check import check_generated
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.automl.core.shared.constants import ImageTask
from azureml.core import Dataset, Workspace
from azureml.train.automl import AutoMLImageConfig
from azureml.train.hyperdrive import BayesianParameterSampling, NoTerminationPolicy, choice, uniform
ws = Workspace.from_config()
images = Dataset.get_by_name(ws, "images")
"""
COMMON = "compute_target='gpu', training_data=images"


def converted(lines: str) -> str:
    """What lines below the imports become."""
    found = convert(f"{HEAD}{lines}\n")
    assert not check_generated(found.text)
    assert {finding.status for finding in found.findings} <= {Status.CONVERTED, Status.REVIEW}, found.findings
    return found.text.replace("'", '"')


@pytest.mark.parametrize(
    ("task", "function"),
    [
        ("ImageTask.IMAGE_CLASSIFICATION_MULTILABEL", "image_classification_multilabel"),
        ("ImageTask.IMAGE_INSTANCE_SEGMENTATION", "image_instance_segmentation"),
        ("'image-object-detection'", "image_object_detection"),
    ],
)
def test_tasks(task: str, function: str) -> None:
    found = converted(f"config = AutoMLImageConfig(task={task}, {COMMON}, experiment_timeout_hours=2)")
    assert f"config = automl.{function}(" in found and "set_limits(timeout_minutes=120)" in found
    assert "set_sweep" not in found and "ImageTask" not in found


def test_a_space_of_its_own_statement_goes() -> None:
    found = converted(
        "space = {'lr_scheduler': choice('step', 'warmup_cosine'), 'grad_accumulation_step': choice([1, 2])}\n"
        "sampling = BayesianParameterSampling(space)\n"
        f"config = AutoMLImageConfig(task='image-classification', {COMMON}, hyperparameter_sampling=sampling, "
        "early_termination_policy=NoTerminationPolicy())"
    )
    assert 'learning_rate_scheduler=Choice(["step", "warmup_cosine"])' in found
    assert "gradient_accumulation_step=Choice([1, 2])" in found and "space = " not in found
    assert 'set_sweep(sampling_algorithm="bayesian")' in found


def test_hyperparameters_that_v2_has_not_are_said() -> None:
    found = convert(
        f"{HEAD}config = AutoMLImageConfig(task='image-classification', {COMMON}, hyperparameter_sampling="
        "BayesianParameterSampling({'model_name': choice('a', 'b'), 'box_score_thresh': uniform(0, 1)}))\n"
    )
    assert "box_score" not in found.text
    assert any("no hyperparameter box_score_threshold" in finding.message for finding in found.findings)


@pytest.mark.parametrize(
    "given",
    ["task=chosen()", "task='image-classification', hyperparameter_sampling=BayesianParameterSampling(space())"],
)
def test_what_is_put_together_at_run_time_stays(given: str) -> None:
    found = convert(f"{HEAD}config = AutoMLImageConfig({COMMON}, {given})\n")
    assert "config = AutoMLImageConfig(" in found.text
    assert any(finding.status is Status.MANUAL for finding in found.findings)
