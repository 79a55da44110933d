"""Transfers between datastores."""

from __future__ import annotations

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Experiment, Workspace
from azureml.core.compute import ComputeTarget, DataFactoryCompute
from azureml.data.data_reference import DataReference
from azureml.data.sql_data_reference import SqlDataReference
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import DataTransferStep, PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
factory = ComputeTarget.create(ws, "factory", DataFactoryCompute.provisioning_configuration())
raw = DataReference(store, "raw", path_on_datastore="raw")
made = PipelineData("made", datastore=store)
"""
STEP = 'copy = DataTransferStep("copy", {}, DataReference(store, "kept", path_on_datastore="kept"), factory)\n'


def test_what_a_step_made_is_copied_to_its_place() -> None:
    text = 'make = PythonScriptStep("make.py", arguments=["--out", made], outputs=[made], compute_target="cpu")\n'
    found = convert(HEAD + text + STEP.format("made") + "pipeline = Pipeline(ws, [make, copy])\n")
    assert {finding.status for finding in found.findings} == {Status.CONVERTED, Status.REVIEW}
    assert 'command="cp -r ${{inputs.source}}/. ${{outputs.destination}}"' in found.text
    assert "copy = copy_component(source=make.outputs.out)" in found.text
    assert "factory" not in found.text


def test_a_database_is_left() -> None:
    text = 'rows = SqlDataReference(store, "rows", sql_query="select 1")\n'
    found = convert(HEAD + text + STEP.format("rows") + "pipeline = Pipeline(ws, [copy])\n")
    left = {finding.symbol: finding.message for finding in found.findings if finding.status is Status.MANUAL}
    assert "reads no database" in left["DataTransferStep"]
    assert "factory = ComputeTarget.create" in found.text


def test_a_path_that_names_a_file_is_copied_as_one() -> None:
    text = convert(
        """\
from azureml.data.data_reference import DataReference
from azureml.pipeline.steps import DataTransferStep

raw = DataReference(store, "raw", path_on_datastore=f"raw/{day}.csv")
archive = DataReference(store, "archive", path_on_datastore="2020")
step = DataTransferStep("archive", raw, archive, "factory")
"""
    ).text
    assert 'inputs={"source": Input(type="uri_file")}' in text
    assert 'command="cp -r ${{inputs.source}} ${{outputs.destination}}"' in text
