"""The article on publishing v1 pipelines (not endpoints), in the shape that it has there, under ``amlbridge run``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.seeds import passengers
from tests.support.command import Command

pytestmark = pytest.mark.slow

_WEB = "https://dprepdata.blob.core.windows.net/demo"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """A user's folder with the tables behind the web paths."""
    command = Command(tmp_path_factory.mktemp("desk"))
    for number, name in enumerate(("Titanic.csv", "path_to_training_dataset", "path_to_inference_dataset")):
        table = command.folder / "tables" / name
        passengers.write(table, rows=60 + number, seed=number)
        command("map", "add", f"{_WEB}/{name}", str(table))
    command.write("compare.py", "import sys\nopen(sys.argv[6], 'w').close()\nprint('COMPARED', sys.argv[8])\n")
    command.write("make.py", "import sys\nfor path in sys.argv[1:]: open(path, 'w').write('made')\n")
    command.write(
        "train_with_dataset.py",
        """
        from azureml.core import Run

        input_tabular_ds = Run.get_context().input_datasets['tabular_dataset']
        dataframe = input_tabular_ds.to_pandas_dataframe()
        print("ROWS", len(dataframe))
        """,
    )
    yield command
    command("down", code=None)


_HEAD = """
    import json, requests
    from azureml.core import Dataset, Experiment, Workspace
    from azureml.core.authentication import InteractiveLoginAuthentication
    from azureml.core.compute import AmlCompute, ComputeTarget
    from azureml.data.dataset_consumption_config import DatasetConsumptionConfig
    from azureml.pipeline.core import Pipeline, PipelineData, PipelineRun, PublishedPipeline
    from azureml.pipeline.steps import PythonScriptStep

    ws = Workspace.from_config()
    settings = AmlCompute.provisioning_configuration(vm_size='STANDARD_D2_V2', max_nodes=2)
    compute_target = ComputeTarget.create(ws, 'pair', settings)
    project_folder = source_directory = '.'
    aad_token = InteractiveLoginAuthentication().get_authentication_header()

    def log_of(response, step):
        assert response.status_code == 200, response.text
        found = PipelineRun.get(ws, response.json()["Id"])
        found.wait_for_completion(show_output=False)
        lines = found.find_step_run(step)[0].get_stdout_log().splitlines()
        return found.experiment.name, [line for line in lines if line.startswith(("COMPARED", "ROWS"))]
"""
_PUBLISH = """
    from azureml.pipeline.core.graph import PipelineParameter

    pipeline_param = PipelineParameter(
      name="pipeline_arg",
      default_value=10)
    comp_data1, comp_data2, out_data3 = (PipelineData(name) for name in ("comp_data1", "comp_data2", "out_data3"))
    makeStep = PythonScriptStep(script_name="make.py", arguments=[comp_data1, comp_data2],
                                outputs=[comp_data1, comp_data2], compute_target=compute_target,
                                source_directory=project_folder)
    compareStep = PythonScriptStep(
      script_name="compare.py",
      arguments=["--comp_data1", comp_data1, "--comp_data2", comp_data2, "--output_data", out_data3,
                 "--param1", pipeline_param],
      inputs=[ comp_data1, comp_data2],
      outputs=[out_data3],
      compute_target=compute_target,
      source_directory=project_folder)
    pipeline_run1 = Experiment(ws, "first").submit(Pipeline(ws, [makeStep, compareStep]))
    pipeline_run1.wait_for_completion(show_output=False)

    published_pipeline1 = pipeline_run1.publish_pipeline(
         name="My_Published_Pipeline",
         description="My Published Pipeline Description",
         version="1.0")

    from azureml.pipeline.core import PublishedPipeline
    import requests

    response = requests.post(published_pipeline1.endpoint,
                             headers=aad_token,
                             json={"ExperimentName": "My_Pipeline",
                                   "ParameterAssignments": {"pipeline_arg": 20}})
    print("REST", *log_of(response, "compare.py"))

    # What the Java sample sends.
    key = aad_token["Authorization"].partition(" ")[2]
    dataToBeScored = '{ "ExperimentName" : "My_Pipeline", "ParameterAssignments" : { "pipeline_arg" : "30" }}'
    response = requests.post(published_pipeline1.endpoint, headers={"Authorization": "Token %s" % key},
                             data=dataToBeScored)
    print("JAVA", *log_of(response, "compare.py"))

    p = PublishedPipeline.get(ws, id=published_pipeline1.id)
    p.disable()
    print("HIDDEN", [item.name for item in PublishedPipeline.list(ws)])
    response = requests.post(p.endpoint, headers=aad_token, json={"ExperimentName": "My_Pipeline"})
    print("DISABLED", response.status_code, response.json()["error"]["message"])
    p.enable()
    print("SHOWN", [item.name for item in PublishedPipeline.list(ws)])
"""
_SWITCH = """
    from azureml.pipeline.core.graph import PipelineParameter

    tabular_dataset = Dataset.Tabular.from_delimited_files('https://dprepdata.blob.core.windows.net/demo/Titanic.csv')
    tabular_pipeline_param = PipelineParameter(name="tabular_ds_param", default_value=tabular_dataset)
    tabular_ds_consumption = DatasetConsumptionConfig("tabular_dataset", tabular_pipeline_param)
    train_step = PythonScriptStep(
        name="train_step",
        script_name="train_with_dataset.py",
        arguments=["--param1", tabular_ds_consumption],
        inputs=[tabular_ds_consumption],
        compute_target=compute_target,
        source_directory=source_directory)

    pipeline = Pipeline(workspace=ws, steps=[train_step])
    rest_endpoint = pipeline.publish("switched", "by its dataset").endpoint

    web = 'https://dprepdata.blob.core.windows.net/demo/'
    tabular_ds1 = Dataset.Tabular.from_delimited_files(web + 'path_to_training_dataset')
    tabular_ds2 = Dataset.Tabular.from_delimited_files(web + 'path_to_inference_dataset')
    # The article reads the id of a dataset that was never saved, which is None in this SDK: registering saves it.
    unsaved = {"tabular_ds_param": {"SavedDataSetReference": {"Id": tabular_ds1.id}}}
    response = requests.post(rest_endpoint, headers=aad_token,
                             json={"ExperimentName": "a", "DataSetDefinitionValueAssignments": unsaved})
    print("UNSAVED", response.status_code, response.json()["error"]["message"])
    ds1_id = tabular_ds1.register(ws, "training").id
    ds2_id = tabular_ds2.register(ws, "inference").id
    response = requests.post(rest_endpoint, headers=aad_token, json={"ExperimentName": "a"})
    print("DEFAULT", *log_of(response, "train_step"))
    for ds_id in (ds1_id, ds2_id):
        response = requests.post(rest_endpoint,
                                 headers=aad_token,
                                 json={
                                    "ExperimentName": "MyRestPipeline",
                                   "DataSetDefinitionValueAssignments": {
                                        "tabular_ds_param": {
                                            "SavedDataSetReference": {"Id": ds_id #or ds2_id
                                        }}}})
        print("SWITCHED", *log_of(response, "train_step"))
"""


