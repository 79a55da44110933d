"""Run configurations become command jobs that the real client accepts and the workspace runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.files.yaml_text import load
from tests.migrate.files.converting import convert, taken, told
from tests.support.live import LiveService
from tests.v2.assets.scripts import script

RUNCONFIG = """\
script: train.py
arguments:
- --epochs
- '3'
- --note
- two words
target: cpu-cluster
framework: Python
communicator: None
maxRunDurationSeconds: 600
nodeCount: 1
environment:
  name: trained
  environmentVariables:
    EXAMPLE_ENV_VAR: EXAMPLE_VALUE
    MODE: fast
  python:
    userManagedDependencies: false
    condaDependenciesFile: .azureml/conda.yml
  docker:
    enabled: true
    baseImage: mcr.microsoft.com/azureml/base:latest
data: {}
"""


def test_the_job_lies_where_its_paths_are_right() -> None:
    found = convert(".azureml/train.runconfig", RUNCONFIG)
    assert found.text == RUNCONFIG
    assert told(found) == [("RunConfiguration", "converted", 1)]
    assert list(found.created) == ["../train.job.yml"]
    assert load(found.created["../train.job.yml"]) == {
        "$schema": "https://azuremlschemas.azureedge.net/latest/commandJob.schema.json",
        "command": "python train.py --epochs 3 --note 'two words'",
        "code": ".",
        "environment": {"image": "mcr.microsoft.com/azureml/base:latest", "conda_file": ".azureml/conda.yml"},
        "compute": "azureml:cpu-cluster",
        "environment_variables": {"MODE": "fast"},
        "limits": {"timeout": 600},
    }


def test_distribution_nodes_and_what_is_assumed() -> None:
    text = RUNCONFIG.replace("communicator: None", "communicator: IntelMpi\nmpi:\n  processCountPerNode: 2")
    text = text.replace("nodeCount: 1", "nodeCount: 3").replace("data: {}", "data:\n  images: {mechanism: mount}")
    found = convert("configs/run.yml", text)
    job = load(found.created["run.job.yml"])
    assert job["distribution"] == {"type": "mpi", "process_count_per_instance": 2}
    assert job["resources"] == {"instance_count": 3}
    assert told(found) == [("RunConfiguration", "review", 1)] and "images" in found.findings[0].message


def test_packages_that_are_written_out_are_those_of_v2() -> None:
    written = "condaDependencies: {dependencies: [python=3.8, numpy, {pip: [azureml-defaults, lightgbm==3.3]}]}"
    found = convert(".azureml/train.runconfig", RUNCONFIG.replace("condaDependenciesFile: .azureml/conda.yml", written))
    conda = load(found.created["../train.job.yml"])["environment"]["conda_file"]
    assert conda["dependencies"][:3] == ["python=3.8", "numpy", "pip"]
    packages = conda["dependencies"][3]["pip"]
    assert "lightgbm==3.3" in packages and "mlflow" in packages and "azureml-mlflow" in packages
    assert not any(package.startswith("azureml-defaults") for package in packages)


def test_what_is_none() -> None:
    assert told(convert("x.runconfig", "just: text\n")) == [("RunConfiguration", "no-equivalent", 1)]
    assert told(convert("x.runconfig", "\t{ not yaml\n")) == [("RunConfiguration", "no-equivalent", 1)]
    assert not taken("values.yml", "script: a\nframework: b\n")


@pytest.mark.slow
def test_the_job_runs(live: LiveService, tmp_path: Path) -> None:
    (tmp_path / ".azureml").mkdir()
    found = convert(".azureml/train.runconfig", RUNCONFIG)
    (tmp_path / "train.job.yml").write_text(found.created["../train.job.yml"])
    (tmp_path / ".azureml" / "conda.yml").write_text("dependencies: [python=3.10]\n")
    (tmp_path / "train.py").write_text("import os, sys\nprint('got', sys.argv[1:], os.environ['MODE'])\n")
    done = live.run(
        script(
            """
            from azure.ai.ml import load_job
            client.compute.begin_create_or_update(AmlCompute(name="cpu-cluster", size="STANDARD_DS3_V2")).result()
            job = client.jobs.create_or_update(load_job("train.job.yml"))
            client.jobs.stream(job.name)
            print(client.jobs.get(job.name).status == "Completed")
            """
        ),
        folder=tmp_path,
    )
    assert "got ['--epochs', '3', '--note', 'two words'] fast" in done.stdout
    assert done.stdout.splitlines()[-1] == "True"
