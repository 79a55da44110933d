"""Attributes that a class declares with their types."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

TEXT = """\
from dataclasses import dataclass
from typing import NamedTuple, Optional, Union

from azureml.core import Model, Workspace


{head}
    workspace: Workspace
    model: {type}

    def tag(self, name):
        self.model.add_tags({{"name": name}})
        return self.workspace.get_default_datastore()


def register(ws: Workspace, path):
    return Registered(ws, model=Model.register(ws, model_path=path, model_name="m"))
"""


@pytest.mark.parametrize("head", ["@dataclass\nclass Registered:", "class Registered(NamedTuple):"])
@pytest.mark.parametrize("type_", ["Model", "Optional[Model]", "Union[Model, None]", "Model | None", '"Model"'])
def test_they_are_of_one_sdk_with_what_is_given_for_them(head: str, type_: str) -> None:
    text = convert(TEXT.format(head=head, type=type_)).text
    assert 'self.model.tags.update({"name": name})' in text
    assert "self.workspace.models.create_or_update(self.model)" in text
    assert "return self.workspace.datastores.get_default()" in text
    assert "from azureml" not in text


def test_what_stays_is_given_to_an_attribute_that_stays() -> None:
    text = TEXT.format(head="@dataclass\nclass Registered:", type="Model").replace(
        'model=Model.register(ws, model_path=path, model_name="m")', "model=Model.register(ws, **path)"
    )
    converted = convert(text).text
    assert "self.model.add_tags(" in converted and "Model.register(" in converted


def test_attributes_that_are_assigned_at_once_are_known() -> None:
    conversion = convert(
        """\
from azureml.core import Experiment, Workspace


class Fits:
    def __init__(self, workspace: Workspace, name):
        self.home, self.name = workspace, name
        self.first, [self.second, *self.rest] = Experiment(workspace, name), name

    def show(self):
        print(self.home.resource_group)
        for run in self.first.get_runs():
            print(run.get_metrics())


Fits(Workspace.from_config(), "fits").show()
"""
    )
    told = {finding.symbol for finding in conversion.findings}
    assert {"Workspace.resource_group", "Experiment.get_runs", "Run.get_metrics"} <= told
    assert "get_runs" not in conversion.text and "azureml" not in conversion.text


def test_the_only_object_that_a_condition_leaves_is_known_in_an_attribute() -> None:
    conversion = convert(
        """\
from azureml.core import Model, Workspace


class Shown:
    def __init__(self, ws: Workspace, name):
        (self.model,) = (model for model in Model.list(ws) if model.name == name)

    def show(self):
        print(self.model.created_time)
"""
    )
    assert "Model.created_time" in {finding.symbol for finding in conversion.findings}
    assert "self.model.creation_context.created_at" in conversion.text


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            "for self.it in [Workspace.from_config()]:\n            self.it.get_default_datastore()",
            "datastores.get_default",
        ),
        ("for self.it in ws.datastores.values():\n            print(self.it.datastore_type)", "self.it.type"),
        (
            "for self.name, self.it in ws.datastores.items():\n            print(self.it.datastore_type)",
            "print(self.it.type)",
        ),
        (
            "for self.name, self.it in [('a', ws.get_default_datastore())]:\n            print(self.it.datastore_type)",
            "print(self.it.type)",
        ),
        (
            "for i, (self.name, self.it) in enumerate(ws.datastores.items()):\n"
            "            print(self.it.datastore_type)",
            "print(self.it.type)",
        ),
        ("with Run.get_context() as self.it:\n            self.it.log('loss', 0.5)", "mlflow.log_metric('loss', 0.5)"),
    ],
)
def test_attributes_that_a_loop_or_a_with_sets(given: str, expected: str) -> None:
    text = convert(f"""\
from azureml.core import Run, Workspace


class Work:
    def start(self):
        ws = Workspace.from_config()
        {given}
""").text
    assert expected in text.replace('"', "'")


@pytest.mark.parametrize("target", ["self.ws, self.store = connect()", "(self.ws, self.store), self.n = connect(), 3"])
def test_attributes_that_get_the_parts_of_what_a_function_gives(target: str) -> None:
    text = convert(f"""\
from azureml.core import Workspace


def connect():
    ws = Workspace.from_config()
    return ws, ws.get_default_datastore()


class Work:
    def __init__(self):
        {target}

    def show(self):
        print(self.ws.name, self.store.datastore_type)
""").text
    assert "print(self.ws.workspace_name, self.store.type)" in text


def test_a_function_sets_a_variable_of_the_one_around_it() -> None:
    text = convert("""\
from azureml.core import Workspace


def main():
    ws = None
    store = None

    def connect():
        nonlocal ws, store
        ws = Workspace.from_config()
        store = ws.get_default_datastore()

    connect()
    print(ws.name, store.datastore_type)
""").text
    assert "        ws = MLClient.from_config(" in text and "store = ws.datastores.get_default()" in text
    assert "print(ws.workspace_name, store.type)" in text


@pytest.mark.parametrize("manager", ["nullcontext", "contextlib.closing"])
def test_what_a_context_manager_has_been_given_is_what_it_gives(manager: str) -> None:
    text = convert(f"""\
import contextlib
from contextlib import nullcontext
from azureml.core import Workspace


class Work:
    def __init__(self):
        with {manager}(Workspace.from_config()) as self.ws:
            print(self.ws.name)


with {manager}(Workspace.from_config()) as found:
    print(found.name)
""").text
    assert "print(self.ws.workspace_name)" in text and "print(found.workspace_name)" in text