def _lines(output: str) -> list[str]:
    labels = ("REST", "JAVA", "HIDDEN", "DISABLED", "SHOWN", "DEFAULT", "SWITCHED", "UNSAVED")
    return [line for line in output.splitlines() if line.startswith(labels)]


def test_publish_and_call_a_pipeline(desk: Command) -> None:
    desk.write("publish.py", _HEAD + _PUBLISH)
    found = _lines(desk("run", "publish.py").stdout)
    assert found[:3] == ["REST My_Pipeline ['COMPARED 20']", "JAVA My_Pipeline ['COMPARED 30']", "HIDDEN []"]
    assert found[3].startswith("DISABLED 400 the published pipeline My_Published_Pipeline")
    assert found[4] == "SHOWN ['My_Published_Pipeline']"


def test_switch_the_dataset_of_a_published_pipeline(desk: Command) -> None:
    desk.write("switch.py", _HEAD + _SWITCH)
    found = _lines(desk("run", "switch.py").stdout)
    assert found[0].startswith("UNSAVED 400")
    assert "a dataset has an id once it is registered" in found[0]
    assert found[1:] == [
        "DEFAULT a ['ROWS 60']",
        "SWITCHED MyRestPipeline ['ROWS 61']",
        "SWITCHED MyRestPipeline ['ROWS 62']",
    ]
