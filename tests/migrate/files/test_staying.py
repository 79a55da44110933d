"""Lists of packages of a project in which some code stays SDK v1."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from amlbridge.migrate.files.staying import needed
from tests.migrate.project.test_exchange import converted

STAYS = 'from azureml.core import Datastore, Workspace\n\nDatastore.register_azure_sql_database(ws, "a", "b", "c")\n'
GOES = "from azureml.core import Workspace\n\nws = Workspace.from_config()\n"
REQUIREMENTS = "azureml-sdk==1.36\nazureml-widgets==1.36\npandas\n"


def test_what_staying_code_needs_stays(tmp_path: Path) -> None:
    files = {"a.py": STAYS, "b.py": GOES, "requirements.txt": REQUIREMENTS}
    lines = converted(tmp_path, files)["requirements.txt"].splitlines()
    assert "azureml-sdk==1.36" in lines and "pandas" in lines
    assert any(line.startswith("azure-ai-ml") for line in lines)
    assert not any(line.startswith("azureml-widgets") for line in lines)
    again = converted(tmp_path / "again", {**files, "requirements.txt": "\n".join(lines) + "\n"})
    assert again["requirements.txt"].splitlines() == lines


def test_nothing_stays_for_code_that_is_converted(tmp_path: Path) -> None:
    found = converted(tmp_path, {"b.py": GOES, "requirements.txt": REQUIREMENTS})["requirements.txt"]
    assert "azureml-sdk" not in found


@pytest.mark.parametrize(("where", "stays"), [("first", True), ("first/deploy", True), ("second", False), ("", True)])
def test_a_list_is_for_the_code_below_it_or_nearest_to_it(tmp_path: Path, where: str, stays: bool) -> None:
    path = f"{where}/requirements.txt".lstrip("/")
    files = {"first/a.py": STAYS, "second/b.py": GOES, path: REQUIREMENTS}
    assert ("azureml-sdk==1.36" in converted(tmp_path, files)[path]) is stays


def test_environments_of_jobs_are_for_what_runs_in_them(tmp_path: Path) -> None:
    conda = "dependencies:\n  - pip:\n    - azureml-defaults\n"
    assert "azureml-defaults" not in converted(tmp_path, {"a.py": STAYS, "conda.yml": conda})["conda.yml"]
    script = STAYS.replace("Workspace\n", "Run, Workspace\n\nws = Run.get_context().experiment.workspace\n")
    assert "azureml-defaults" in converted(tmp_path / "b", {"a.py": script, "conda.yml": conda})["conda.yml"]


def test_the_environment_of_a_machine_is_for_the_code_that_runs_on_it(tmp_path: Path) -> None:
    machine = "name: here\ndependencies:\n  - pip:\n    - azureml-sdk==1.36\n    - jupyter\n"
    assert "azureml-sdk==1.36" in converted(tmp_path, {"a.py": STAYS, "machine.yml": machine})["machine.yml"]
    code = f'{STAYS}env = Environment.from_conda_specification("e", "machine.yml")\n'
    found = converted(
        tmp_path / "b", {"a.py": code.replace("core import ", "core import Environment, "), "machine.yml": machine}
    )
    assert "azureml-sdk" not in found["machine.yml"]


def test_lists_in_quotes(tmp_path: Path) -> None:
    setup = 'from setuptools import setup\n\nsetup(install_requires=["azureml-core==1.36", "pandas"])\n'
    found = converted(tmp_path, {"a.py": STAYS, "setup.py": setup})["setup.py"]
    assert '"azureml-core==1.36", "pandas"' in found and '"azure-ai-ml' in found
    compile(found, "setup.py", "exec")


def test_what_is_needed() -> None:
    assert "azureml-contrib-notebook" in needed(b"from azureml.contrib.notebook import x")
    assert "azureml-widgets" in needed(b'    "from azureml.widgets import RunDetails"')
    assert "azureml-pipeline-steps" in needed(b"import azureml.pipeline.steps")
    assert (
        needed(b"import azureml.fsspec\nimport azure.ai.ml\nfrom azureml.ai.monitoring import Collector") == frozenset()
    )


READS = "from azureml.core import Dataset, Workspace\n\nws = Workspace.from_config()\nprint({})\n".format(
    'Dataset.get_by_name(ws, "rows").to_pandas_dataframe()'
)
UPLOADS = (
    "from azureml.core import Workspace\n\nstore = Workspace.from_config().get_default_datastore()\n"
    'store.upload_files(files=paths, target_path="a", overwrite=True)\n'
)


@pytest.mark.parametrize(
    ("code", "packages"), [(READS, {"mltable"}), (UPLOADS, {"azureml-fsspec"}), (GOES, set()), (STAYS, set())]
)
def test_what_the_client_does_not_bring_is_listed_for_the_code_that_imports_it(
    tmp_path: Path, code: str, packages: set[str]
) -> None:
    files = {"control/a.py": code, "control/requirements.txt": REQUIREMENTS, "other/b.py": GOES}
    setup = 'from setuptools import setup\n\nsetup(install_requires=["azureml-sdk==1.36"])\n'
    files |= {"other/requirements.txt": REQUIREMENTS, "control/setup.py": setup}
    found = converted(tmp_path, files)
    for name in ("control/requirements.txt", "control/setup.py"):
        assert {item for item in ("mltable", "azureml-fsspec") if item in found[name]} == packages
    assert "mltable" not in found["other/requirements.txt"] and "fsspec" not in found["other/requirements.txt"]


def test_a_helper_that_only_gets_the_objects_of_others_counts(tmp_path: Path) -> None:
    helper = "def rows_of(ws):\n    return ws.datasets['rows'].to_pandas_dataframe()\n"
    control = GOES + "from helper import rows_of\n\nprint(rows_of(ws))\n"
    found = converted(tmp_path, {"a.py": control, "helper.py": helper, "requirements.txt": REQUIREMENTS})
    assert "mltable" in found["helper.py"] and "mltable>=" in found["requirements.txt"]


def test_a_notebook_installs_what_it_imports(tmp_path: Path) -> None:
    cells = [["!pip install azureml-sdk"], READS.splitlines(keepends=True)]
    code = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": cell, "execution_count": None} for cell in cells
    ]
    notebook = json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}, indent=1)
    found = json.loads(converted(tmp_path, {"a.ipynb": notebook})["a.ipynb"])
    assert '"mltable>=' in "".join(found["cells"][0]["source"])
