"""Data in the arguments of a command: which of them are one input."""

from __future__ import annotations

import re

import pytest

from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Dataset, Environment, ScriptRunConfig, Workspace

ws = Workspace.from_config()
"""
SUBMIT = 'source = ScriptRunConfig(source_directory=".", script="train.py", arguments=[{}], environment="e")\n'

SEVERAL = [
    ("found = Dataset.get_all(ws)\n", "found[a].as_mount()", "found[b].as_mount()"),
    ('found = [Dataset.get_by_name(ws, n) for n in ("x", "y")]\n', "found[0].as_mount()", "found[1].as_mount()"),
    ('found = {n: Dataset.get_by_name(ws, n) for n in "xy"}\n', 'found["x"].as_mount()', 'found["y"].as_mount()'),
    ("x, y = ws.datasets[a], ws.datasets[b]\n", "x.as_mount()", "y.as_mount()"),
    (
        'x, y = Dataset.get_by_name(ws, "t").random_split(0.5)\n',
        'x.as_named_input("data")',
        'y.as_named_input("data_2")',
    ),
]


@pytest.mark.parametrize(("made", "one", "other"), SEVERAL)
def test_each_of_several_data_that_the_same_code_makes_is_an_input(made: str, one: str, other: str) -> None:
    text = convert(HEAD + 'a, b = "first", "second"\n' + made + SUBMIT.format(f'"--a", {one}, "--b", {other}')).text
    held = one.split(".as_")[0], other.split(".as_")[0]
    command = next(line for line in text.splitlines() if "python train.py" in line)
    first, second = (part.split("}}")[0] for part in command.split("${{inputs.")[1:])
    assert first != second
    for name, expression in zip((first, second), held, strict=True):
        assert re.search(rf'"{name}": Input\([^)]*path={re.escape(expression)}\.', text)


def test_the_same_data_twice_is_one_input() -> None:
    text = convert(HEAD + 'x = Dataset.get_by_name(ws, "t")\n' + SUBMIT.format("x.as_mount(), x.as_mount()")).text
    assert "python train.py ${{inputs.x}} ${{inputs.x}}" in text


@pytest.mark.parametrize(("mode", "said"), [("upload", ', mode="upload"'), ("mount", "")])
def test_what_a_step_writes_is_uploaded_if_v1_said_so(mode: str, said: str) -> None:
    steps = (
        "from azureml.core import Workspace\n"
        "from azureml.pipeline.core import Pipeline, PipelineData\n"
        "from azureml.pipeline.steps import PythonScriptStep\n"
        "ws = Workspace.from_config()\n"
        f'clean = PipelineData("clean", output_mode="{mode}")\n'
        'step = PythonScriptStep("clean.py", arguments=["--to", clean], outputs=[clean], compute_target="cpu")\n'
        "pipeline = Pipeline(ws, [step])\n"
    )
    assert f'outputs={{"to": Output(type="uri_folder"{said})}}' in convert(steps).text


def test_a_datastore_itself_is_mounted() -> None:
    text = convert(
        "from azureml.core import Datastore, Workspace\nfrom azureml.train.estimator import Estimator\n\n"
        'store = Datastore.get(Workspace.from_config(), "raw")\n'
        'trial = Estimator(".", script_params={"--data": store}, entry_script="a.py", environment_definition=env)\n'
    ).text
    flat = "".join(text.split())
    assert '"data":Input(type="uri_folder",path="azureml://datastores/raw/paths/",mode="ro_mount"' in flat
    assert "--data ${{inputs.data}}" in text


def test_an_input_that_is_called_as_a_keyword_of_python_gets_a_name_that_a_call_can_have() -> None:
    steps = (
        "from azureml.core import Workspace\n"
        "from azureml.data import OutputFileDatasetConfig\n"
        "from azureml.pipeline.core import Pipeline\n"
        "from azureml.pipeline.steps import PythonScriptStep\n"
        "ws = Workspace.from_config()\n"
        'clean = OutputFileDatasetConfig("clean")\n'
        'one = PythonScriptStep("clean.py", arguments=["--to", clean], compute_target="cpu")\n'
        'two = PythonScriptStep("train.py", arguments=["--in", clean.as_input("in")], compute_target="cpu")\n'
        "pipeline = Pipeline(ws, [one, two])\n"
    )
    text = convert(steps).text
    assert "python train.py --in ${{inputs.in_}}" in text
    assert "two_component(in_=one.outputs.to)" in text
