"""The run of a step is found by the step's name, wherever the code that looks for it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.migrate.project.test_exchange import converted, flat

PIPELINE = """\
from azureml.core import Experiment, Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
fit_step = PythonScriptStep("fit.py", name="fit the trees", source_directory="steps", compute_target="cpu")
pipeline = Pipeline(ws, steps=[fit_step])
Experiment(ws, "trees").submit(pipeline)
"""
REGISTER = """\
from azureml.core import Run

run = Run.get_context()
fitted = run.parent.find_step_run("fit the trees")[0]
fitted.register_model("trees", model_path="outputs/trees.pkl")
"""
LATEST = """\
from azureml.core import Experiment, Workspace

latest = next(Experiment(Workspace.from_config(), "trees").get_runs())
print([step.id for step in latest.get_steps() if step.name == 'fit the trees'])
"""


@pytest.mark.parametrize(("name", "asking"), [("steps/register.py", REGISTER), ("latest.py", LATEST)])
def test_a_step_is_shown_by_the_name_that_another_file_looks_for(tmp_path: Path, name: str, asking: str) -> None:
    """A job is shown under the variable of its node, unless the node says otherwise."""
    after = converted(tmp_path, {"main.py": PIPELINE, name: asking, "steps/fit.py": "print(1)\n"})
    assert 'fit_step.display_name = "fit the trees"' in after["main.py"]
    assert "fit the trees" in flat(after[name])


def test_a_name_that_nobody_looks_for_is_not_repeated(tmp_path: Path) -> None:
    other = REGISTER.replace("fit the trees", "prepare")
    after = converted(tmp_path, {"main.py": PIPELINE, "steps/register.py": other, "steps/fit.py": "print(1)\n"})
    assert "fit_step.display_name" not in after["main.py"]
