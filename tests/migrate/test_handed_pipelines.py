"""Steps of one function and the pipeline that another one makes of them are converted together, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.migrate.project.test_exchange import converted, flat

PUBLISH = """\
from azureml.pipeline.core import Pipeline


def publish(ws, name, steps, version=None):
    pipeline = Pipeline(workspace=ws, steps=steps)
    pipeline.validate()
    return pipeline.publish(name=name, version=version)
"""
BUILD = """\
from azureml.core import Workspace
from azureml.pipeline.core import PipelineData
from azureml.pipeline.steps import PythonScriptStep
from helper import publish


def main(ws, env):
    data = PipelineData("data")
    where = {"compute_target": "cpu", "runconfig": env}
    prepare = PythonScriptStep("prepare.py", arguments=["--out", data], outputs=[data], **where)
    train = PythonScriptStep("train.py", arguments=["--data", data], inputs=[data], **where)
    published = publish(ws, "nightly", {passed})
    print(published.name)


main(Workspace.from_config(), "env@latest")
"""
MAKER = "def publish(ws, name, pipeline, version=None):"


@pytest.mark.parametrize("keyword", ["", "steps="])
def test_the_caller_gives_the_function_of_the_pipeline(tmp_path: Path, keyword: str) -> None:
    text = BUILD.replace("{passed}", f"{keyword}[prepare, train]")
    helper, build = converted(tmp_path, {"helper.py": PUBLISH, "build_nightly_pipeline.py": text}).values()
    assert "azureml" not in helper + build.replace("azureml:", "")
    assert MAKER in helper and "steps" not in helper
    assert "def nightly_pipeline():" in build
    assert "train = train_component(data=prepare.outputs.out)" in build
    passed = keyword and "pipeline="
    assert f'publish(ws, "nightly", {passed}nightly_pipeline)' in flat(build)


def test_a_list_that_has_a_variable_goes(tmp_path: Path) -> None:
    text = BUILD.replace("{passed}", "steps")
    text = text.replace("    published =", "    steps = [prepare, train]\n    published =")
    _helper, build = converted(tmp_path, {"helper.py": PUBLISH, "build.py": text}).values()
    assert "steps = [" not in build and '"nightly", pipeline_function)' in flat(build)


def test_the_function_may_be_in_the_same_module(tmp_path: Path) -> None:
    text = BUILD.replace("from helper import publish\n", "").replace("{passed}", "[prepare, train]")
    place = text.index("\n\ndef main")
    text = text[:place] + PUBLISH.partition("\n")[2] + text[place:]
    text = text.replace("core import PipelineData", "core import Pipeline, PipelineData")
    (after,) = converted(tmp_path, {"build.py": text}).values()
    assert "azureml" not in after.replace("azureml:", "")
    assert MAKER in after and '"nightly", pipeline_function)' in flat(after)


@pytest.mark.parametrize(
    ("helper", "steps"),
    [
        (PUBLISH.replace("    pipeline.validate()", "    print(len(steps))"), "[prepare, train]"),
        (PUBLISH, "[prepare, train, DatabricksStep(name='x')]"),
    ],
)
def test_both_sides_stay_where_one_has_to(tmp_path: Path, helper: str, steps: str) -> None:
    text = BUILD.replace("{passed}", steps)
    text = text.replace("import PythonScriptStep", "import DatabricksStep, PythonScriptStep")
    after = converted(tmp_path, {"helper.py": helper, "build.py": text})
    assert "Pipeline(workspace=ws, steps=steps)" in after["helper.py"]
    assert "prepare = PythonScriptStep(" in after["build.py"] and "command(" not in after["build.py"]
