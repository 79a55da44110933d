"""Notebooks as steps and jobs: what papermill gets."""

from __future__ import annotations

import re
import shlex

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Experiment, Workspace
from azureml.contrib.notebook import NotebookRunConfig, NotebookRunnerStep
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter

ws = Workspace.from_config()
"""
STEP = """\
rows = PipelineParameter("rows", default_value=5)
label = PipelineParameter("label", default_value="all")
clean = PipelineData("clean")
config = NotebookRunConfig(source_directory="code", notebook="a b.ipynb", parameters={parameters})
step = NotebookRunnerStep(
    name="train",
    notebook_run_config=config,
    params={{"rows": rows, "label": label}},
    outputs=[clean],
    compute_target="cpu",
)
run = Experiment(ws, "x").submit(Pipeline(ws, [step]))
"""


def words(text: str) -> list[str]:
    """The words of papermill's command line in converted code."""
    literal = re.search(r"command=(\((?:\s*\"[^\n]*\"\s*)+\)|\"[^\n]*\")", text)
    assert literal is not None
    command = eval(literal.group(1))
    return shlex.split(command.rpartition("&& ")[2])


def test_parameters_numbers_and_data() -> None:
    found = convert(HEAD + STEP.format(parameters='{"name": "7", "ratio": 0.5, "none": None}'))
    assert {finding.status for finding in found.findings} == {Status.CONVERTED, Status.REVIEW}
    assert words(found.text) == [
        *("papermill", "-k", "python3", "a b.ipynb", "outputs/a b.ipynb"),
        *("-r", "name", "7", "-p", "ratio", "0.5"),
        *("-p", "rows", "${{inputs.rows}}", "-r", "label", "${{inputs.label}}"),
        *("-r", "clean", "${{outputs.clean}}"),
    ]
    assert "step = step_component(rows=rows, label=label)" in found.text


def test_a_notebook_as_a_job_of_its_own() -> None:
    text = 'run = Experiment(ws, "x").submit(NotebookRunConfig("code", "n.ipynb", parameters={"ratio": 1}))\n'
    found = convert(HEAD + text)
    assert {finding.status for finding in found.findings} == {Status.CONVERTED, Status.REVIEW}
    assert words(found.text)[-3:] == ["-p", "ratio", "1"]
    assert 'code="code"' in found.text and "azureml.contrib" not in found.text


def test_parameters_of_run_time_are_left() -> None:
    found = convert(HEAD + STEP.format(parameters="load()"))
    left = {finding.symbol: finding.message for finding in found.findings if finding.status is Status.MANUAL}
    assert "put together at run time" in left["NotebookRunnerStep"]


def test_the_name_of_a_notebook_may_be_put_together() -> None:
    text = convert(
        """\
        from azureml.contrib.notebook import NotebookRunConfig

        NAME = "train.ipynb"
        config = NotebookRunConfig(
            source_directory="..", notebook="notebooks/" + NAME, output_notebook="outputs/out.ipynb", run_config=env
        )
        """
    ).text
    assert "azureml.contrib" not in text
    assert "mkdir -p outputs &&" in text and "notebooks/train.ipynb outputs/out.ipynb" in " ".join(text.split())
