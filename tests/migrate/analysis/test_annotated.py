"""Assignments that say a type are converted as those that say none."""

from __future__ import annotations

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

_UNCONVERTED = (Status.MANUAL, Status.NO_EQUIVALENT)


def test_a_workspace_with_its_type_stays_defined() -> None:
    conversion = convert(
        """\
from azureml.core import Experiment, ScriptRunConfig, Workspace

ws: Workspace = Workspace.from_config()
config: ScriptRunConfig = ScriptRunConfig(".", "fit.py", compute_target="cpu", environment=env)
experiment: Experiment = Experiment(ws, "fits")
run = experiment.submit(config)
"""
    )
    assert not [finding for finding in conversion.findings if finding.status in _UNCONVERTED], conversion.findings
    assert "ml_client: MLClient = MLClient.from_config(" in conversion.text
    assert "config: Command = command(" in conversion.text
    assert "azureml.core" not in conversion.text


def test_steps_with_their_types_become_nodes() -> None:
    conversion = convert(
        """\
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
rows: PipelineData = PipelineData("rows", datastore=ws.get_default_datastore())
clean: PythonScriptStep = PythonScriptStep(
    "clean.py", arguments=["--out", rows], outputs=[rows], compute_target="cpu"
)
fit: PythonScriptStep = PythonScriptStep(
    "fit.py", arguments=["--in", rows], inputs=[rows], compute_target="cpu"
)
pipeline: Pipeline = Pipeline(ws, [clean, fit])
"""
    )
    assert not [finding for finding in conversion.findings if finding.status in _UNCONVERTED], conversion.findings
    assert "fit = fit_component(in_=clean.outputs.out)" in conversion.text
    assert "PythonScriptStep" not in conversion.text and "PipelineData" not in conversion.text


def test_the_types_of_other_variables_stay() -> None:
    conversion = convert(
        """\
from azureml.core import Run

run: Run = Run.get_context()
rate: float = 0.1
run.log("rate", rate)
"""
    )
    assert "rate: float = 0.1" in conversion.text and "azureml" not in conversion.text
