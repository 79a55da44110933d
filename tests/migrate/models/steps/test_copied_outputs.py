"""Outputs that SDK v1 uploaded from a folder of the step's own, and how the command fills them."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

PIPELINE = """\
from azureml.core import Workspace
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
model = OutputFileDatasetConfig(name="model", source={source})
train = PythonScriptStep(
    name="train", script_name="train.py", arguments={arguments}, outputs=[model], compute_target="cpu", runconfig=env
)
check = PythonScriptStep(
    name="check", script_name="check.py", arguments=["--in", model.as_input()], compute_target="cpu", runconfig=env
)
pipeline = Pipeline(ws, steps=[train, check])
"""


@pytest.mark.parametrize(
    ("source", "command"),
    [
        ('"outputs"', '"python train.py && cp -r outputs/. ${{outputs.model}}"'),
        ('"outputs/"', '"python train.py && cp -r outputs/. ${{outputs.model}}"'),
        ('"outputs/best.pkl"', '"python train.py && cp -r outputs/best.pkl ${{outputs.model}}"'),
        ('folders["model"]', '"python train.py && cp -r " + folders["model"] + "/. ${{outputs.model}}"'),
        ('None', '"python train.py"'),
    ],
)  # fmt: skip
def test_a_folder_is_copied_when_the_script_has_ended(source: str, command: str) -> None:
    found = convert(PIPELINE.format(source=source, arguments="[]"))
    assert f"command={command}," in found.text and "check_component(in_=train.outputs.model)" in found.text
    told = [finding.message for finding in found.findings if "copies" in finding.message]
    assert bool(told) == (source != "None")


def test_a_script_that_is_told_the_output_writes_there() -> None:
    found = convert(PIPELINE.format(source='"outputs"', arguments='["--model", model]'))
    assert 'command="python train.py --model ${{outputs.model}}"' in found.text


DOWNLOADED = """\
from azureml.core import Experiment
from azureml.pipeline.core import PortDataReference

run = Experiment(ws, "x").submit(pipeline)
found: PortDataReference = run.find_step_run("train")[0].get_output_data(settings["output"])
found.download("here")
"""


def test_an_output_that_is_named_at_run_time_is_downloaded_by_the_name_that_it_has() -> None:
    pipeline = PIPELINE.format(source="None", arguments='["--out", model]').replace(
        'name="model"', 'settings["output"]'
    )
    text = convert(pipeline + DOWNLOADED).text
    assert '--out ${{outputs.out}}"' in text and 'found: str = "out"\n' in text and "azureml.pipeline" not in text
    other = convert(pipeline + DOWNLOADED.replace('settings["output"]', "name_of_it"))
    assert any("it may be another one" in finding.message for finding in other.findings)
