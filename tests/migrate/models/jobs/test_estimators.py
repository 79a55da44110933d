"""Estimators: what of their keywords becomes the command's and its environment's."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

GPU = "openmpi4.1.0-cuda11.8-cudnn8-ubuntu22.04"


def made(keywords: str, name: str = "TensorFlow") -> str:
    """The new code of an estimator, without blanks."""
    head = f"from azureml.train.dnn import {name}\n\n"
    found = convert(f'{head}e = {name}(source_directory=".", entry_script="a.py", compute_target="c", {keywords})\n')
    assert {finding.status for finding in found.findings} <= {Status.CONVERTED, Status.REVIEW}
    return "".join(found.text.split())


@pytest.mark.parametrize(
    ("keywords", "after"),
    [
        ("use_gpu=True", f'image="mcr.microsoft.com/azureml/{GPU}:latest"'),
        ("use_gpu=gpu", f'{GPU}:latest"ifgpuelse"mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04'),
        ("max_run_duration_seconds=600", "timeout=600"),
        ('framework_version="1.13"', '"tensorflow==1.13.1"'),
        ('framework_version="2.0"', '"tensorflow==2.0"'),
        ('shm_size="2gb"', 'shm_size="2g"'),
        ('pip_requirements_file="r.txt"', '{"pip":[*open("r.txt").read().splitlines(),"tensorflow"'),
    ],
)
def test_what_an_estimator_asks_for(keywords: str, after: str) -> None:
    assert after in made(keywords)


def test_an_estimator_without_gpu() -> None:
    assert GPU not in made("use_gpu=False")


@pytest.mark.parametrize("keyword", ["image_registry_details=registry", "resume_from=path"])
def test_what_is_to_be_checked(keyword: str) -> None:
    code = f'from azureml.train.dnn import PyTorch\n\ne = PyTorch(".", entry_script="a.py", {keyword})\n'
    assert convert(code).findings[-1].status is Status.REVIEW


def test_the_limit_of_a_trial() -> None:
    code = """\
from azureml.core import ScriptRunConfig
from azureml.train.hyperdrive import HyperDriveConfig, PrimaryMetricGoal, RandomParameterSampling, choice

config = ScriptRunConfig(".", "a.py", compute_target="c", environment=env, max_run_duration_seconds=60)
sampling = RandomParameterSampling({"--a": choice(1, 2)})
sweep = HyperDriveConfig(
    run_config=config,
    hyperparameter_sampling=sampling,
    primary_metric_name="m",
    primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
    max_total_runs=3,
)
"""
    text = "".join(convert(code).text.split())
    assert "timeout=60," in text and "max_total_trials=3,trial_timeout=60," in text


@pytest.mark.parametrize(
    ("keywords", "told"),
    [("pip_packages=['a']", True), ("framework_version='1.0'", False), ("user_managed=True", False)],
)
def test_the_version_that_sdk_v1_chose_is_to_be_checked(keywords: str, told: bool) -> None:
    head = "from azureml.train.sklearn import SKLearn\n\n"
    found = convert(f'{head}e = SKLearn(source_directory=".", entry_script="a.py", compute_target="c", {keywords})\n')
    messages = " ".join(finding.message for finding in found.findings)
    assert ("chose the version of scikit-learn" in messages) is told


def test_the_environment_that_it_reads_of_a_run_configuration() -> None:
    found = convert(
        """\
from azureml.core import Environment, Workspace
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import EstimatorStep
from azureml.train.estimator import Estimator

ws = Workspace.from_config()
folder = PipelineData("model_folder", datastore=ws.get_default_datastore())
env = Environment.get(ws, "training")
run_config = RunConfiguration()
run_config.environment = env
estimator = Estimator(".", compute_target="cpu", environment_definition=run_config.environment, entry_script="train.py")
train = EstimatorStep(
    estimator=estimator, compute_target="cpu", estimator_entry_script_arguments=["--out", folder], outputs=[folder]
)
pipeline = Pipeline(ws, [train])
"""
    )
    assert "environment=env," in found.text and "run_config" not in found.text and "azureml.core" not in found.text


@pytest.mark.parametrize(
    ("folder", "file", "after"),
    [
        ('"."', '"env.yml"', '"env.yml"'),
        ('"steps"', '"env.yml"', '"steps/env.yml"'),
        ("steps", '"env.yml"', 'os.path.join(steps, "env.yml")'),
        ("steps", 'os.path.join(steps, "env.yml")', 'os.path.join(steps, "env.yml")'),
    ],
)
def test_files_of_packages_lie_in_the_source_directory(folder: str, file: str, after: str) -> None:
    code = f"""\
