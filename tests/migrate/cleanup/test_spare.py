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


def test_a_workspace_that_stays_sdk_v1_is_made_before_what_takes_it() -> None:
    """Its client, which nothing reads, goes alone."""
    found = convert(
        """\
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline

ws = Workspace("s", "g", "n")
nightly = Pipeline(ws, steps=steps)
ws = Workspace.from_config()
"""
    )
    assert found.text.index('ws = Workspace("s", "g", "n")') < found.text.index("Pipeline(ws, steps=steps)")
    assert "MLClient" not in found.text
