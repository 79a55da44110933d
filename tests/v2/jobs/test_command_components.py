"""Components written as Python functions with mldesigner's `@command_component`."""

from __future__ import annotations

import pytest

from amlbridge.engine.cause import advice
from tests.support.live import LiveService
from tests.v1.pipelines.scripts import lines
from tests.v2.jobs.scripts import HEAD

pytest.importorskip("mldesigner")
pytestmark = pytest.mark.slow

COMPONENTS = """
from mldesigner import Input, Output, command_component

ENV = {"name": "mine", "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04"}

@command_component(name="double_it", version="3", display_name="Double it", environment=ENV)
def double(text: str, times: int = 2, where: Output(type="uri_folder") = None):
    import os
    open(os.path.join(where, "t.txt"), "w").write(text * times)
    print("MADE", text * times)

@command_component(name="count_it", environment=ENV)
def count(source: Input(type="uri_folder"), more: Input(type="integer", optional=True) = None):
    import os
    from mldesigner._utils import _write_properties_to_run_history
    found = len(open(os.path.join(source, "t.txt")).read()) + (more or 0)
    print("COUNTED", found)
    # What its step runner does with results that are no files.
    _write_properties_to_run_history({"counted": str(found)}, "count")

@command_component(name="measure", environment=ENV)
def measure(source: Input(type="uri_folder")) -> int:
    import os
    return len(open(os.path.join(source, "t.txt")).read())

@command_component(name="greet", environment=ENV)
def greet(whom: str) -> str:
    return f"it's {whom}"

@command_component(name="tell", environment=ENV)
def tell(text: str, number: int, ratio: float, as_file: Input(type="uri_file")):
    print("TOLD", repr(text), repr(number), repr(ratio), repr(open(as_file).read()))
"""
LITERALS = """
import sys
sys.path.insert(0, "src")
from functions import double, greet, measure, tell

@dsl.pipeline()
def measured(text: str):
    where = double(text=text).outputs.where
    return {"size": measure(source=where).outputs.output}

@dsl.pipeline(default_compute="serverless")
def literals(text: str = "ab"):
    size = measured(text=text).outputs.size
    greeting = greet(whom="B").outputs.output
    tell(text=greeting, number=size, ratio=size, as_file=greeting)

job = follow(literals())
print("JOB", job.status[:])
told = next(child for key, child in children(job).items() if key.endswith("tell"))
ml.jobs.download(told.name, download_path="told", all=True)
print([line for line in tree("told")["artifacts/user_logs/std_log.txt"].splitlines() if line.startswith("TOLD")][0])

@dsl.pipeline(default_compute="serverless")
def wrong():
    tell(text="t", number=greet(whom="B").outputs.output, ratio=1.0, as_file=greet(whom="B").outputs.output)

refused(lambda: ml.jobs.create_or_update(wrong()))
"""
CLIENT = """
import sys
sys.path.insert(0, "src")
from functions import count, double

@dsl.pipeline(default_compute="serverless")
def chain(text: str = "ab"):
    doubled = double(text=text, times=3)
    counted = count(source=doubled.outputs.where, more=1)
    return {"where": doubled.outputs.where}

job = follow(chain())
print("JOB", job.status[:])
for key, child in sorted(children(job).items()):
    print("CHILD", key, child.status[:], child.properties["azureml.moduleName"], child.properties.get("counted"))
    ml.jobs.download(child.name, download_path=key, all=True)
    said = tree(key)["artifacts/user_logs/std_log.txt"].splitlines()
    print("SAID", key, [line for line in said if line.startswith(("MADE", "COUNTED"))])
ml.jobs.download(job.name, output_name="where", download_path="where")
print("WHERE", tree("where"))
"""


def test_a_pipeline_of_functions(live: LiveService) -> None:
    done = live.run(HEAD + CLIENT, files={"src/functions.py": COMPONENTS}).stdout
    assert lines(done, "JOB") == ["Completed"]
    assert lines(done, "CHILD") == ["counted Completed count_it 7", "doubled Completed double_it None"]
    assert lines(done, "SAID") == ["counted ['COUNTED 7']", "doubled ['MADE ababab']"]
    assert lines(done, "WHERE") == ["{'named-outputs/where/t.txt': 'ababab'}"]


def test_what_a_function_returns_is_a_literal_of_the_next(live: LiveService) -> None:
    done = live.run(HEAD + LITERALS, files={"src/functions.py": COMPONENTS}).stdout
    assert lines(done, "JOB") == ["Completed"]
    assert lines(done, "TOLD") == ['"it\'s B" 4 4.0 "it\'s B"']
    assert "wants a literal (integer), but is given one of type string" in done


def test_without_mldesigner_the_step_says_how_to_get_it() -> None:
    words = "/bin/bash: line 1: mldesigner: command not found\n"
    assert "pip install mldesigner==0.1.0b23" in advice(words, 127, None)
    traceback = (
        "Traceback (most recent call last):\n  File \"x.py\"\nModuleNotFoundError: No module named 'mldesigner'\n"
    )
    assert "pip install mldesigner==0.1.0b23" in advice(traceback, 1, None)
