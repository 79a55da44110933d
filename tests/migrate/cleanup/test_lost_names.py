"""Names that the new code reads are defined in it."""

from __future__ import annotations

import ast

from amlbridge.migrate.analysis.values import Evaluator
from amlbridge.migrate.cleanup.lost_names import lost_names
from tests.migrate.rules.support import convert


def test_a_name_is_lost_when_only_the_new_code_does_not_define_it() -> None:
    old = Evaluator(ast.parse("a = b = 1\nprint(a, b, other)\ndef f(c):\n    return c\n"))
    assert lost_names(old, "a = 1\nprint(a, b, other, len, __file__)\ndef f(c):\n    return c\nc\n") == {"b", "c"}
    assert lost_names(old, "from other import *\nprint(b)\n") == set()


def test_a_parameter_that_is_handed_on_in_a_way_that_is_not_followed_stays() -> None:
    text = convert(
        """\
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline, PipelineParameter
from steps import TrainStep

ws = Workspace.from_config()
epochs = PipelineParameter("epochs", 1)
given = {"epochs": epochs}
step = TrainStep(given)
pipeline = Pipeline(ws, steps=step.steps)
"""
    ).text
    assert 'epochs = PipelineParameter("epochs", 1)' in text


def test_a_module_that_a_function_imports_itself_gets_another_name() -> None:
    text = convert(
        """\
import os
from azureml.core import Run

def connect():
    run = Run.get_context()
    if run.id.startswith("OfflineRun"):
        import os
        print(os.environ)
    return run.experiment.workspace
"""
    ).text
    assert "import os as v2_os\n" in text and '"AZUREML_RUN_ID" not in v2_os.environ' in text


def test_the_compute_of_a_function_is_not_named_outside_of_it() -> None:
    conversion = convert(
        """\
from azureml.core import ScriptRunConfig
from azureml.core.runconfig import RunConfiguration

def configuration(name):
    target = find(name)
    config = RunConfiguration()
    config.target = target
    return config

job = ScriptRunConfig(".", "train.py", run_config=configuration("cpu"))
"""
    )
    assert "target" not in conversion.text.split("job = ")[1]
    assert any("compute" in finding.message for finding in conversion.findings)


def test_the_compute_that_a_function_is_given_is_that_of_its_call() -> None:
    text = convert(
        """\
from azureml.core import ScriptRunConfig
from azureml.core.runconfig import RunConfiguration

def configuration(nodes, target):
    config = RunConfiguration()
    config.target = target
    return config

settings = configuration(2, "gpu")
job = ScriptRunConfig(".", "train.py", run_config=settings)
other = ScriptRunConfig(".", "train.py", run_config=configuration(1, target="cpu"))
"""
    ).text
    first, second = text.split("job = ")[1].split("other = ")
    assert 'compute="gpu"' in first and 'compute="cpu"' in second
