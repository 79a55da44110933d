"""A versioned pipeline endpoint and its REST form, as the v1 article on deploying pipelines teaches it, under
``amlbridge run``. The article's statements stand between the two rules of each script; only the id of the published
pipeline, which the article leaves for the reader to fill in, is that of one that the script publishes first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.command import Command

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """A user's folder, emptied of its service at the end."""
    command = Command(tmp_path_factory.mktemp("desk"))
    yield command
    command("down", code=None)


_ENDPOINTS = """
    import requests
    from azureml.core import Workspace
    from azureml.core.authentication import InteractiveLoginAuthentication
    from azureml.core.compute import AmlCompute, ComputeTarget
    from azureml.pipeline.core import Pipeline, PipelineRun, PublishedPipeline
    from azureml.pipeline.core.graph import PipelineParameter
    from azureml.pipeline.steps import PythonScriptStep

    ws = Workspace.from_config()
    cpu = ComputeTarget.create(ws, 'cpu', AmlCompute.provisioning_configuration(vm_size='STANDARD_D2_V2', max_nodes=2))
    arguments = [PipelineParameter("1", "first"), PipelineParameter("2", "second")]
    step = PythonScriptStep(script_name="show.py", arguments=arguments, compute_target=cpu, source_directory="project")
    My_Published_Pipeline_id = Pipeline(ws, [step]).publish("one", "d", version="1.0").id
    aad_token = InteractiveLoginAuthentication().get_authentication_header()

    # ----
    from azureml.pipeline.core import PipelineEndpoint

    published_pipeline = PublishedPipeline.get(workspace=ws, id=My_Published_Pipeline_id)
    pipeline_endpoint = PipelineEndpoint.publish(workspace=ws, name="PipelineEndpointTest",
                                                pipeline=published_pipeline, description="Test description Notebook")

    pipeline_endpoint_by_name = PipelineEndpoint.get(workspace=ws, name="PipelineEndpointTest")
    run_id = pipeline_endpoint_by_name.submit("PipelineEndpointExperiment")
    print(run_id)

    runs = [run_id]
    run_id = pipeline_endpoint_by_name.submit("PipelineEndpointExperiment", pipeline_version="0")
    print(run_id)

    rest_endpoint = pipeline_endpoint_by_name.endpoint
    response = requests.post(rest_endpoint,
                             headers=aad_token,
                             json={"ExperimentName": "PipelineEndpointExperiment",
                                   "RunSource": "API",
                                   "ParameterAssignments": {"1": "united", "2":"city"}})
    # ----

    runs += [run_id, PipelineRun(ws.experiments["PipelineEndpointExperiment"], response.json()["Id"])]
    for run in runs:
        run.wait_for_completion(show_output=False)
        print("RUN", run.experiment.name, run.get_status(), next(run.get_steps()).get_stdout_log().splitlines()[-1])
    print("SOURCE", runs[2].get_properties()["runSource"])
"""


def test_a_versioned_pipeline_endpoint(desk: Command) -> None:
    desk.write("endpoints.py", _ENDPOINTS)
    desk.write("project/show.py", "import sys\nprint('SHOWN', *sys.argv[1:])\n")
    out = desk("run", "endpoints.py").stdout.splitlines()
    first, second, rest = [line for line in out if line.startswith("RUN ")]
    assert first == second == "RUN PipelineEndpointExperiment Finished SHOWN first second"
    assert rest == "RUN PipelineEndpointExperiment Finished SHOWN united city"
    assert "SOURCE API" in out
