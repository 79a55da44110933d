"""A statement that gives several variables their values stays while one of them is read."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Experiment, ScriptRunConfig, Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep
from azureml.train.hyperdrive import HyperDriveConfig, PrimaryMetricGoal, RandomParameterSampling, uniform
ws = Workspace.from_config()
"""
SEARCH = """\
space, name = {'--rate': uniform(0.1, 0.2)}, 'search'
sampling = RandomParameterSampling(space)
job = ScriptRunConfig('src', 'train.py', compute_target='cpu', environment=env)
search = HyperDriveConfig(
    run_config=job, hyperparameter_sampling=sampling, primary_metric_name='loss',
    primary_metric_goal=PrimaryMetricGoal.MINIMIZE, max_total_runs=4,
)
Experiment(ws, name).submit(search)
"""
STEP = """\
options, name = {'source_directory': 'src', 'compute_target': 'cpu', 'runconfig': env}, 'nightly'
step = PythonScriptStep('train.py', **options)
Experiment(ws, name).submit(Pipeline(ws, steps=[step]))
"""
PATHS = """\
folder, name = 'src', 'search'
job = ScriptRunConfig(folder, 'train.py', compute_target='cpu', environment=env)
Experiment(ws, name).submit(job)
print(name)
"""


@pytest.mark.parametrize("code", [SEARCH, STEP, PATHS])
def test_a_name_beside_what_is_not_needed_any_more(code: str) -> None:
    found = convert(HEAD + code)
    assert not [finding for finding in found.findings if finding.rule == "lost-name"]
    assert ", name = " in found.text and "azureml.core" not in found.text
