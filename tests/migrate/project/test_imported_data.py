"""Datasets and classes of SDK v1 that a module takes from another one of the project."""

from __future__ import annotations

from pathlib import Path

from amlbridge.migrate.convert import convert_module
from amlbridge.migrate.module import ModuleText
from amlbridge.migrate.project.modules import build_project
from tests.migrate.rules.support import PYTHON

_DATA = """\
from azureml.core import Dataset, Workspace
from azureml.pipeline.core import PipelineData

ws = Workspace.from_config()
out = PipelineData("out")
files = Dataset.File.from_files([(ws.get_default_datastore(), "a/b")])


def get_tables():
    train = Dataset.get_by_name(ws, "train")
    test = Dataset.get_by_name(ws, "test")
    return train, test


def get_input():
    return Dataset.get_by_name(ws, "train").as_named_input("train").as_mount()
"""


def _converted(**texts: str) -> dict[str, str]:
    modules = [ModuleText(Path(f"{name}.py"), text) for name, text in texts.items()]
    project = build_project(modules, PYTHON)
    found = {module.path.stem: convert_module(module, project, PYTHON).text for module in modules}
    if found != texts:
        assert _converted(**found) == found
    return found


def test_a_table_of_several_that_a_function_gives() -> None:
    """It stands in the variable that takes it here, not where the other module made it."""
    main = """\
from azureml.core import Experiment
from azureml.train.automl import AutoMLConfig
from data import get_tables, ws

train, test = get_tables()
config = AutoMLConfig(task="regression", training_data=train, validation_data=test, label_column_name="y")
run = Experiment(ws, "e").submit(config)
"""
    text = _converted(data=_DATA, main=main)["main"]
    assert 'training_data=Input(type="mltable", path=train.id)' in text
    assert 'validation_data=Input(type="mltable", path=test.id)' in text


def test_data_of_another_module_in_steps() -> None:
    main = """\
from azureml.core import Experiment
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep
from data import files, get_input, out, ws

one = PythonScriptStep("one.py", source_directory="src", arguments=["--a", files.as_mount(), "--o", out], outputs=[out])
two = PythonScriptStep("two.py", source_directory="src", arguments=["--b", get_input(), "--i", out], inputs=[out])
Experiment(ws, "e").submit(Pipeline(ws, steps=[one, two]))
"""
    found = _converted(data=_DATA, main=main)
    assert 'Input(type="uri_folder", path=files.path, mode="ro_mount")' in found["main"]
    assert '"b": Input(type="uri_folder")' in found["main"] and "b=get_input()" in found["main"]
    assert "PipelineData" not in found["data"] and "\nfrom data import files, get_input, ws\n" in found["main"]


def test_a_class_that_another_module_has_imported_is_not_taken_from_it_any_more() -> None:
    main = 'from data import Dataset, ws\n\ntable = Dataset.get_by_name(ws, "a")\n'
    assert _converted(data=_DATA, main=main)["main"].startswith("from data import ws\n\ntable = ws.data.get(")


def test_a_class_that_is_still_read_comes_from_sdk_v1_itself() -> None:
    main = 'from data import Dataset, ws\n\ntable = Dataset.Tabular.from_sql_query((ws.datastores["a"], "select 1"))\n'
    found = _converted(data=_DATA, main=main)
    assert found["main"].startswith("from azureml.core import Dataset\nfrom data import ws\n\n# TODO(amlbridge ")
    assert "Dataset" not in found["data"].split("ws =")[0]
