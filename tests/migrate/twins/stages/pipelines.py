"""Rules of submitted scripts and of pipelines. A step writes down what it has been given, and both are compared."""

from __future__ import annotations

import json

from tests.migrate.twins.setups import DATABRICKS, DATABRICKS_ASKED
from tests.migrate.twins.twin import Twin

#: A script of a step: ``outputs/given.json`` has its arguments, with what is in a folder in place of its path.
SEEN = """\
import json
import os
import pathlib
import sys


def content(path):
    files = sorted(file for file in pathlib.Path(path).rglob("*") if file.is_file())
    return {file.relative_to(path).as_posix(): file.read_text() for file in files}


given = [content(word) if os.path.isabs(word) else word for word in sys.argv[1:]]
os.makedirs("outputs", exist_ok=True)
with open("outputs/given.json", "w") as file:
    json.dump([*given, os.environ.get("A")], file)
"""
#: The same, and writes a file into the folder that its last argument names.
WRITES = f"""\
{SEEN}
os.makedirs(sys.argv[-1], exist_ok=True)
with open(os.path.join(sys.argv[-1], "rows.csv"), "w") as file:
    file.write("a,b\\n1,2\\n")
"""
#: One process of each node writes down what it knows of the others.
RANK = """\
import os

rank, size = os.environ["OMPI_COMM_WORLD_RANK"], os.environ["OMPI_COMM_WORLD_SIZE"]
os.makedirs("outputs", exist_ok=True)
with open(f"outputs/{rank}.txt", "w") as file:
    file.write(f"{rank} of {size}, A={os.environ['A']}")
"""
ENV = """\
from azureml.core import Environment, Experiment, Workspace

ws = Workspace.from_config()
env = Environment.get(ws, "training")
"""
RUN_CONFIG = """\
from azureml.core import Environment, Experiment, Workspace
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline, PipelineRun

ws = Workspace.from_config()
env = RunConfiguration()
env.environment = Environment.get(ws, "training")
"""
ENV_SETUP = """\
from azure.ai.ml.entities import Environment

ml.environments.create_or_update(
    Environment(name="training", image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04")
)
"""
#: The file MLTable of a table in ``table.csv``.
TABLE = """\
paths:
  - file: ./table.csv
transformations:
  - read_delimited:
      delimiter: ","
      encoding: utf8
      header: all_files_same_headers
"""
_SUBMIT = """\
run = Experiment(ws, "trials").submit({what})
run.wait_for_completion(show_output=False)
"""
#: Writes down its parameters.
_NOTEBOOK = {
    "cells": [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell{number}",
            "metadata": {"tags": ["parameters"]} if number == 0 else {},
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(
            (
                'name, epochs = "", 0',
                "from pathlib import Path",
                'Path("outputs").mkdir(exist_ok=True)',
                'Path("outputs/given.txt").write_text(f"{name} {epochs + 1}")',
            )
        )
    ],
    "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}
TWINS = [
    Twin(
        "commands",
        0,
        head=ENV + "rows = len(ws.name)\n",
        foot=_SUBMIT.format(what="config"),
        setup=ENV_SETUP,
        files={"src/train.py": SEEN},
        cluster="cpu",
    ),
    Twin(
        "commands",
        1,
        head=ENV + "cluster = 'cpu'\n",
        foot=_SUBMIT.format(what="config"),
        setup=ENV_SETUP,
        files={"train.py": RANK},
        cluster="cpu",
    ),
    Twin(
        "commands",
        2,
        head="from azureml.core import Experiment, Workspace\n\nws = Workspace.from_config()\n",
        foot=_SUBMIT.format(what="estimator"),
        files={"src/train.py": SEEN},
        cluster="cpu",
    ),
    Twin(
        "run-configuration-data",
        head=ENV
        + """\
from azureml.core import Dataset

Dataset.File.upload_directory("numbers", (ws.get_default_datastore(), "numbers")).register(ws, "numbers")
""",
        foot="run.wait_for_completion(show_output=False)\n",
        setup=ENV_SETUP,
        files={"src/train.py": SEEN, "numbers/a.csv": "a\n1\n"},
        cluster="cpu",
        differs={
            "data/numbers_files": "a folder that is uploaded is a data asset",
            "stored/workspaceblobstore/numbers/*": "a folder that is uploaded is a data asset",
        },
    ),
    Twin(
        "run-configurations",
        head="from azureml.core import Experiment, ScriptRunConfig, Workspace\n",
        foot="ws = Workspace.from_config()\n"
        'config = ScriptRunConfig("src", "train.py", arguments=["--rows", 5], run_config=run_config)\n'
        + _SUBMIT.format(what="config"),
        files={"src/train.py": SEEN},
        cluster="cpu-cluster",
    ),
    Twin(
        "pipeline-data",
        head=RUN_CONFIG,
        foot=_SUBMIT.format(what="pipeline"),
        setup=ENV_SETUP,
        files={"prepare.py": WRITES, "train.py": SEEN},
        cluster="cpu",
    ),
    Twin(
        "pipeline-steps",
        head=RUN_CONFIG.replace("env =", "environment =").replace("env.", "environment."),
        foot=_SUBMIT.format(what="Pipeline(ws, steps=[train])"),
        setup=ENV_SETUP,
        files={"steps/train.py": WRITES},
        cluster="cpu",
    ),
    Twin(
        "pipelines",
        head=RUN_CONFIG,
        foot="""\
run.wait_for_completion(show_output=False)
print("=", sorted(step.name for step in run.get_steps()))
step = run.find_step_run("train")[0]
step.download_file("outputs/given.json", "given.json")
with open("given.json") as file:
    print("=", file.read(), step.get_status() == "Finished")
again = PipelineRun(Experiment(ws, "nightly"), run.id)
print("=", len(list(again.get_children())), again.get_metrics(), again.experiment.name)
""",
        setup=ENV_SETUP,
        files={"check.py": SEEN, "train.py": SEEN},
        cluster="cpu",
        differs={"outputs": "a step that waits for another one has a token of it: there is no run_after"},
    ),
    Twin(
        "pipelines",
        1,
        head=RUN_CONFIG,
        foot="""\
run = Experiment(ws, "regions").submit(pipeline)
run.wait_for_completion(show_output=False)
print("=", sorted(step.name for step in run.get_steps()))
for name in ("train north", "train south", "compare"):
    step = run.find_step_run(name)[0]
    step.download_file("outputs/given.json", "given.json")
    with open("given.json") as file:
        print("=", name, file.read(), step.get_status() == "Finished")
""",
        setup=ENV_SETUP,
        files={"train.py": WRITES, "compare.py": SEEN},
        cluster="cpu",
    ),
    Twin(
        "parallel-runs",
        head=ENV,
        foot=_SUBMIT.format(what="pipeline"),
        setup=ENV_SETUP
        + """\
from azure.ai.ml.entities import Data

ml.data.create_or_update(Data(name="images", path="images", type="uri_folder"))
""",
        files={
            "scoring/score.py": """\
import argparse
import os

parser = argparse.ArgumentParser()
parser.add_argument("--threshold", type=float)
args, _ = parser.parse_known_args()


def init():
    pass


def run(mini_batch):
    return [f"{os.path.basename(path)} {os.path.getsize(path) > args.threshold}" for path in mini_batch]
""",
            **{f"images/{number}.txt": "x" * number for number in range(7)},
        },
        cluster="cpu",
    ),
    Twin(
        "parallel-runs",
        1,
        head=ENV,
        foot="run.wait_for_completion(show_output=False)\n",
        setup=ENV_SETUP
        + """\
from azure.ai.ml.entities import Data

ml.data.create_or_update(Data(name="table", path="table", type="mltable"))
""",
        files={
            "scoring/score.py": """\
def init():
    pass


def run(mini_batch):
    return [f"{row.a}-{row.b}" for row in mini_batch.itertuples()]
""",
            "table/MLTable": TABLE,
            "table/table.csv": "a,b\n1,2\n3,4\n5,6\n",
        },
        cluster="cpu",
    ),
    Twin(
        "transfers",
        head="from azureml.core import Experiment\nfrom azureml.pipeline.core import Pipeline\n",
        foot=_SUBMIT.format(what="Pipeline(ws, steps=[step])"),
        setup="""\
from azure.ai.ml import Output, command
from azure.ai.ml.entities import AccountKeyConfiguration, AzureBlobDatastore, Environment

account = ml.workspace_name.replace("-", "")
key = AccountKeyConfiguration(account_key="a2V5")
ml.datastores.create_or_update(
    AzureBlobDatastore(name="archives", account_name=account, container_name="c", credentials=key)
)
orders = command(
    command="echo a,b > ${{outputs.raw}}/orders.csv",
    outputs={"raw": Output(type="uri_folder", path="azureml://datastores/workspaceblobstore/paths/raw")},
    environment=Environment(image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"),
    compute="factory",
    experiment_name="before",
)
ml.jobs.stream(ml.jobs.create_or_update(orders).name)
""",
        cluster="factory",
    ),
    Twin(
        "r-packages",
        head="from azureml.core import Workspace\n",
        foot="env.register(Workspace.from_config())\n",
        differs={
            "environments/r/1/packages": "conda has the packages of R, which v1 installs by itself",
            "environments/r/1/image": "v1 names the release of the image",
        },
    ),
    Twin(
        "spark",
        head="from azureml.core import Experiment\nfrom azureml.pipeline.core import Pipeline\n",
        foot="ws = Workspace.from_config()\n" + _SUBMIT.format(what="Pipeline(ws, steps=[step])"),
        files={"count.py": "print(1)\n", "count.jar": ""},
        setup="""\
from azure.ai.ml.entities import SynapseSparkCompute

place = f"/subscriptions/{ml.subscription_id}/resourceGroups/g/providers/Microsoft.Synapse/workspaces/w"
ml.compute.begin_attach(SynapseSparkCompute(name="pool", resource_id=f"{place}/bigDataPools/small")).result()
""",
        # Both submit the pipeline, and are told the same.
        refused="Spark pool",
        differs={"jobs/trials": "SDK v1 makes the experiment before it submits"},
    ),
    Twin(
        "notebook-runs",
        head="""\
from azureml.core import Experiment, Workspace
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline

ws = Workspace.from_config()
environment = RunConfiguration()
""",
        foot=_SUBMIT.format(what="Pipeline(ws, steps=[train])"),
        files={"notebooks/train.ipynb": json.dumps(_NOTEBOOK)},
        cluster="cpu",
        differs={"outputs/0/*": "the notebook as it ran, which has its own name and the time"},
    ),
    Twin(
        "databricks",
        head="""\
from azureml.core import Experiment, Workspace
from azureml.pipeline.core import Pipeline

ws = Workspace.from_config()
""",
        foot=_SUBMIT.format(what="Pipeline(ws, steps=[clean])") + DATABRICKS_ASKED,
        setup=DATABRICKS,
    ),
]
