"""The environments of jobs bring what the converted scripts import."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.migrate.project.test_exchange import converted

SUBMITS = """\
from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
from azureml.core.conda_dependencies import CondaDependencies

ws = Workspace.from_config()
env = Environment("train")
env.python.conda_dependencies = CondaDependencies.create({packages})
config = ScriptRunConfig("src", "fit.py", compute_target="cpu", environment=env)
Experiment(ws, "fit").submit(config)
"""
LOGS = "from azureml.core import Run\n\nrun = Run.get_context()\nrun.log('loss', 0.5)\n"
REGISTERS = """\
from azureml.core import Model, Run

run = Run.get_context()
Model.register(run.experiment.workspace, "model.pkl", "ridge")
"""
READS = """\
from azureml.core import Run

rows = Run.get_context().input_datasets["rows"].to_pandas_dataframe()
"""
SECRETS = "from azureml.core import Run\n\nkey = Run.get_context().get_secret('key')\n"
BATCH = """\
from azureml.core.model import Model


def init():
    global path
    path = Model.get_model_path("ridge")


def run(mini_batch):
    return [str(item) for item in mini_batch]
"""
TABLE = """\
from azureml.core import Run
from azureml.data.dataset_factory import TabularDatasetFactory


def cleaned(rows):
    return rows.to_pandas_dataframe().dropna()


rows = TabularDatasetFactory.from_delimited_files("https://example.org/a.csv")
Run.get_context().log("rows", len(cleaned(rows)))
"""
CLIENT = {"azure-ai-ml", "azure-identity"}


def _pip(text: str) -> set[str]:
    """The packages of pip in the new code."""
    part = text.partition('"pip": [')[2].partition("]")[0]
    return {item.strip(' "\n') for item in part.split(",")} - {""}


@pytest.mark.parametrize("packages", ["", 'pip_packages=["azureml-defaults"]', 'pip_packages=["scikit-learn"]'])
@pytest.mark.parametrize(
    ("script", "needed"),
    [
        (LOGS, set()),
        (REGISTERS, CLIENT),
        (TABLE, {"azure-ai-ml", "mltable"}),
        (READS, {"mltable"}),
        (SECRETS, CLIENT | {"azure-keyvault-secrets"}),
        (BATCH, CLIENT),
    ],
)
def test_what_the_script_imports_is_there(tmp_path: Path, packages: str, script: str, needed: set[str]) -> None:
    found = converted(tmp_path, {"submit.py": SUBMITS.format(packages=packages), "src/fit.py": script})
    listed = _pip(found["submit.py"])
    assert listed >= needed | {"mlflow", "azureml-mlflow"}
    assert (listed >= CLIENT) is (needed >= CLIENT) and ("mltable" in listed) is ("mltable" in needed)
    assert ("azure.ai.ml" in found["src/fit.py"]) is ("azure-ai-ml" in needed)


def test_a_script_that_is_not_submitted_does_not_count(tmp_path: Path) -> None:
    found = converted(tmp_path, {"submit.py": SUBMITS.format(packages=""), "src/fit.py": LOGS, "src/b.py": REGISTERS})
    assert _pip(found["submit.py"]) == {"mlflow", "azureml-mlflow"}


def test_modules_that_the_script_imports_count(tmp_path: Path) -> None:
    script = "from azureml.core import Run\nfrom keeping import keep\n\nkeep(Run.get_context())\n"
    keeping = "import azureml.core\n\n\ndef keep(run):\n    run.register_model('ridge', 'outputs/model.pkl')\n"
    files = {"submit.py": SUBMITS.format(packages=""), "src/fit.py": script, "src/keeping.py": keeping}
    assert _pip(converted(tmp_path, files)["submit.py"]) >= CLIENT


def test_an_environment_of_a_helper_is_for_the_scripts_of_those_that_import_it(tmp_path: Path) -> None:
    helper = """\
from azureml.core import Environment
from azureml.core.conda_dependencies import CondaDependencies


def make_environment():
    env = Environment("train")
    env.python.conda_dependencies = CondaDependencies.create(pip_packages=["azureml-defaults"])
    return env
"""
    submits = """\
from azureml.core import Experiment, ScriptRunConfig, Workspace
from helper import make_environment

config = ScriptRunConfig("src", "fit.py", compute_target="cpu", environment=make_environment())
Experiment(Workspace.from_config(), "fit").submit(config)
"""
    files = {"helper.py": helper, "submit.py": submits, "src/fit.py": REGISTERS}
    assert _pip(converted(tmp_path, files)["helper.py"]) >= CLIENT


def test_a_registered_environment_is_for_the_scripts_of_those_that_look_one_up(tmp_path: Path) -> None:
    registers = """\
from azureml.core import Environment, Workspace

env = Environment("train")
env.register(Workspace.from_config())
"""
    submits = """\
from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace

ws = Workspace.from_config()
config = ScriptRunConfig("src", "fit.py", compute_target="cpu", environment=Environment.get(ws, "train"))
Experiment(ws, "fit").submit(config)
"""
    files = {"environments.py": registers, "submit.py": submits, "src/fit.py": REGISTERS}
    assert _pip(converted(tmp_path, files)["environments.py"]) >= CLIENT


@pytest.mark.parametrize(("script", "there"), [(LOGS, False), (REGISTERS, True)])
def test_conda_files_list_what_the_scripts_near_them_import(tmp_path: Path, script: str, there: bool) -> None:
    conda = "dependencies:\n  - pip:\n    - azureml-defaults\n"
    found = converted(tmp_path, {"src/fit.py": script, "src/conda.yml": conda})["src/conda.yml"]
    assert ("azure-ai-ml" in found and "azure-identity" in found) is there and "azureml-mlflow" in found
