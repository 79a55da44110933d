"""The scripts that the v1 articles teach (data, compute, environment, steps, parameters, runs), in the shape that they
have there, under ``amlbridge run``: web paths are mapped to files of this machine, and nothing else is changed.

The statements are idioms of the SDK's public documentation, the data are made here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.seeds import passengers
from tests.support.command import Command

pytestmark = pytest.mark.slow

_WEB = "https://dprepdata.blob.core.windows.net/demo"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """A user's folder with the two tables behind the web paths."""
    command = Command(tmp_path_factory.mktemp("desk"))
    for number, name in enumerate(("Titanic.csv", "Titanic2.csv")):
        table = command.folder / "tables" / name
        passengers.write(table, rows=60 + number, seed=number)
        command("map", "add", f"{_WEB}/{name}", str(table))
    yield command
    command("down", code=None)


_TITANIC = """
    from azureml.core import Workspace, Dataset, Datastore, Experiment
    from azureml.core.compute import AmlCompute, ComputeTarget
    from azureml.core.runconfig import RunConfiguration
    from azureml.core.conda_dependencies import CondaDependencies
    from azureml.data import OutputFileDatasetConfig
    from azureml.pipeline.core import Pipeline
    from azureml.pipeline.core.graph import PipelineParameter
    from azureml.pipeline.steps import PythonScriptStep

    ws = Workspace.from_config()
    if not 'titanic_ds' in ws.datasets.keys() :
        web_paths = ['https://dprepdata.blob.core.windows.net/demo/Titanic.csv',
                     'https://dprepdata.blob.core.windows.net/demo/Titanic2.csv']
        titanic_ds = Dataset.Tabular.from_delimited_files(path=web_paths)
        titanic_ds.register(workspace = ws, name = 'titanic_ds', description = 'baseline', create_new_version = True)
    titanic_ds = Dataset.get_by_name(ws, 'titanic_ds')

    datastore = ws.get_default_datastore()
    compute_name = 'cpu-cluster'
    if not compute_name in ws.compute_targets :
        provisioning_config = AmlCompute.provisioning_configuration(vm_size='STANDARD_D2_V2', min_nodes=0, max_nodes=1)
        compute_target = ComputeTarget.create(ws, compute_name, provisioning_config)
        compute_target.wait_for_completion(show_output=True, min_node_count=None, timeout_in_minutes=20)
        print("CREATED", compute_target.get_status().serialize()["allocationState"])
    compute_target = ws.compute_targets[compute_name]

    aml_run_config = RunConfiguration()
    aml_run_config.target = compute_target
    aml_run_config.environment.python.conda_dependencies = CondaDependencies.create(
        conda_packages=['pandas','scikit-learn'], pip_packages=['azureml-sdk[automl]', 'pyarrow'])

    prepped_data_path = OutputFileDatasetConfig(name="output_path")
    dataprep_step = PythonScriptStep(name="dataprep", script_name="dataprep.py", compute_target=compute_target,
        runconfig=aml_run_config, arguments=["--output_path", prepped_data_path],
        inputs=[titanic_ds.as_named_input('titanic_ds')], allow_reuse=True)
    model_data = prepped_data_path.as_input("model_data").as_mount()
    model_name = PipelineParameter("model_name", default_value="Initial")
    register_step = PythonScriptStep(script_name="register_model.py", name="register_model", allow_reuse=False,
        arguments=["--model_name", model_name, "--model_path", model_data], compute_target=compute_target,
        runconfig=aml_run_config)
    pipeline = Pipeline(ws, [dataprep_step, register_step])
    experiment = Experiment(workspace=ws, name='titanic')
    run = experiment.submit(pipeline, show_output=True)
    run.wait_for_completion()

    run_id = run.id
    found = next(run for run in ws.experiments['titanic'].get_runs() if run.id == run_id)
    step = next(r for r in found.get_children() if r.name == 'dataprep')
    print("MODEL", ws.models["Initial"].version, ws.models["Initial"].id)
    ws.models["Initial"].download("model")
    print("FOUND", step.get_status(), step.get_outputs()["output_path"].name)
"""
_DATAPREP = """
    from azureml.core import Run
    import argparse, os
    import numpy as np
    import pandas as pd

    parser = argparse.ArgumentParser()
    parser.add_argument('--output_path', dest='output_path', required=True)
    args = parser.parse_args()
    titanic_ds = Run.get_context().input_datasets['titanic_ds']
    df = titanic_ds.to_pandas_dataframe().drop(['PassengerId', 'Name', 'Ticket', 'Cabin'], axis=1)
    print("GAPS", int(df["Age"].isnull().sum()) > 0, len(df))
    df["Age"] = df["Age"].fillna(df["Age"].mean()).astype(int)
    df['Age_Group'] = pd.qcut(df['Age'], 5, labels=False, duplicates='drop')
    df['Sex'] = df['Sex'].map({"male": 0, "female": 1})
    df['Embarked'] = df['Embarked'].replace('', 'U').fillna('U').map({"S": 0, "C": 1, "Q": 2, "U": 3})
    df.to_csv(os.path.join(args.output_path, "prepped_data.csv"))
    print(f"Wrote prepped data to {args.output_path}/prepped_data.csv")
"""
_REGISTER = """
    from azureml.core.model import Model, Dataset
    from azureml.core.run import Run, _OfflineRun
    from azureml.core import Workspace
    import argparse

    parser = argparse.ArgumentParser()
    parser.add_argument("--model_name", required=True)
    parser.add_argument("--model_path", required=True)
    args = parser.parse_args()
    run = Run.get_context()
    ws = Workspace.from_config() if type(run) == _OfflineRun else run.experiment.workspace
    model = Model.register(workspace=ws, model_path=args.model_path, model_name=args.model_name)
    print("Registered version {0} of model {1}".format(model.version, model.name))
"""


