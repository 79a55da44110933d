"""Workspaces that code gives which is not seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.project.test_exchange import converted, flat
from tests.migrate.rules.support import check_transformed, convert

MADE = [
    ("from company.ml import connect\n", "connect()"),
    ("from company.ml import Login\nlogin = Login()\n", 'login.get_workspace("a")'),
]


@pytest.mark.parametrize(("head", "call"), MADE)
def test_it_stays_a_workspace_with_a_client_beside_it(head: str, call: str) -> None:
    check_transformed(
        f"from azureml.core import Dataset\n{head}\nws = {call}\nprint(ws.name)\n"
        'store = ws.get_default_datastore()\ntable = ws.datasets["t"]\nother = Dataset.get_by_name(ws, "o")\n',
        f"""\
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential
{head}
ws = {call}
ml_client = MLClient(
    DefaultAzureCredential(), ws.subscription_id, ws.resource_group, ws.name
)
print(ml_client.workspace_name)
store = ml_client.datastores.get_default()
table = ml_client.data.get("t", label="latest")
other = ml_client.data.get("o", label="latest")
""",
        status=Status.REVIEW,
    )


def test_a_variable_of_the_module_that_a_function_sets_keeps_its_name() -> None:
    text = convert(
        "from azureml.core import Workspace\n\n\n"
        "def login():\n    global ws\n    ws = Workspace.from_config()\n\n\n"
        "def read():\n    print(ws.name)\n"
    ).text
    assert "    global ws\n    ws = MLClient.from_config(" in text and "    print(ws.workspace_name)\n" in text


def test_a_function_that_sets_it_for_the_module_has_the_client_where_it_reads_it() -> None:
    text = convert(
        "from azureml.core import Dataset\nfrom company.ml import connect\n\n\n"
        "def login():\n    global ws\n    ws = connect()\n\n\n"
        'def read():\n    return Dataset.get_by_name(ws, "t")\n'
    ).text
    assert "    ws = connect()\n" in text and ".data.get(" in text and "azureml" not in text


def test_a_sheet_that_sdk_v1_does_not_get_is_none() -> None:
    found = convert(
        "from azureml.core import Workspace\nfrom openpyxl import Workbook\n\n"
        "workspace = Workspace.from_config()\nws = Workbook().create_sheet()\nprint(ws.name, workspace.name)\n"
    )
    assert "ws = Workbook().create_sheet()\nprint(ws.name, " in found.text and "azureml" not in found.text


AUTH = """\
from azureml.core import Workspace


class Login:
    def get_workspace(self):
        return Workspace.from_config()
"""
MAIN = """\
import sys

from azureml.core import Experiment

sys.path.append("../common")
from login import Login

ws = Login().get_workspace()
store = ws.get_default_datastore()
"""


def test_a_module_in_a_further_folder_is_found_where_there_is_one(tmp_path: Path) -> None:
    found = converted(tmp_path, {"common/login.py": AUTH, "work/main.py": MAIN})
    assert "return MLClient.from_config(credential=DefaultAzureCredential())" in flat(found["common/login.py"])
    assert "store = ml_client.datastores.get_default()" in found["work/main.py"]


def test_of_two_none_is_taken(tmp_path: Path) -> None:
    files = {"common/login.py": AUTH, "other/login.py": AUTH, "work/main.py": MAIN}
    assert "store = ws.get_default_datastore()" in converted(tmp_path, files)["work/main.py"]


@pytest.mark.parametrize("where", ["tools/setup.py", "tools/tools/__init__.py"])
def test_a_package_that_is_installed_is_found_from_everywhere(tmp_path: Path, where: str) -> None:
    package = "tools/tools" if where.endswith("__init__.py") else "tools/aml"
    files = {
        where: "",
        f"{package}/__init__.py": "",
        f"{package}/login.py": AUTH,
        "work/main.py": f"from {Path(package).name}.login import Login\n\nws = Login().get_workspace()\n"
        "store = ws.get_default_datastore()\n",
        "work/azure.py": "import azureml.core\n",
    }
    assert "store = ml_client.datastores.get_default()" in converted(tmp_path, files)["work/main.py"]
