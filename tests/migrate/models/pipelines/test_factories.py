"""Steps that functions of the module make: each call is a node, and gets its data in the pipeline's function."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from amlbridge.migrate.findings import Status
from amlbridge.migrate.signatures.check import check_generated
from tests.migrate.project.test_exchange import flat
from tests.migrate.rules.support import convert
from tests.support.live import LiveService

HEAD = """\
from azureml.core import Dataset, Workspace
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

"""
PREPARE = """\
def make_prepare(raw, out: PipelineData):
    return PythonScriptStep(
        "prepare.py", name="prepare", arguments=["--raw", raw, "--out", out], inputs=[raw], outputs=[out],
        compute_target="cpu", runconfig=env,
    )


"""
TRAIN = """\
def make_train(data, name, rate, compute="cpu"):
    step = PythonScriptStep(
        "train.py", name=name, arguments=["--data", data, "--rate", rate], inputs=[data],
        compute_target=compute, runconfig=env,
    )
    return step


"""
MAIN = """\
ws = Workspace.from_config()
raw = Dataset.get_by_name(ws, "raw").as_named_input("raw").as_mount()
clean = PipelineData("clean")
rate = PipelineParameter("rate", default_value=0.1)
prepare = make_prepare(raw, clean)
one = make_train(clean, "one", rate)
two = make_train(clean, rate=rate, name="two", compute="gpu")
pipeline = Pipeline(ws, steps=[prepare, one, two])
"""


def done(text: str) -> str:
    """Converts; nothing may be left."""
    found = convert(HEAD + text)
    assert {finding.status for finding in found.findings} <= {Status.CONVERTED, Status.REVIEW}, found.findings
    assert not check_generated(found.text)
    ast.parse(found.text)
    return flat(found.text)


def test_data_goes_from_the_function_to_the_node() -> None:
    text = done(PREPARE + TRAIN + MAIN)
    assert "def make_prepare(): prepare_component = command(" in text
    assert 'def make_train(name, compute="cpu"):' in text
    assert 'inputs={"data": Input(type="uri_folder"), "rate": Input(type="number")}' in text
    assert 'prepare = make_prepare() one = make_train("one") two = make_train(name="two", compute="gpu")' in text
    read = 'Input(type="uri_folder", path=ml_client.data.get("raw", label="latest").id, mode="ro_mount")'
    assert f"def pipeline(rate=0.1): prepare_node = prepare(raw={read})" in text
    assert "one_node = one(data=prepare_node.outputs.out, rate=rate)" in text
    assert "two_node = two(data=prepare_node.outputs.out, rate=rate)" in text


def test_where_an_output_goes_is_said_of_the_node() -> None:
    text = (PREPARE + TRAIN + MAIN).replace("out: PipelineData", "out")
    text = text.replace('PipelineData("clean")', 'OutputFileDatasetConfig("clean").register_on_complete("c")')
    text = done(text.replace("make_train(clean", 'make_train(clean.as_input("data")'))
    assert 'outputs={"out": Output(type="uri_folder")}' in text
    assert 'prepare_node.outputs.out = Output(type="uri_folder", name="c")' in text
    assert "one_node = one(data=prepare_node.outputs.out, rate=rate)" in text


def test_an_order_without_data_is_one_of_nodes() -> None:
    text = done(PREPARE + TRAIN + MAIN.replace("pipeline =", "two.run_after(one)\npipeline ="))
    assert '"after_1": Input(type="uri_folder", optional=True)' in text
    assert "two_node = two(data=prepare_node.outputs.out, rate=rate, after_1=one_node.outputs.order_token)" in text
    assert "one_node = one(data=prepare_node.outputs.out, rate=rate)" in text


def test_data_of_the_module_that_a_function_reads() -> None:
    text = done(
        """\
ws = Workspace.from_config()
clean = PipelineData("clean")


def prepare():
    return PythonScriptStep("a.py", arguments=[clean], outputs=[clean], compute_target="cpu", runconfig=env)


def train(name):
    return PythonScriptStep("b.py", name=name, arguments=[clean], inputs=[clean], compute_target="cpu", runconfig=env)


