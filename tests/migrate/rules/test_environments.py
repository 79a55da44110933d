"""Environments of Dockerfiles, and clones."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import check_transformed, convert


def _worst(text: str) -> tuple[str, set[Status]]:
    found = convert(text)
    return found.text, {finding.status for finding in found.findings} - {Status.CONVERTED}


@pytest.mark.parametrize("path", ['os.path.join(folder, "Dockerfile")', 'Path(folder) / "Dockerfile"'])
@pytest.mark.parametrize("form", ["inline", "variable", "str"])
def test_a_path_made_at_run_time_is_split(path: str, form: str) -> None:
    given = {"inline": path, "variable": "dockerfile", "str": "str(dockerfile)"}[form]
    text, left = _worst(
        f"""\
import os
from pathlib import Path
from azureml.core import Environment

folder = os.environ["FOLDER"]
dockerfile = {path}
env = Environment.from_dockerfile("image", {given})
"""
    )
    assert not left
    context = f'path=os.path.dirname({given}) or ".", dockerfile_path=os.path.basename({given})'
    assert "".join(context.split()) in "".join(text.split()).replace(",)", ")")


def test_what_may_be_a_text_is_for_review() -> None:
    text, left = _worst(
        """\
from azureml.core import Environment

env = Environment("image")
env.docker.base_dockerfile = args.dockerfile
"""
    )
    assert left == {Status.REVIEW}
    assert "os.path.basename(args.dockerfile)" in text and "import os" in text


def test_a_text_made_at_run_time_stays() -> None:
    text, left = _worst(
        """\
from azureml.core import Environment

recipe = open("Dockerfile").read()
env = Environment.from_dockerfile("image", recipe)
"""
    )
    assert left == {Status.MANUAL}
    assert "from_dockerfile(" in text


def test_a_clone_has_the_same_image_and_packages() -> None:
    check_transformed(
        """\
from azureml.core import Environment, Workspace

ws = Workspace.from_config()
old = Environment.get(ws, "base")
new = old.clone("mine")
new.python.conda_dependencies.add_pip_package("numpy")
""",
        """\
import copy
from azure.ai.ml import MLClient
from azure.ai.ml.entities import Environment
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
old = ml_client.environments.get("base", label="latest")
new = Environment(
    name="mine",
    image=old.image,
    build=old.build,
    conda_file=copy.deepcopy(old.conda_file),
)
new.conda_file["dependencies"][-1]["pip"].append("numpy")
""",
        status=Status.REVIEW,
    )
