"""What is called like a workspace and holds a client, as in code of an earlier run, is not taken for a workspace."""

from __future__ import annotations

from tests.migrate.rules.support import convert


def test_a_parameter_that_is_passed_a_client() -> None:
    """In the second run its datastore is one of SDK v2, which nothing leads back to SDK v1 once more."""
    text = convert(
        """\
from azureml.core import Datastore, Workspace
from azureml.core.linked_service import LinkedService


def find(ws):
    return Datastore(ws, "blobs")


def show(store):
    print(LinkedService.get(ws, store))


ws = Workspace.from_config()
store = find(ws)
show(store)
"""
    ).text
    assert "store = find(ml_client)" in text and "show(Datastore.get(ws, store.name))" in text
