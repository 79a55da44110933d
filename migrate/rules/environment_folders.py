"""``Environment.load_from_directory``: the conda file of the folder goes on; SDK v2 does not read the rest.

``Environment.save_to_directory`` of SDK v1 wrote ``azureml_environment.json`` and ``conda_dependencies.yml``. The name
and the conda dependencies are read from there; image and environment variables are for a person to carry over.
"""

from __future__ import annotations

from amlbridge.migrate.analysis.uses import Use
from amlbridge.migrate.models.environment import Parts
from amlbridge.migrate.registry import Case, Leave, Outcome, Rule
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
        )
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
    """SDK v2 has no such folder."""
    return Leave("write the environment as YAML: pathlib.Path(...).write_text(env.dump()), and load_environment(...)")
