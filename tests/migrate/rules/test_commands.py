"""ScriptRunConfig and estimators as commands."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert


def test_a_command_line_that_is_put_together_stays_a_text() -> None:
    text = convert(
        """\
from azureml.core import ScriptRunConfig

config = ScriptRunConfig(".", command=" && ".join(lines), compute_target="cpu", environment=env)
"""
    ).text
    assert 'command=" && ".join(lines),' in text


def test_communicator_and_shared_memory_of_a_run_configuration() -> None:
    text = convert(
        """\
from azureml.core import ScriptRunConfig
from azureml.core.runconfig import DockerConfiguration, RunConfiguration

rc = RunConfiguration(communicator="OpenMpi")
docker = DockerConfiguration(use_docker=True, shm_size="48gb")
rc.target = "cpu"
rc.node_count = 2
rc.docker = docker
config = ScriptRunConfig(".", "train.py", run_config=rc)
"""
    ).text
    assert "distribution=MpiDistribution(process_count_per_instance=1)" in text
    assert 'shm_size="48g"' in text
    assert "instance_count=2" in text
    assert "docker" not in text.lower()


@pytest.mark.parametrize(
    ("training", "after"),
    [
        ("Mpi(process_count_per_node=2)", "MpiDistribution(process_count_per_instance=2)"),
        ("Mpi()", "MpiDistribution(process_count_per_instance=1)"),
        ("Nccl()", "PyTorchDistribution()"),
        (
            "ParameterServer(worker_count=2, parameter_server_count=1)",
            "TensorFlowDistribution(worker_count=2,parameter_server_count=1)",
        ),
    ],
)
def test_distributed_training_of_estimators(training: str, after: str) -> None:
    text = convert(
        f"""\
from azureml.core import Experiment, Workspace
from azureml.train.dnn import Mpi, Nccl, ParameterServer, TensorFlow

job = TensorFlow("src", entry_script="train.py", node_count=2, distributed_training={training})
run = Experiment(Workspace.from_config(), "e").submit(job)
"""
    ).text
    assert f"distribution={after}" in "".join(text.split()).replace(",)", ")")
    assert "instance_count=2" in text and "azureml.train" not in text
