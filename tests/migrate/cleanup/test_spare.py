"""Statements that nothing needs any more, and those that are needed for what happens without their object."""

from __future__ import annotations

from tests.migrate.rules.support import convert

HEAD = "from azureml.core import Datastore, Workspace\n\nws = Workspace.from_config()\n"


def test_a_lookup_that_is_tried_stays() -> None:
    code = """\
try:
    store = Datastore.get(ws, "mine")
    print("found")
except Exception:
    store = Datastore.register_azure_blob_container(ws, "mine", "files", account_name="account")
data = DataReference(datastore=store, data_reference_name="d", path_on_datastore="p")
"""
    text = convert(f"from azureml.data.data_reference import DataReference\n{HEAD}{code}").text
    assert 'store = ml_client.datastores.get("mine")' in text