import os

from azureml.train.estimator import Estimator

conda = Estimator(source_directory={folder}, entry_script="a.py", compute_target="c", conda_dependencies_file={file})
pip = Estimator(source_directory={folder}, entry_script="a.py", compute_target="c", pip_requirements_file={file})
"""
    text = convert(code).text
    assert f"conda_file={after}" in text and f"open({after}).read()" in text


def test_the_shell_of_the_node_puts_in_its_variables() -> None:
    text = made('script_params={"--rank": "$AZ_BATCHAI_TASK_INDEX", "--home": "${HOME}", "--cost": "$5 or $6"}')
    assert "--rank$AZ_BATCHAI_TASK_INDEX--home${HOME}--cost'$5or$6'" in text.replace('"', "")


@pytest.mark.parametrize(
    ("upload", "path"),
    [
        ('upload(src_dir="words", target_path="in")', "files.path"),
        ('upload_files(["words/a.txt"], target_path="in")', 'files.path.rpartition("/")[0]'),
        ('upload_files(["words/a.txt", "words/b.txt"], target_path="in")', "files.path"),
    ],
)
@pytest.mark.parametrize("mode", ["", ".as_mount()"])
def test_files_go_up_once_and_the_job_reads_their_asset(upload: str, path: str, mode: str) -> None:
    found = convert(f"""\
from azureml.core import Workspace
from azureml.train.estimator import Estimator

ws = Workspace.from_config()
store = ws.get_default_datastore()
files = store.{upload}
settings = {{"--data": files{mode}}}
job = Estimator(source_directory=".", entry_script="a.py", compute_target="c", script_params=settings)
""")
    assert found.text.count("create_or_update(") == 1
    tail = ', mode="ro_mount"' if mode else ""
    assert f'Input(type="uri_folder", path={path}{tail})' in " ".join(found.text.split()).replace("( ", "(").replace(
        " )", ")"
    )


def test_a_path_of_a_datastore_is_downloaded_where_it_was() -> None:
    text = convert(
        """\
from azureml.core import Workspace
from azureml.train.estimator import Estimator

store = Workspace.from_config().get_default_datastore()
settings = {"--in": store.path("wine").as_download(), "--more": store.path("cheese").as_mount()}
job = Estimator(source_directory=".", entry_script="a.py", compute_target="c", script_params=settings)
"""
    ).text
    flat = "".join(text.split())
    assert '/paths/wine",mode="download"' in flat and '/paths/cheese")' in flat.replace(",)", ")")


@pytest.mark.parametrize(
    ("target", "told"), [("compute_target='amlcompute', ", True), ("compute_target='gpu', ", False)]
)
def test_a_cluster_of_the_run_alone_is_for_review(target: str, told: bool) -> None:
    """``amlcompute`` was no name of a cluster: SDK v1 made one of this size, and took it away again."""
    found = convert(
        "from azureml.core import Workspace\nfrom azureml.train.dnn import PyTorch\nws = Workspace.from_config()\n"
        f"job = PyTorch('src', {target}vm_size='Standard_NC6', entry_script='train.py')\n"
    )
    assert any("made a cluster of this size" in finding.message for finding in found.findings) is told


def test_data_in_a_dict_that_stays_sdk_v1_keeps_what_takes_it() -> None:
    """A command cannot take a data reference of SDK v1."""
    text = convert(
        """\
from azureml.core import Workspace
from azureml.train.dnn import PyTorch, TensorFlow
from azureml.train.hyperdrive import HyperDriveConfig

store = Workspace.from_config().get_default_datastore()
params = {"--data": store.path("digits").as_mount()}
first = PyTorch("src", script_params=params, entry_script="a.py", compute_target="cpu")
other = {"script_params": {"--data": store.path("digits").as_mount()}, "entry_script": "a.py"}
second = TensorFlow("src", compute_target="cpu", **other)
search = HyperDriveConfig(second, hyperparameter_sampling=unknown)
"""
    ).text
    assert "first = PyTorch(" in text and "second = TensorFlow(" in text and "command(" not in text
