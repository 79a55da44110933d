"""Pipelines whose steps a function returns as a list."""

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
STEPS = """\
def get_steps(env):
    data = PipelineData("data")
    rows = PipelineParameter("rows", default_value=5)
    where = {"compute_target": "cpu", "runconfig": env}
    prepare = PythonScriptStep("a.py", name="a", arguments=["--out", data, rows], outputs=[data], **where)
    train = PythonScriptStep("b.py", name="b", arguments=["--data", data], inputs=[data], **where)
    steps = [prepare, train]
    return steps


"""
MAIN = """\
ws = Workspace.from_config()
steps = get_steps("env@latest")
pipeline = Pipeline(workspace=ws, steps=steps, description="nightly")
pipeline.submit("e", pipeline_parameters={"rows": 3})
"""


@pytest.mark.parametrize("function", ["", "class Builder:\n    @staticmethod\n"])
def test_the_function_gives_that_of_the_pipeline(function: str) -> None:
    text, called = STEPS, "get_steps"
    if function:
        text = function + "\n".join(f"    {line}" if line else line for line in STEPS.splitlines()) + "\n\n\n"
        called = "Builder.get_steps"
    found = convert(HEAD + text + MAIN.replace("get_steps", called))
    assert {finding.status for finding in found.findings} <= {Status.CONVERTED, Status.REVIEW}, found.findings
    assert not check_generated(found.text)
    after = flat(found.text)
    assert '@dsl.pipeline(description="nightly") def pipeline(rows=5): prepare = prepare_component(' in after
    assert "train = train_component(data=prepare.outputs.out) return pipeline" in after
    assert f'steps = {called}("env@latest") pipeline = steps' in after and "steps = [" not in after
    assert 'create_or_update(pipeline(rows=3), experiment_name="e")' in after


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pipeline = Pipeline", "print(len(steps))\npipeline = Pipeline"),
        ("pipeline = Pipeline", "steps.append(None)\npipeline = Pipeline"),
        ("pipeline = Pipeline", "others = list(map(get_steps, []))\npipeline = Pipeline"),
        ('description="nightly"', "description=text"),
        ("pipeline.submit", "pipeline.what_is_this(1)\npipeline.submit"),
    ],
)
def test_a_list_that_more_is_done_with_is_left(old: str, new: str) -> None:
    found = convert(HEAD + STEPS + MAIN.replace(old, new))
    assert "Pipeline(workspace=ws, steps=steps" in found.text and found.text.count(" = PythonScriptStep(") == 2
    assert "command(" not in found.text, "a pipeline of SDK v1 gets no component of SDK v2"


def test_a_pipeline_that_stays_keeps_the_steps_of_its_list() -> None:
    """Also where the list has a variable: a pipeline of SDK v1 cannot run components."""
    step = 'a = PythonScriptStep("a.py", compute_target="cpu", runconfig=env)\n'
    for listed in ("steps = [a]\n", "steps = []\nsteps.append(a)\n", "steps = []\nsteps += [a]\n"):
        found = convert(f"{HEAD}{step}{listed}pipeline = Pipeline(ws, steps=steps)\npipeline.what_is_this(1)\n")
        assert "a = PythonScriptStep(" in found.text and "command(" not in found.text


def test_steps_of_another_module_are_made_in_the_function_of_the_pipeline(tmp_path: Path) -> None:
    main = f"{HEAD}from steps import get_steps\n{MAIN}"
    after = converted(tmp_path, {"steps.py": HEAD + STEPS, "main.py": main})
    assert "def get_steps(env, rows=5):" in after["steps.py"] and "return steps" in after["steps.py"]
    assert 'get_steps("env@latest", rows=rows)' in after["main.py"].split("def pipeline(rows=5):")[1]
