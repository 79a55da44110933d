"""Datastores: the default one."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import check_transformed, convert

BEFORE = "from azureml.core import Datastore, Workspace\n\nws = Workspace.from_config()\n"
AFTER = """\
from azure.ai.ml import MLClient
from azure.identity import DefaultAzureCredential

ml_client = MLClient.from_config(credential=DefaultAzureCredential())
"""


def test_the_default_that_code_chooses_is_named_where_it_is_asked_for() -> None:
    findings = check_transformed(
        BEFORE
        + 'ws.set_default_datastore("lake")\nstore = ws.get_default_datastore()\npath = store.path("raw")\n'
        + "print(store.name)\n",
        AFTER.replace("import MLClient", "import Input, MLClient")
        + 'store = ml_client.datastores.get("lake")\n'
        + 'path = Input(type="uri_folder", path="azureml://datastores/lake/paths/raw")\nprint(store.name)\n',
        status=Status.REVIEW,
    )
    assert any("choose it in the studio" in finding.message for finding in findings)


def test_a_datastore_that_becomes_the_default() -> None:
    check_transformed(
        BEFORE + 'lake = Datastore.get(ws, "lake")\nlake.set_as_default()\nstore = ws.get_default_datastore()\n',
        AFTER + 'lake = ml_client.datastores.get("lake")\nstore = lake\n',
        status=Status.REVIEW,
    )


def test_the_default_of_another_branch_is_not_taken() -> None:
    found = convert(
        BEFORE
        + 'first = ws.get_default_datastore()\nif first:\n    ws.set_default_datastore("lake")\n'
        + "    inner = ws.get_default_datastore()\nouter = ws.get_default_datastore()\n"
    )
    assert "first = ml_client.datastores.get_default()" in found.text
    assert 'inner = ml_client.datastores.get("lake")' in found.text
    assert "outer = ml_client.datastores.get_default()" in found.text


def test_what_only_code_of_v1_read_goes() -> None:
    after = AFTER.replace("import MLClient", "import Input, MLClient")
    check_transformed(
        BEFORE + 'store = Datastore.get(ws, "lake")\npath = store.path("raw")\nprint(path)\n',
        after + 'path = Input(type="uri_folder", path="azureml://datastores/lake/paths/raw")\nprint(path)\n',
    )


def test_what_nothing_read_stays() -> None:
    code = 'store = ml_client.datastores.get("lake")\n'
    check_transformed(BEFORE + 'store = Datastore.get(ws, "lake")\n', AFTER + code)


def test_an_upload_to_a_datastore_without_a_variable() -> None:
    text = convert(BEFORE + 'ws.get_default_datastore().upload("data", target_path="data")\n').text
    assert 'uri=f"azureml:/{ml_client.datastores.get_default().id}"' in text
    text = convert(BEFORE + 'Datastore.get(ws, "raw").upload("data", target_path="data")\n').text
    assert 'uri="azureml:/" + ml_client.datastores.get("raw").id' in text


def test_a_datastore_is_taken_from_the_workspace() -> None:
    code = 'from azureml.core import Datastore, Workspace\n\nDatastore.get(Workspace.from_config(), "a").unregister()\n'
    assert "datastores.delete(" in convert(code).text


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ('if ws.datastores.get("lake"):\n    print(1)\n', 'if "lake" in [datastore.name for datastore in '),
        (
            'store = ws.datastores.get("lake")\nif store is None:\n    print(1)\n',
            'ml_client.datastores.get("lake")\n    if "lake" in [datastore.name for datastore in',
        ),
        ('store = ws.datastores.get("lake")\nprint(store.name)\n', 'store = ml_client.datastores.get("lake")\n'),
    ],
)
def test_a_datastore_that_may_not_be_there_is_looked_for(code: str, after: str) -> None:
    text = convert(f"from azureml.core import Workspace\n\nws = Workspace.from_config()\n{code}").text
    assert after in text


@pytest.mark.parametrize("key", ["None", "''", "'', sas_token=None"])
def test_no_key_is_no_credential(key: str) -> None:
    text = convert(f"""\
        from azureml.core import Datastore, Workspace

        ws = Workspace.from_config()
        Datastore.register_azure_blob_container(ws, "sales", "files", "account", account_key={key})
        """).text
    assert 'account_name="account"' in text and "credentials=" not in text
