"""What only put the steps of a pipeline together goes; everything else stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.analysis.uses import find_uses
from amlbridge.migrate.analysis.values import Evaluator
from amlbridge.migrate.cleanup.without_steps import Narrowed, without_steps
from amlbridge.migrate.convert import parse
from amlbridge.migrate.module import ModuleText

HEAD = """\
from azureml.core import Dataset, Environment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
"""


def narrowed(body: str, elsewhere: frozenset[str] = frozenset()) -> Narrowed:
    """The module without the steps of its pipeline."""
    text = HEAD + body
    evaluator = Evaluator(parse(ModuleText(Path("a.py"), text)))
    use = next(use for use in find_uses(evaluator) if use.symbol == "Pipeline" and use.call is not None)
    steps = use.argument("steps", position=1)
    assert steps is not None
    return without_steps(text, evaluator, steps, "MARK", elsewhere)


def left(body: str, elsewhere: frozenset[str] = frozenset()) -> str:
    """What is left of the body."""
    return narrowed(body, elsewhere).text.partition("from_config()\n")[2]


def test_functions_loops_and_objects_that_only_lead_to_the_steps() -> None:
    body = """\
names = ["a", "b"]

# One for each name.
def make(name):
    return PythonScriptStep(name=name, script_name="a.py", runconfig=env)


env = Environment("e")
env.docker.enabled = True
steps = []
for name in names:
    step = make(name)
    if steps:
        step.run_after(steps[-1])
    steps.append(step)
Pipeline(ws, steps=steps).submit("x")
"""
    assert left(body) == '\nPipeline(ws, steps="MARK").submit("x")\n'


@pytest.mark.parametrize(
    "kept",
    [
        "names = load()\n",  # it may do something
        "compute = ComputeTarget.create(ws, 'c', AmlCompute.provisioning_configuration())\n",
        "data = Dataset.get_by_name(ws, 'd').register(ws, 'e')\n",
    ],
)
def test_what_does_something_stays(kept: str) -> None:
    name = kept.partition(" ")[0]
    body = f"{kept}step = PythonScriptStep(name={name}, script_name='a.py')\nPipeline(ws, [step])\n"
    assert left(body) == f'{kept}Pipeline(ws, "MARK")\n'


def test_what_something_else_reads_stays_with_what_it_needs() -> None:
    body = """\
def make():
    return [PythonScriptStep("a.py")]

steps = make()
extra = 1
print(steps)
Pipeline(ws, steps)
"""
    assert left(body) == body.replace("Pipeline(ws, steps)", 'Pipeline(ws, "MARK")')
    read = body.replace("print(steps)\n", "")
    assert left(read) == '\nextra = 1\nPipeline(ws, "MARK")\n'
    assert "def make()" in left(read, frozenset({"make"}))
    assert "steps = make()" not in left(read, frozenset({"make"}))


def test_a_block_of_which_nothing_stays() -> None:
    body = """\
def main(flag):
    steps = []
    if flag:
        steps.append(PythonScriptStep("a.py"))
        print("with a")
    else:
        steps.append(PythonScriptStep("b.py"))
    Pipeline(ws, steps)
"""
    assert (
        left(body)
        == """\
def main(flag):
    if flag:
        print("with a")
    else:
        pass
    Pipeline(ws, "MARK")
"""
    )


def test_places_are_those_of_the_old_text() -> None:
    found = narrowed("a = 1\nstep = PythonScriptStep(\n    'a.py')\nb = 2\nPipeline(ws, [step])\n")
    lines = dict(zip(found.text.splitlines(), found.lines, strict=False))
    assert (lines["a = 1"], lines["b = 2"], lines['Pipeline(ws, "MARK")']) == (7, 10, 11)
    assert found.is_gone(9, 5) and found.is_gone(11, 14)
    assert not found.is_gone(7, 1) and not found.is_gone(11, 1)