def test_prepare_and_register(desk: Command) -> None:
    desk.write("titanic.py", _TITANIC)
    desk.write("dataprep.py", _DATAPREP)
    desk.write("register_model.py", _REGISTER)
    first = desk("run", "titanic.py").stdout
    assert "CREATED Steady" in first
    assert "GAPS True 121" in first, "both tables are read"
    assert "Registered version 1 of model Initial" in first
    assert "MODEL 1 Initial:1" in first
    assert "FOUND Finished output_path" in first
    table = next((desk.folder / "model").rglob("prepped_data.csv"))
    assert table.read_text().splitlines()[0].endswith("Survived,Pclass,Sex,Age,SibSp,Parch,Fare,Embarked,Age_Group")


_PARAMETERS = """
    import json, requests
    from azureml.core import Dataset, Experiment, Workspace
    from azureml.core.compute import AmlCompute, ComputeTarget
    from azureml.data.dataset_consumption_config import DatasetConsumptionConfig
    from azureml.pipeline.core import Pipeline, PipelineData
    from azureml.pipeline.core.graph import PipelineParameter
    from azureml.pipeline.steps import PythonScriptStep

    ws = Workspace.from_config()
    settings = AmlCompute.provisioning_configuration(vm_size='STANDARD_D2_V2', max_nodes=2)
    compute_target = ComputeTarget.create(ws, 'pair', settings)
    project_folder = source_directory = 'project'
    comp_data1, comp_data2, out_data3 = (PipelineData(name) for name in ("comp_data1", "comp_data2", "out_data3"))
    make = PythonScriptStep(script_name="make.py", arguments=[comp_data1, comp_data2], outputs=[comp_data1, comp_data2],
                            compute_target=compute_target, source_directory=project_folder)

    pipeline_param = PipelineParameter(name="pipeline_arg", default_value=10)
    compareStep = PythonScriptStep(
        script_name="compare.py",
        arguments=["--comp_data1", comp_data1, "--comp_data2", comp_data2, "--output_data", out_data3,
                   "--param1", pipeline_param],
        inputs=[ comp_data1, comp_data2], outputs=[out_data3], compute_target=compute_target,
        source_directory=project_folder)

    tabular_dataset = Dataset.Tabular.from_delimited_files('https://dprepdata.blob.core.windows.net/demo/Titanic.csv')
    tabular_pipeline_param = PipelineParameter(name="tabular_ds_param", default_value=tabular_dataset)
    tabular_ds_consumption = DatasetConsumptionConfig("tabular_dataset", tabular_pipeline_param)
    train_step = PythonScriptStep(
        name="train_step", script_name="train_with_dataset.py", arguments=["--param1", tabular_ds_consumption],
        inputs=[tabular_ds_consumption], compute_target=compute_target, source_directory=source_directory)

    pipeline = Pipeline(workspace=ws, steps=[train_step, compareStep])
    other = Dataset.Tabular.from_delimited_files('https://dprepdata.blob.core.windows.net/demo/Titanic2.csv')
    for parameters in ({}, {"pipeline_arg": 20, "tabular_ds_param": other}):
        run = Experiment(ws, "parameters").submit(pipeline, pipeline_parameters=parameters)
        run.wait_for_completion(show_output=False)
        steps = {step.name: step for step in run.get_steps()}
        print(steps["compare.py"].get_stdout_log(), steps["train_step"].get_stdout_log())
        used = steps["train_step"].get_details()["inputDatasets"]
        print("LINEAGE", [(item["dataset"].id == other.id, item["consumptionDetails"]["type"],
                           item["consumptionDetails"]["inputName"]) for item in used])
    page = requests.get(steps["train_step"].get_portal_url())
    print("PAGE", page.status_code, "Completed" in page.text)
"""


