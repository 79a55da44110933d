"""Clients beside workspaces that stay SDK v1."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

_CODE = """\
from azureml.core import Datastore, Workspace
from azureml.pipeline.core import Pipeline


def connect(name){annotation}:
    return Workspace.get(name=name, subscription_id="s", resource_group="g")


ws = connect("wine")
store = Datastore.get(ws, "cellar")
pipeline = Pipeline.load_yaml(ws, "pipeline.yml")
"""


@pytest.mark.parametrize("annotation", ["", " -> Workspace"])
def test_a_function_gives_the_workspace_that_the_code_around_needs(annotation: str) -> None:
    """What it returns is decided together with the variable that gets it, also where it says which type that is."""
    text = convert(_CODE.format(annotation=annotation)).text
    assert "return Workspace.get(" in text and "ws.subscription_id, ws.resource_group, ws.name" in text
    assert "store = ml_client.datastores.get(" in text
