"""Which type an output of a step has is told by the script that writes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.convert import convert_module
from amlbridge.migrate.models.pipelines.written_outputs import written
from amlbridge.migrate.module import Conversion, ModuleText, Options
from amlbridge.migrate.project.modules import build_project

HEAD = 'import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument("--out")\nargs = parser.parse_args()\n'
PIPELINE = """\
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep

table = PipelineData("table", datastore=None)
prepare = PythonScriptStep(
    script_name="prepare.py", source_directory="src", arguments=["--out", table], outputs=[table], compute_target="cpu"
)
train = PythonScriptStep(
    script_name="train.py", source_directory="src", arguments=["--data", table], inputs=[table], compute_target="cpu"
)
pipeline = Pipeline(workspace=None, steps=[train])
"""


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("open(args.out, 'w').write('x')", "uri_file"),
        ("df.to_csv(args.out, index=False)", "uri_file"),
        ("joblib.dump(model, args.out)", "uri_file"),
        ("path = args.out\nwith open(path, mode='wb') as file:\n    pickle.dump(model, file)", "uri_file"),
        ("os.makedirs(os.path.dirname(args.out), exist_ok=True)\ndf.to_csv(args.out)", "uri_file"),
        ("Path(args.out).write_text('x')", "uri_file"),
        ("os.makedirs(args.out)\ndf.to_csv(os.path.join(args.out, 'x.csv'))", "uri_folder"),
        ("df.to_csv(f'{args.out}/x.csv')", "uri_folder"),
        ("df.to_csv(Path(args.out) / 'x.csv')", "uri_folder"),
        ("df.to_csv(args.out + '/x.csv')", "uri_folder"),
        ("print(open(args.out).read())", ""),
        ("save(args.out)", ""),
    ],
)
def test_what_a_script_writes(code: str, kind: str) -> None:
    assert written(f"{HEAD}{code}\n", "--out") == kind


def test_an_option_that_the_script_does_not_have() -> None:
    assert written(f"{HEAD}df.to_csv(args.out)\n", "--other") == ""
    assert written("no python at all:", "--out") == ""


def _converted(script: str) -> Conversion:
    options = Options(components="python")
    modules = [
        ModuleText(Path("/project/pipeline.py"), PIPELINE),
        ModuleText(Path("/project/src/prepare.py"), f"{HEAD}{script}\n"),
    ]
    first = convert_module(modules[0], build_project(modules, options), options)
    modules[0] = ModuleText(modules[0].path, first.text)
    assert convert_module(modules[0], build_project(modules, options), options).text == first.text
    return first


def test_a_file_goes_on_as_a_file() -> None:
    text = _converted("df.to_csv(args.out)").text
    assert 'outputs={"out": Output(type="uri_file")}' in text and 'inputs={"data": Input(type="uri_file")}' in text


def test_a_folder_stays_one() -> None:
    found = _converted("os.makedirs(args.out)")
    assert 'outputs={"out": Output(type="uri_folder")}' in found.text and "uri_file" not in found.text
    assert not any("was not seen to write" in finding.message for finding in found.findings)


def test_what_cannot_be_told_is_for_review() -> None:
    found = _converted("save(args.out)")
    assert 'outputs={"out": Output(type="uri_folder")}' in found.text
    assert any("was not seen to write to the output out" in finding.message for finding in found.findings)


STEPS = """\
import os
from azureml.core import Environment, ScriptRunConfig
from azureml.pipeline.core import PipelineData
from azureml.pipeline.steps import CommandStep, PythonScriptStep

def measured(model, compute):
    score = PipelineData("score", datastore=model.datastore, is_directory=False)
    outputs = {"score": score}
    config = ScriptRunConfig(
        source_directory=os.path.dirname(os.path.abspath(__file__)),
        command=["python", "measure.py", "--model", model, "--score", score],
        compute_target=compute,
        environment=Environment("e"),
    )
    step = CommandStep(name="measure", inputs=[model], outputs=[score], runconfig=config)
    return step, outputs

def deployed(model, score, compute):
    step = PythonScriptStep(
        name="deploy",
        script_name="deploy.py",
        source_directory=os.path.dirname(os.path.abspath(__file__)),
        arguments=["--model", model, "--score", score],
        inputs=[model, score],
        compute_target=compute,
    )
    return step
"""
MAIN = """\
from azureml.core import Experiment, Workspace
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep
from steps import deployed, measured

ws = Workspace.from_config()
model = PipelineData("model", datastore=ws.get_default_datastore(), is_directory=True)
train = PythonScriptStep("train.py", name="train", arguments=["--out", model], outputs=[model], compute_target="cpu")
measure, found = measured(model, "cpu")
deploy = deployed(model, found["score"], "cpu")
Experiment(ws, "e").submit(Pipeline(ws, steps=[train, measure, deploy]))
"""
READS = """\
import argparse
import os

parser = argparse.ArgumentParser()
parser.add_argument("--model")
parser.add_argument("--score")
args = parser.parse_args()
score_file = args.score
with open(score_file) as f:
    print(f.read(), os.listdir(args.model))
"""


def test_functions_that_make_steps_of_files_and_folders() -> None:
    modules = [
        ModuleText(Path("/project/main.py"), MAIN),
        ModuleText(Path("/project/steps.py"), STEPS),
        ModuleText(Path("/project/deploy.py"), READS),
    ]
    options = Options(components="python")
    found = convert_module(modules[1], build_project(modules, options), options)
    assert "azureml.pipeline" not in found.text, found.findings
    assert 'outputs={"score": Output(type="uri_file")}' in found.text
    assert 'inputs={"model": Input(type="uri_folder")},' in found.text
    declared = 'inputs={"model": Input(type="uri_folder"), "score": Input(type="uri_file")},'
    assert declared in " ".join(found.text.split()), found.text
