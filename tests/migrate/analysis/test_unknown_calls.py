"""What nobody knows is registered with the workspace that it was registered with, and that is told."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = "from azureml.core import Dataset, Workspace\nfrom elsewhere import parts\n\nws = Workspace.from_config()\n"


@pytest.mark.parametrize(
    "call", ['part.register(ws, "a")', 'part.register(workspace=ws, name="a")', 'parts(1)[0].register(ws, name="a")']
)
def test_it_gets_the_workspace_of_sdk_v1(call: str) -> None:
    found = convert(f'{HEAD}known = Dataset.get_by_name(ws, "d")\nfor part in parts():\n    {call}\n')
    assert found.text.endswith(f"SDK v1's workspace: register it with ml_client\n    {call}\n")
    assert "ws = Workspace.from_config()\n" in found.text
    assert 'known = ml_client.data.get("d", label="latest")' in found.text
    told = [(finding.symbol, finding.line) for finding in found.findings if "nobody knows" in finding.message]
    assert told == [("Workspace", 7)]
    assert all(finding.status is Status.MANUAL for finding in found.findings if finding.line == 7)


def test_other_calls_get_the_client() -> None:
    found = convert(f'{HEAD}for part in parts():\n    part.register("a")\n    part.look_at(ws)\n')
    assert "    part.look_at(ml_client)\n" in found.text and "Workspace" not in found.text


def test_functions_that_are_not_seen_and_get_the_client_are_told_of() -> None:
    code = "import logging\nimport tools.more as more\nfrom pprint import pprint\n"
    calls = (
        "parts(ws)\nparts(ws)\nmore.fill(1, workspace=ws)\npprint(ws)\nlogging.info('%s', ws)\nprint(ws, len('a'))\n"
    )
    found = convert(code + HEAD + calls)
    told = [(finding.line, finding.status) for finding in found.findings if "is not seen here" in finding.message]
    assert told == [(8, Status.REVIEW), (10, Status.REVIEW)]
    assert convert(f"{HEAD}def parts(ws):\n    return ws.name\n\nparts(ws)\n").findings[-1].status is Status.CONVERTED


def test_a_function_that_gets_the_workspace_of_sdk_v1_still_is_not() -> None:
    found = convert(f'{HEAD}for part in parts():\n    part.register(ws, "a")\n')
    assert not any("is not seen here" in finding.message for finding in found.findings)


@pytest.mark.parametrize(
    ("head", "call"),
    [
        ("import mlflow.azureml\n", "mlflow.azureml.deploy(uri, workspace=ws)"),
        ("from mlflow.azureml import build_image\n", "build_image(uri, ws)"),
        ("from mlflow import azureml\n", "azureml.deploy(uri, ws)"),
        ("import mlflow.azureml as served\n", "served.deploy(uri, ws)"),
    ],
)
def test_old_functions_of_mlflow_get_the_workspace_of_sdk_v1(head: str, call: str) -> None:
    found = convert(f'{head}{HEAD}known = Dataset.get_by_name(ws, "d")\nmade = {call}\n')
    assert (
        found.text.endswith(f"    made = {call}\n".lstrip())
        and "# TODO(amlbridge workspace): mlflow.azureml" in found.text
    )
    assert "ws = Workspace.from_config()\n" in found.text
    assert 'known = ml_client.data.get("d", label="latest")' in found.text
    assert [finding.status for finding in found.findings if finding.line == 7] == [Status.MANUAL]


def test_an_image_of_mlflow_stays_with_its_deployment() -> None:
    code = "image, model = mlflow.azureml.build_image(uri, ws)\nWebservice.deploy_from_image(ws, 'a', image)\n"
    head = HEAD.replace("import Dataset", "import Webservice")
    assert "\nWebservice.deploy_from_image(ws, " in convert(f"import mlflow.azureml\n{head}{code}").text


def test_other_functions_of_mlflow_do_not() -> None:
    found = convert(f'import mlflow\n{HEAD}mlflow.log_text(str(ws), "w")\n')
    assert "Workspace" not in found.text
