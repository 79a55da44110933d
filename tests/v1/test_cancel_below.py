"""Cancelling a run cancels what was submitted below it."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService
from tests.v1.test_execution import PRELUDE

pytestmark = pytest.mark.slow


def test_children_end_with_their_parent(live: LiveService) -> None:
    out = live.run(
        PRELUDE
        + """
import time
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep
experiment = Experiment(ws, "family")

def until(condition):
    end = time.time() + 60
    while not condition():
        assert time.time() < end
        time.sleep(0.2)

def family(run):
    return {child.display_name or child.name: child for child in run.get_children(recursive=True)}

def statuses(run):
    return sorted(child.get_status() for child in run.get_children(recursive=True))

run = experiment.submit(ScriptRunConfig("src", "parent.py", compute_target="cpu"))
until(lambda: statuses(run) == ["Running", "Running"])
run.cancel()
until(lambda: run.get_status() == "Canceled")
until(lambda: statuses(run) == ["Canceled", "Canceled"])
print("SCRIPT", run.get_status())

step = PythonScriptStep("parent.py", name="parent", source_directory="src", compute_target="cpu", allow_reuse=False)
pipeline = experiment.submit(Pipeline(ws, [step]))
until(lambda: statuses(next(pipeline.get_children())) == ["Running", "Running"])
child = next(pipeline.get_children())
pipeline.cancel()
until(lambda: child.get_status() == "Canceled")
until(lambda: statuses(child) == ["Canceled", "Canceled"])
until(lambda: pipeline.get_status() == "Canceled")
print("PIPELINE", pipeline.get_status())

parent = experiment.start_logging()
done = parent.child_run("done")
done.complete()
below = parent.child_run("below").submit_child(ScriptRunConfig("src", "slow.py", compute_target="cpu"))
until(lambda: below.get_status() == "Running")
parent.cancel()
until(lambda: below.get_status() == "Canceled")
print("OWN", parent.get_status(), done.get_status())
""",
        files={
            "src/parent.py": """
                import time
                from azureml.core import Run, ScriptRunConfig
                run = Run.get_context()
                run.child_run("own")
                run.submit_child(ScriptRunConfig(".", "slow.py", compute_target="cpu"))
                time.sleep(300)
            """,
            "src/slow.py": "import time\ntime.sleep(300)\n",
        },
    ).stdout
    assert "SCRIPT Canceled" in out
    assert "PIPELINE Canceled" in out
    assert "OWN Canceled Completed" in out
