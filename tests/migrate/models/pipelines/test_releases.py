"""Published pipelines that a function takes to release them behind an endpoint."""

from __future__ import annotations

import pytest

from amlbridge.migrate.findings import Status
from tests.migrate.rules.support import convert

HEAD = """\
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline, PipelineEndpoint
from azureml.pipeline.steps import PythonScriptStep


def release(workspace, published, name):
    try:
        endpoint = PipelineEndpoint.get(workspace=workspace, name=name)
        endpoint.add_default(published)
    except Exception:
        endpoint = PipelineEndpoint.publish(workspace=workspace, name=name, pipeline=published, description="d")
    return endpoint


ws = Workspace.from_config()
pipeline = Pipeline(ws, [PythonScriptStep("score.py", name="score", compute_target="cpu", source_directory="src")])
"""
PUBLISHED = 'nightly = pipeline.publish("nightly", version="2.0")\n'


def test_its_calls_pass_the_component() -> None:
    found = convert(f'{HEAD}{PUBLISHED}release(ws, nightly, "all")\nrelease(ws, published=nightly, name="b")\n')
    assert 'release(ml_client, pipeline_component, "all")' in found.text
    assert 'release(ml_client, published=pipeline_component, name="b")' in found.text
    assert found.text.count('name="version-2-0", endpoint_name=endpoint.name, component=published') == 2
    assert {finding.status for finding in found.findings} <= {Status.CONVERTED, Status.REVIEW}


@pytest.mark.parametrize(
    "code",
    [
        'release(ws, nightly, "a")\nrelease(ws, elsewhere, "b")\n',
        'other = pipeline.publish("other", version="3.0")\nrelease(ws, nightly, "a")\nrelease(ws, other, "b")\n',
        'def start():\n    release(ws, nightly, "a")\n',
        "",
    ],
    ids=["something else", "other versions", "from another scope", "no call"],
)
def test_what_its_calls_pass_otherwise_stays(code: str) -> None:
    found = convert(HEAD + PUBLISHED + code)
    assert "endpoint.add_default(published)" in found.text and "PipelineEndpoint.publish(" in found.text
    assert "pipeline_component, " not in found.text


def test_a_function_that_does_more_with_it_stays() -> None:
    more = HEAD.replace("    return endpoint", "    print(published.id)\n    return endpoint")
    found = convert(f'{more}{PUBLISHED}release(ws, nightly, "all")\n')
    assert "endpoint.add_default(published)" in found.text


def test_its_annotation_is_that_of_a_component() -> None:
    said = HEAD.replace("import Pipeline,", "import PublishedPipeline, Pipeline,").replace(
        "release(workspace, published,", "release(workspace, published: PublishedPipeline,"
    )
    found = convert(f'{said}{PUBLISHED}release(ws, nightly, "all")\n')
    assert "def release(workspace, published: PipelineComponent, name):" in found.text
    assert 'release(ml_client, pipeline_component, "all")' in found.text
    alone = convert(said)
    assert "def release(workspace, published: PublishedPipeline, name):" in alone.text
