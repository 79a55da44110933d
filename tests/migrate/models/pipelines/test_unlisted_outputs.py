"""Data that steps name in their arguments only."""

from __future__ import annotations

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

TEXT = """\
from azureml.core import Experiment, Workspace
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
data = PipelineData("model", datastore=ws.get_default_datastore())
train = PythonScriptStep("train.py", compute_target="cpu", source_directory="src", arguments=["{flag}", data]{more})
Experiment(ws, "e").submit(Pipeline(ws, steps=[train]))
"""


def test_an_option_of_what_is_written_makes_it_an_output() -> None:
    for flag in ("--output_dir", "--model-out", "--save_path"):
        found = convert(TEXT.format(flag=flag, more=""))
        name = flag.lstrip("-").replace("-", "_")
        assert f'outputs={{"{name}": Output(type="uri_folder")}}' in found.text
        step = next(finding for finding in found.findings if finding.symbol == "PythonScriptStep")
        assert step.status is Status.REVIEW and f"as the option {flag} says" in step.message


def test_other_options_and_listed_data_are_left_to_the_lists() -> None:
    assert "no step of the pipeline writes" in str(convert(TEXT.format(flag="--layout", more="")).findings)
    read = convert(TEXT.format(flag="--output_dir", more=", inputs=[data]"))
    assert "no step of the pipeline writes" in str(read.findings)
    listed = "listed = [data]\ntrain = "
    written = convert(TEXT.format(flag="--output_dir", more=", outputs=listed").replace("train = ", listed))
    assert "SDK v1 refuses" not in str(written.findings) and "azureml.core" not in written.text