def test_parameters_and_data_sets_are_switched(desk: Command) -> None:
    desk.write("parameters.py", _PARAMETERS)
    desk.write("project/make.py", "import sys\nfor path in sys.argv[1:]: open(path, 'w').write('made')\n")
    desk.write("project/compare.py", "import sys\nopen(sys.argv[6], 'w').close()\nprint('COMPARED', sys.argv[8])\n")
    desk.write(
        "project/train_with_dataset.py",
        """
        from azureml.core import Run
        input_tabular_ds = Run.get_context().input_datasets['tabular_dataset']
        dataframe = input_tabular_ds.to_pandas_dataframe()
        print("ROWS", len(dataframe))
        """,
    )
    out = desk("run", "parameters.py").stdout.splitlines()
    found = [line for line in out if line.startswith(("COMPARED", "ROWS", "LINEAGE", "PAGE"))]
    assert sorted(line for line in found if line[0] in "CR") == ["COMPARED 10", "COMPARED 20", "ROWS 60", "ROWS 61"]
    assert [line for line in found if line.startswith("LINEAGE")] == [
        "LINEAGE [(False, 'RunInput', 'tabular_dataset')]",
        "LINEAGE [(True, 'RunInput', 'tabular_dataset')]",
    ]
    assert found[-1] == "PAGE 200 True"


def test_a_web_path_that_is_not_mapped_is_named(desk: Command) -> None:
    desk.write(
        "unmapped.py",
        "from azureml.core import Dataset, Workspace\nWorkspace.from_config()\n"
        f"Dataset.Tabular.from_delimited_files('{_WEB}/Other.csv')\n",
    )
    failed = desk("run", "unmapped.py", code=86)
    assert "dprepdata.blob.core.windows.net" in failed.stderr
    assert "amlbridge map add" in failed.stderr
    mapped = desk.json("map", "list", "--json")
    assert {Path(path).name for path in mapped.values()} == {"Titanic.csv", "Titanic2.csv"}, json.dumps(mapped)