pipeline = Pipeline(ws, steps=[prepare(), train("one"), train("two")])
"""
    )
    assert "step = prepare()()" in text
    assert 'step_2 = train("one")(clean=step.outputs.clean)' in text
    assert 'step_2_2 = train("two")(clean=step.outputs.clean)' in text


def test_a_function_that_gives_the_step_and_its_data() -> None:
    text = done(
        """\
def prepare():
    out = PipelineData("out")
    step = PythonScriptStep("a.py", arguments=[out], outputs=[out], compute_target="cpu", runconfig=env)
    return step, out


"""
        + TRAIN
        + """\
ws = Workspace.from_config()
first, clean = prepare()
one = make_train(clean, "one", 0.1)
pipeline = Pipeline(ws, steps=[first, one])
"""
    )
    assert "return step_component first" not in text and "first = prepare()" in text
    assert "one_node = one(data=first_node.outputs.out)" in text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    step = Python", "    print(data.name)\n    step = Python"),
        ('one = make_train(clean, "one", rate)', 'one = make_train(*[clean, "one", rate])'),
        ('one = make_train(clean, "one", rate)', "one = list(map(make_train, [clean]))[0]"),
        ("two = make_train", "one = make_train"),
        ("one = make_train(clean", "one = make_train(load('clean')"),
        ("two = make_train(clean, rate=rate", "for i in range(2):\n    two = make_train(clean, rate=rate"),
        ("two = make_train(clean", "other = make_prepare(raw, clean)\ntwo = make_train(clean"),
    ],
)
def test_a_function_that_cannot_be_followed_is_left(old: str, new: str) -> None:
    text = PREPARE + TRAIN + MAIN
    assert old in text
    found = convert(HEAD + text.replace(old, new))
    assert "def pipeline(" not in found.text and "PythonScriptStep(" in found.text
    assert Status.MANUAL in {finding.status for finding in found.findings}


def test_without_a_pipeline_here_the_function_keeps_its_data() -> None:
    """Who makes the pipeline is not known: the data would be lost."""
    found = convert(HEAD + PREPARE + TRAIN + MAIN.partition("pipeline =")[0]).text
    assert "def make_train(data, name, rate" in found and "make_train(clean" in found


LIVE = """\
from azureml.core import Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import CommandStep, PythonScriptStep

ws = Workspace.from_config()
cpu = ComputeTarget.create(
    ws, "cpu-cluster", AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=2)
)


def write(name, out, text):
    return PythonScriptStep(
        "write.py", name=name, arguments=[f"--out={out}", "--text", text], outputs=[out],
        source_directory="steps", compute_target=cpu,
    )


def check(one, two, expected):
    step = CommandStep(
        name="check", command=f"cat {one}/text {two}/text > all && grep -x -- '{expected}' all", inputs=[one, two],
        source_directory="steps", compute_target=cpu,
    )
    return step


first, second = PipelineData("first"), PipelineData("second")
text = PipelineParameter("text", default_value="a")
a = write("a", first, text)
b = write("b", second, "b")
b.run_after(a)
c = check(first, second, "ab")
run = Experiment(ws, "factories").submit(Pipeline(ws, [a, b, c]))
run.wait_for_completion(show_output=True)
print("PIPELINE", run.get_status() == "Completed")
"""
WRITE = """\
import argparse
import os

parser = argparse.ArgumentParser()
parser.add_argument("--out")
parser.add_argument("--text")
args = parser.parse_args()
os.makedirs(args.out, exist_ok=True)
with open(os.path.join(args.out, "text"), "w") as file:
    file.write(args.text)
"""


@pytest.mark.slow
def test_a_pipeline_of_such_steps_runs(tmp_path: Path, empty_live: LiveService) -> None:
    after = convert(LIVE).text
    assert "return step_component" in after and 'a = write("a")' in after
    done = empty_live.run(after, folder=tmp_path / "code", files={"steps/write.py": WRITE}, timeout=300)
    assert "PIPELINE True" in done.stdout.splitlines()
