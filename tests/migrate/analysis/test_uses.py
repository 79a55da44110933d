"""What a call passes by position is what it passes by name."""

from __future__ import annotations

import pytest

from tests.migrate.rules.support import convert

_STEP = """\
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
step = PythonScriptStep({})
pipeline = Pipeline(ws, {})
"""
_ENDPOINT = """\
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline, PipelineEndpoint
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
step = PythonScriptStep("fit.py", compute_target="cpu", runconfig=env)
nightly = Pipeline(ws, [step]).publish("fits")
endpoint = PipelineEndpoint.publish({})
endpoint.submit({})
"""
_CLUSTER = """\
from azureml.core import ScriptRunConfig
from azureml.core.runconfig import PyTorchConfiguration

config = ScriptRunConfig(".", "fit.py", environment=env, distributed_job_config=PyTorchConfiguration({}))
"""


@pytest.mark.parametrize(
    ("text", "by_name", "by_position"),
    [
        (
            _STEP,
            (
                '"fit.py", name="fit", arguments=["--depth", 4], compute_target="gpu", runconfig=env',
                '[step], description="all"',
            ),
            ('"fit.py", "fit", ["--depth", 4], "gpu", env', '[step], "all"'),
        ),
        (
            _ENDPOINT,
            ('ws, "fit", description="all", pipeline=nightly', 'experiment_name="n", pipeline_parameters={"depth": 4}'),
            ('ws, "fit", "all", nightly', '"n", {"depth": 4}'),
        ),
        (_CLUSTER, ('"Nccl", process_count=8, node_count=2',), ('"Nccl", 8, 2',)),
    ],
)
def test_the_place_of_an_argument_is_as_good_as_its_name(
    text: str, by_name: tuple[str, ...], by_position: tuple[str, ...]
) -> None:
    named = _filled(text, by_name)
    placed = _filled(text, by_position)
    assert convert(placed).text == convert(named).text
    assert "azureml.core" not in convert(placed).text


def _filled(text: str, parts: tuple[str, ...]) -> str:
    for part in parts:
        text = text.replace("{}", part, 1)
    return text
