"""Pipelines whose steps are made by code that runs: it moves into the function of the pipeline."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.findings import Status
from amlbridge.migrate.signatures.check import check_generated
from tests.migrate.project.test_exchange import converted, flat
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep


"""


def step(name: str, data: str = "", rest: str = "") -> str:
    return (
        f'PythonScriptStep("{name}.py", name="{name}", arguments=["--data", {data}], {rest}'
        'compute_target="cpu", runconfig=env)'
    )


LOOP = f"""\
steps = []
for region in regions:
    step = {step("train", "region")}
    steps.append(step)
pipeline = Pipeline(ws, steps=steps)
"""


def done(text: str) -> str:
    """Converts; nothing may be left."""
    found = convert(HEAD + text)
    assert {finding.status for finding in found.findings} <= {Status.CONVERTED, Status.REVIEW}, found.findings
    assert not check_generated(found.text)
    return flat(found.text)


def left(text: str) -> str:
    """Converts; the pipeline, its steps and its data stay. Returns the first reason."""
    found = convert(HEAD + text)
    assert "@dsl.pipeline()" not in found.text and "command(" not in found.text, found.text
    reasons = [finding.message for finding in found.findings if finding.symbol == "Pipeline"]
    return reasons[0]


def test_a_loop_moves_into_the_function() -> None:
    found = convert(HEAD + LOOP.replace("pipeline =", "print(regions)\n# One for each region.\npipeline ="))
    text = found.text
    body = text.split("def pipeline():\n")[1]
    assert body.startswith("    for region in regions:\n        step_component = command(")
    assert body.endswith("        step = step_component()\n") and "steps" not in text
    assert text.index("print(regions)") < text.index("@dsl.pipeline()")
    assert "# One for each region.\n@dsl.pipeline()" in text


def test_comments_move_with_their_statements() -> None:
    text = convert(HEAD + LOOP.replace("for ", "# A step of each.\nfor ").replace("(step)", "(step)  # for later")).text
    assert "    # A step of each.\n    for region in regions:" in text and "# for later" in text


def test_data_is_the_output_of_the_node_from_there_on() -> None:
    text = done(
        f"""\
parts = []
steps = []
for region in regions:
    part = PipelineData(region)
    steps.append({step("train", "part", "outputs=[part], ")})
    parts.append(part)
last = {step("merge", "parts[0]", "inputs=parts, ").replace('"--data", parts[0]', "")}
pipeline = Pipeline(ws, steps=[*steps, last])
"""
    )
    assert "train = train_component() part = train.outputs.data steps.append(train) parts.append(part)" in text
    assert 'last_inputs = {f"data_{number}": data for number, data in enumerate(parts)}' in text
    assert "last = last_component(**last_inputs)" in text


def test_a_function_makes_a_node_for_each_call() -> None:
    made = f"def make(region):\n    return {step('train', 'region')}\n\n\n"
    after = done(f"{made}pipeline = Pipeline(ws, steps=[make(region) for region in regions])\n")
    assert "train = train_component() return train" in after
    assert "def pipeline(): for region in regions: make(region)" in after


def test_functions_hand_on_steps_and_data() -> None:
    text = done(
        f"""\
def prepare(env):
    clean = PipelineData("clean")
    raw = PipelineData("raw")
    step = {step("prepare", "raw", "outputs=[raw], ")}
    cleaned = {step("clean", "raw, clean", "inputs=[raw], outputs=[clean], ")}
    return step, cleaned, {{"clean": clean}}


def train(raw, rows):
    step = {step("train", "raw, rows", "inputs=[raw], ")}
    return step


rows = PipelineParameter("rows", default_value=5)
first, second, outputs = prepare(env)
third = train(outputs["clean"], rows)
pipeline = Pipeline(ws, steps=[first, second, third])
pipeline.submit("e", pipeline_parameters={{"rows": 3}})
"""
    )
    assert "step = step_component() raw = step.outputs.data cleaned_component = " in text
    assert 'clean = cleaned.outputs.clean return step, cleaned, {"clean": clean}' in text
    assert "def pipeline(rows=5): first, second, outputs = prepare(env)" in text
    assert 'third = train(outputs["clean"], rows)' in text
    assert "pipeline(rows=3)" in text


