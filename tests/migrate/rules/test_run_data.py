"""Data of run configurations."""

from __future__ import annotations

from pathlib import Path

from amlbridge.migrate.convert import convert_module
from amlbridge.migrate.findings import Status
from amlbridge.migrate.module import ModuleText
from amlbridge.migrate.project.modules import build_project
from tests.migrate.rules.support import PYTHON, convert

HEAD = """\
from azureml.core import Dataset, Experiment, ScriptRunConfig, Workspace
from azureml.core.runconfig import Data, DataLocation, RunConfiguration
from azureml.core.runconfig import Dataset as RunDataset

ws = Workspace.from_config()
name = "numbers"
data = Dataset.get_by_name(ws, name)
"""
ITEM = 'Data(data_location=DataLocation(dataset=RunDataset(dataset_id=data.id)), mechanism="download")'
INPUT = 'Input(type="uri_folder", path=data.id, mode="download")'


def test_of_a_run_configuration_that_a_script_is_given() -> None:
    for word in ('"DatasetConsumptionConfig:numbers"', '"DatasetConsumptionConfig:{}".format(name)'):
        found = convert(
            f"{HEAD}run_config = RunConfiguration()\nrun_config.data = {{name: {ITEM}}}\n"
            f'config = ScriptRunConfig("src", "train.py", ["--data", {word}], run_config=run_config)\n'
        )
        assert 'command="python train.py --data ${{inputs.numbers}}"' in found.text
        assert f'inputs={{"numbers": {INPUT}}},' in found.text and "azureml.core" not in found.text


def test_one_by_one_and_made_of_what_says_how_it_is_read() -> None:
    found = convert(
        HEAD
        + """\
config = ScriptRunConfig("src", command=["python", "train.py"])
config.run_config.data["numbers"] = Data.create(data.as_named_input("numbers").as_mount())
config.run_config.data["Other-Data"] = Data.create(data.as_named_input("other").as_download())
"""
    )
    text = " ".join(found.text.split())
    assert '"numbers": Input(type="uri_folder", path=data.id, mode="ro_mount"),' in text
    assert f'"other_data": {INPUT},' in text and "azureml.core" not in text


def test_a_function_that_makes_it_gives_an_input() -> None:
    found = convert(
        HEAD
        + """\


def load(dataset, variable):
    location = DataLocation(dataset=RunDataset(dataset_id=dataset.id))
    return Data(location, mechanism="mount", environment_variable_name=variable)


config = ScriptRunConfig("src", "train.py", ["--data", f"DatasetConsumptionConfig:{name}"])
config.run_config.data = {name: load(data, name)}
"""
    )
    assert 'return Input(type="uri_folder", path=dataset.id, mode="ro_mount")' in found.text
    assert '"numbers": load(data, name)' in found.text and "--data ${{inputs.numbers}}" in found.text
    said = next(finding for finding in found.findings if finding.symbol == "Data")
    assert said.status is Status.REVIEW and "AZURE_ML_INPUT_" in said.message


def test_what_cannot_be_told_is_left() -> None:
    unknown = convert(f'{HEAD}config = ScriptRunConfig("s", "a.py")\nconfig.run_config.data = inputs\n')
    assert "the data of the run configuration cannot be told" in str(unknown.findings)
    missing = convert(f'{HEAD}config = ScriptRunConfig("s", "a.py", ["DatasetConsumptionConfig:other"])\n')
    assert "the arguments name data of the run configuration" in str(missing.findings)
    number = convert(f'{HEAD}item = Data(DataLocation(RunDataset("b3f4")))\n')
    assert 'Data(DataLocation(RunDataset("b3f4")))' in number.text


def test_of_a_file_it_is_the_asset_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "train.runconfig").write_text(
        "script: train.py\ntarget: cpu\nenvironment:\n  docker:\n    baseImage: ubuntu\n"
        "data:\n  numbers:\n    dataLocation:\n      dataset:\n        id: b3f4\n    mechanism: mount\n"
    )
    text = f"""{HEAD}
run_config = RunConfiguration.load("train.runconfig")
config = ScriptRunConfig("src", arguments=["--data", "DatasetConsumptionConfig:numbers"], run_config=run_config)
"""
    module = ModuleText(tmp_path / "submit.py", text)
    found = convert_module(module, build_project([module], PYTHON, [tmp_path]), PYTHON)
    new = " ".join(found.text.split())
    assert 'Input( type="uri_folder", path="azureml:numbers@latest", mode="ro_mount" )' in new
    assert "--data ${{inputs.numbers}}" in new
    assert "the data asset is taken to be called numbers" in str(found.findings)
