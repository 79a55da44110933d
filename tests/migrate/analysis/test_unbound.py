"""Workspaces of names that nothing in a module defines: of a part of a script, or of a notebook's cells."""

from __future__ import annotations

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert


def test_a_name_of_a_workspace_that_nothing_defines_is_one() -> None:
    found = convert(
        """\
from azureml.core import Dataset

store = ws.get_default_datastore()
table = Dataset.Tabular.from_delimited_files([(store, "a/b.csv"), (store, "c/*.csv")])
table = table.register(workspace=ws, name="rows")
print(ws.name, store.name)
"""
    )
    assert "store = ws.datastores.get_default()" in found.text
    assert "from_config" not in found.text and "{ws.subscription_id}" in found.text
    assert "print(ws.workspace_name, store.name)" in found.text
    assert {finding.status for finding in found.findings} <= {Status.CONVERTED, Status.REVIEW}


def test_what_is_used_as_a_client_is_none() -> None:
    text = 'from azureml.core import Run\n\nrun = Run.get_context()\nprint(ws.jobs.get("a").name, ws.name)\n'
    assert 'print(ws.jobs.get("a").name, ws.name)' in convert(text).text


def test_a_local_variable_of_the_same_name_is_what_it_is_given() -> None:
    text = """\
from azureml.core import Model


def loaded(path):
    workspace = open(path).read()
    return workspace.name


model = Model(workspace, "a")
"""
    found = convert(text).text
    assert "return workspace.name" in found
    assert 'model = workspace.models.get("a", label="latest")' in found


def test_without_sdk_v1_a_name_says_nothing() -> None:
    text = "print(ws.name)\n"
    assert convert(text).text == text


def test_the_workspace_that_a_run_tells_is_asked_before_an_unknown_one() -> None:
    text = """\
from azureml.core import Model, Run

run = Run.get_context()
print(Run.get(run.experiment.workspace, "other").status)
try:
    models = Model.list(ws)
except NameError:
    print("no workspace")
"""
    found = convert(text).text
    assert "ml_client.jobs.get" in found and "ws.models.list()" in found
