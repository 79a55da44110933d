"""Folders of environments: ``Environment.save_to_directory`` and ``Environment.load_from_directory``.

SDK v1 wrote ``azureml_environment.json`` and ``conda_dependencies.yml``. The name and the conda dependencies are read
from there, and written there for those who read the folder; image and environment variables are for a person to carry
over.
"""

from __future__ import annotations

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.environments.environment import Parts
from amlbridge.migrate.registry import Case, Leave, Outcome, Rule, Statements
from amlbridge.migrate.rewriter import Rewriter
from amlbridge.migrate.rules.environments import folded

_REVIEW = "the image and the variables in azureml_environment.json are not read: give image= and environment_variables="

rule = Rule(
    "environment-folders",
    __doc__,
    cases=[
        Case(
            """\
from azureml.core import Environment

env = Environment.load_from_directory(path=folder)
""",
            """\
import json
import os
from azure.ai.ml.entities import Environment

env = Environment(
    name=json.load(open(os.path.join(folder, "azureml_environment.json")))["name"],
    image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest",
    conda_file=os.path.join(folder, "conda_dependencies.yml"),
)
""",
        ),
        Case(
            """\
from azureml.core import Environment, Workspace

env = Environment.get(Workspace.from_config(), "ridge")
env.save_to_directory(path="ridge", overwrite=True)
""",
            """\
import json
import os
import yaml
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

env = MLClient.from_config(credential=DefaultAzureCredential()).environments.get(
    "ridge", label="latest"
)
os.makedirs("ridge", exist_ok=True)
with open(os.path.join("ridge", "conda_dependencies.yml"), "w") as file:
    yaml.safe_dump(env.conda_file, file, sort_keys=False)
with open(os.path.join("ridge", "azureml_environment.json"), "w") as file:
    json.dump({"name": env.name, "version": env.version}, file)
""",
            "Saved for others",
        ),
    ],
)


@rule.converts("Environment.load_from_directory")
def load(use: Use, to: Rewriter) -> Outcome:
    """The environment of a folder."""
    path = use.argument("path", position=0)
    if path is None:
        return Leave("a folder is needed")
    join, folder = f"{to.need_module('os')}.path.join", to.source(path)
    name = f'{to.need_module("json")}.load(open({join}({folder}, "azureml_environment.json")))["name"]'
    parts = Parts(name=name, conda_code=f'{join}({folder}, "conda_dependencies.yml")', reviews=[_REVIEW])
    return folded(use, to, parts)


@rule.converts("Environment.save_to_directory")
def save(use: Use, to: Rewriter) -> Outcome:
    """Name and conda dependencies in the files that SDK v1 wrote."""
    path = use.argument("path", position=0)
    if path is None or use.receiver is None or not use.is_statement:
        return Leave("save the environment to a folder in a statement of its own")
    os, environment, folder = to.need_module("os"), to.source(use.receiver), to.source(path)
    dumped = f"{to.need_module('yaml')}.safe_dump({environment}.conda_file, file, sort_keys=False)"
    named = f'{to.need_module("json")}.dump({{"name": {environment}.name, "version": {environment}.version}}, file)'
    lines = [f"{os}.makedirs({folder}, exist_ok=True)"]
    for name, code in (("conda_dependencies.yml", dumped), ("azureml_environment.json", named)):
        lines.append(f'with open({os}.path.join({folder}, "{name}"), "w") as file:\n    {code}')
    return Statements("\n".join(lines), _SAVED)


_SAVED = "the folder has the name and the conda dependencies: give image and variables where the environment is made"
