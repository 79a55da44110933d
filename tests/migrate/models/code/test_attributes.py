"""Steps, their data and their pipeline that a class keeps in attributes."""

from __future__ import annotations

import ast

import pytest

from amlbridge.migrate.findings import Status
from amlbridge.migrate.signatures.check import check_generated
from tests.migrate.project.test_exchange import flat
from tests.migrate.rules.support import convert

BUILDER = """\
from azureml.core import Experiment, Workspace
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep


class Builder:
    def __init__(self, ws):
        self.ws = ws
        self.data = PipelineData("data")
        self.where = {"compute_target": "cpu", "runconfig": "env@latest"}

    def make_prepare(self):
        self.prepare = PythonScriptStep(
            "a.py", name="a", arguments=["--out", self.data], outputs=[self.data],
            compute_target="cpu", runconfig="env@latest",
        )

    def make_train(self):
        self.train = PythonScriptStep(
            "b.py", name="b", arguments=["--data", self.data], inputs=[self.data],
            compute_target="cpu", runconfig="env@latest",
        )
        self.check = PythonScriptStep("c.py", name="c", compute_target="cpu", runconfig="env@latest")
        self.check.run_after(self.train)

    def submit(self):
        self.make_prepare()
        self.make_train()
        self.pipeline = Pipeline(self.ws, steps=[self.prepare, self.train, self.check])
        self.pipeline.validate()
        return Experiment(self.ws, "e").submit(self.pipeline)


print(Builder(Workspace.from_config()).submit().id)
"""


def test_a_pipeline_of_steps_in_attributes() -> None:
    found = convert(BUILDER)
    assert {finding.status for finding in found.findings} <= {Status.CONVERTED, Status.REVIEW}, found.findings
    assert not check_generated(found.text)
    ast.parse(found.text)
    text = flat(found.text)
    assert 'def make_prepare(self): self.prepare = command( name="a"' in text.replace("command(name", "command( name")
    assert "self.data" not in text and "def __init__(self, ws): self.ws = ws" in text
    assert "def pipeline_function(): a = self.prepare() b = self.train(data=a.outputs.out)" in text
    assert "c = self.check(after_b=b.outputs.order_token) self.pipeline = pipeline_function" in text
    assert 'create_or_update(self.pipeline(), experiment_name="e")' in text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("print(Builder", "other = load()\nprint(other.data)\nprint(Builder"),
        ("        self.make_prepare()\n", "        self.make_prepare()\n        self.data = load()\n"),
        ("        self.make_prepare()\n", "        self.make_prepare()\n        print(self.data)\n"),
        ("        self.make_prepare()\n", "        self.make_prepare()\n        self.prepare = self.train\n"),
    ],
)
def test_an_attribute_that_more_is_done_with_is_left(old: str, new: str) -> None:
    assert old in BUILDER
    found = convert(BUILDER.replace(old, new))
    assert "    @dsl.pipeline()" not in found.text and "Pipeline(self.ws, steps=" in found.text
    assert found.text.count(" = PythonScriptStep(") == 3
