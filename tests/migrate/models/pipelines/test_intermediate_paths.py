"""Where intermediate data of a pipeline are written."""

from __future__ import annotations

import ast

import pytest

from amlbridge.migrate.module import Options
from tests.migrate.rules.support import PYTHON, convert

_PIPELINE = """\
from azureml.core import Datastore, Workspace
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = {store}
frames = PipelineData("frames", {given})
step = PythonScriptStep(
    "cut.py", arguments=["--frames", frames], outputs=[frames], compute_target="cpu", source_directory="src"
)
Pipeline(ws, [step]).submit("cuts")
"""


def _text(store: str, given: str = "datastore=store", options: Options = PYTHON) -> str:
    return ast.unparse(ast.parse(convert(_PIPELINE.format(store=store, given=given), options).text))


@pytest.mark.parametrize("components", ["python", "yaml"])
@pytest.mark.parametrize("given", ["datastore=store", "store"])
def test_data_of_another_datastore_are_written_there(components: str, given: str) -> None:
    text = _text('Datastore.get(ws, "archive")', given, Options(components=components))
    where = "path='azureml://datastores/archive/paths/azureml/${{name}}/${{output_name}}/'"
    assert f"Output(type='uri_folder', {where})" in text


def test_the_name_of_a_datastore_may_be_known_at_run_time_only() -> None:
    text = _text("ws.datastores[NAME]")
    assert "azureml://datastores/{store.name}/paths/azureml/${{{{name}}}}/${{{{output_name}}}}/" in text


@pytest.mark.parametrize(
    ("store", "given"),
    [
        ("ws.get_default_datastore()", "datastore=store"),
        ('Datastore(ws, "workspaceblobstore")', "store"),
        ("None", "datastore=None"),
        ("None", "is_directory=True"),
    ],
)
def test_the_default_datastore_is_that_of_the_job(store: str, given: str) -> None:
    assert "Output(type='uri_folder')" in _text(store, given)


@pytest.mark.parametrize(
    ("store", "said"),
    [
        ('Datastore.get(ws, "archive")', "default_datastore='archive'"),
        ("ws.datastores[NAME]", "default_datastore=store.name"),
        ("ws.get_default_datastore()", ""),
    ],
)
def test_a_pipeline_may_have_a_default_datastore_of_its_own(store: str, said: str) -> None:
    text = convert(
        _PIPELINE.format(store=store, given="is_directory=True").replace("[step])", "[step], default_datastore=store)")
    ).text
    assert f"@dsl.pipeline({said})" in ast.unparse(ast.parse(text))