def test_methods_keep_their_data_in_attributes() -> None:
    text = done(
        f"""\
class Builder:
    def __init__(self, ws):
        self.ws, self.raw = ws, None
        self.raw = PipelineData("raw")

    def prepare(self):
        return {step("prepare", "self.raw", "outputs=[self.raw], ")}

    def train(self):
        return {step("train", "self.raw", "inputs=[self.raw], ")}

    def build(self):
        return Pipeline(self.ws, steps=[self.prepare(), self.train()])
"""
    )
    assert "self.raw = prepare.outputs.data return prepare" in text
    assert "def pipeline_function(): self.prepare() self.train() return pipeline_function" in text


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("pipeline =", "print(region)\npipeline =", "region is used"),
        ("steps.append(step)", "step.run_after(first)\n    steps.append(step)", "order of steps"),
        ("    steps.append(step)", "    if region:\n        steps.append(step)", "not all steps"),
        ("pipeline = Pipeline(ws, steps=steps)", "p = Pipeline(ws, steps=steps)\nprint(len(steps))", "steps is used"),
        ("steps.append(step)", "steps.append(step)\nregions = []", "regions changes"),
        ("for region", "data = PipelineData('data')\nwrite(data)\nfor region", "passed on"),
    ],
)
def test_what_else_is_done_with_the_steps_keeps_them(old: str, new: str, reason: str) -> None:
    assert reason in left(LOOP.replace(old, new))


def test_a_pipeline_that_stays_keeps_the_loop() -> None:
    found = convert(HEAD + LOOP + "pipeline.what_is_this(1)\n")
    assert "PythonScriptStep(" in found.text and "command(" not in found.text


def test_data_that_is_read_before_it_is_written_is_left() -> None:
    text = f"""\
raw = PipelineData("raw")
steps = []
for region in regions:
    steps.append({step("train", "raw", "inputs=[raw], ")})
steps.append({step("prepare", "raw", "outputs=[raw], ")})
pipeline = Pipeline(ws, steps=steps)
"""
    assert "no step above writes" in left(text)


PREPARE = f"""\
{HEAD}
def prepare_step(ws, env):
    raw = PipelineData("raw", datastore=ws.get_default_datastore())
    outputs = [raw]
    outputs_map = {{"raw": raw}}
    step = {step("prepare", "raw", "outputs=outputs, ")}
    return step, outputs_map
"""
TRAIN = f"""\
{HEAD}
def train_step(raw, env):
    epochs = PipelineParameter(name="epochs", default_value=3)
    model = PipelineData("model", datastore=raw.datastore)
    step = {step("train", "raw, model, epochs", "inputs=[raw], outputs=[model], ")}
    return step, {{"model": model}}
"""
SUBMIT = f"""\
{HEAD}
from prepare import prepare_step
from train import train_step

ws = Workspace.from_config()
prepare_step, prepared = prepare_step(ws, "env@latest")
train_step, trained = train_step(prepared["raw"], "env@latest")
pipeline = Pipeline(ws, steps=[prepare_step, train_step])
pipeline.submit("e", pipeline_parameters={{"epochs": 4}})
"""


def test_functions_of_other_modules_are_called_in_the_function_of_the_pipeline(tmp_path: Path) -> None:
    """They take the parameters of the pipeline that they made; variables that hide them get another name."""
    after = converted(tmp_path, {"prepare.py": PREPARE, "train.py": TRAIN, "submit.py": SUBMIT})
    assert "from azureml" not in "".join(after.values())
    main = flat(after["submit.py"])
    assert 'def pipeline(epochs=3): prepare_node, prepared = prepare_step(ml_client, "env@latest")' in main
    assert 'train_node, trained = train_step(prepared["raw"], "env@latest", epochs=epochs)' in main
    assert "pipeline(epochs=4)" in main
    assert "def train_step(raw, env, epochs=3):" in after["train.py"]
    prepared = flat(after["prepare.py"])
    assert 'raw = step.outputs.data outputs_map = {"raw": raw} return step, outputs_map' in prepared
    assert "outputs = [raw]" not in prepared


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("submit.py", "pipeline.submit", "pipeline.what_is_this(1)\npipeline.submit"),
        ("submit.py", "pipeline = ", "train_step.run_after(prepare_step)\npipeline = "),
        ("train.py", "default_value=3", "default_value=EPOCHS"),
    ],
)
def test_modules_stay_together(file: str, old: str, new: str, tmp_path: Path) -> None:
    """Where one of them has to stay SDK v1, no other one makes nodes."""
    files = {"prepare.py": PREPARE, "train.py": TRAIN, "submit.py": SUBMIT}
    files[file] = files[file].replace(old, new)
    after = converted(tmp_path, files)
    assert "command(" not in after["train.py"] and "command(" not in after["prepare.py"]
    assert "@dsl.pipeline()" not in after["submit.py"]
