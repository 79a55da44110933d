"""The node behind an AutoML node, which writes the files that readers of SDK v1's outputs open."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from amlbridge.migrate.convert import convert_module
from amlbridge.migrate.findings import Status
from amlbridge.migrate.module import Conversion, ModuleText, Options
from amlbridge.migrate.project.modules import build_project

STEPS = """\
from azureml.core import Dataset, Experiment, Workspace
from azureml.pipeline.core import Pipeline, PipelineData, TrainingOutput
from azureml.pipeline.steps import AutoMLStep, PythonScriptStep
from azureml.train.automl import AutoMLConfig

ws = Workspace.from_config()
table = Dataset.get_by_name(ws, "houses")
scores = PipelineData("scores", pipeline_output_name="all_scores", training_output=TrainingOutput(type="Metrics"))
best = PipelineData("best", training_output=TrainingOutput(type="Model"{more}))
search = AutoMLStep(
    name="search",
    automl_config=AutoMLConfig(
        task="regression", training_data=table, label_column_name="price", iterations=4, compute_target="cpu"
    ),
    outputs=[scores, best],
)
check = PythonScriptStep(
    "check.py", arguments=["--model", best], inputs=[best], compute_target="cpu", source_directory="steps"
)
run = Experiment(ws, "x").submit(Pipeline(ws, [search, check]))
"""
READERS = """\
output = run.get_pipeline_output("all_scores")
output.download(".")
print(open(output.path_on_datastore).read())
same = output._path_on_datastore
"""
YML, SCRIPT = "automl_outputs/search_outputs.component.yml", "automl_outputs/automl_outputs.py"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a step's code in ``steps``."""
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "check.py").write_text("print()\n")
    return tmp_path


def convert(project: Path, more: str = "") -> Conversion:
    """The conversion of the pipeline; a second one changes nothing."""
    module = ModuleText(project / "pipeline.py", STEPS.replace("{more}", more) + READERS)
    found = convert_module(module, build_project([module], Options(), [project]), Options())
    assert all(item.status in (Status.CONVERTED, Status.REVIEW) for item in found.findings), found.findings
    again = ModuleText(module.path, found.text)
    second = convert_module(again, build_project([again], Options(), [project]), Options())
    assert (second.text, second.created) == (found.text, {})
    return found


def test_readers_get_files_from_a_component_behind_the_node(project: Path) -> None:
    found = convert(project)
    component = YAML(typ="safe", pure=True).load(found.created[YML])
    assert component["inputs"] == {"best_model": {"type": "mlflow_model"}}
    assert component["outputs"] == {"all_scores": {"type": "uri_file"}, "best": {"type": "uri_file"}}
    assert component["command"] == (
        "python automl_outputs.py --best_model ${{inputs.best_model}}"
        " --metrics ${{outputs.all_scores}} --model ${{outputs.best}}"
    )
    assert YAML(typ="safe", pure=True).load(found.created["steps/check_py.component.yml"])["inputs"] == {
        "model": {"type": "uri_file"}
    }
    for line in (
        "search_outputs = search_outputs_component(best_model=search.outputs.best_model)",
        'search_outputs.compute = "cpu"',
        "check = check_component(model=search_outputs.outputs.best)",
        'return {"all_scores": search_outputs.outputs.all_scores}',
        'ml_client.jobs.download(run.name, output_name=output, download_path=".")',
        # SDK v2 downloads a file into a folder with the name of the output; the file has it, too.
        'print(open("named-outputs/all_scores/all_scores").read())',
        'same = "named-outputs/all_scores/all_scores"',
    ):
        assert line in found.text, (line, found.text)


def test_the_script_is_plain_and_complete(project: Path) -> None:
    text = convert(project).created[SCRIPT]
    imported = {name.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import) for name in node.names}
    assert imported == {"argparse", "json", "os", "shutil", "mlflow"}


def test_another_model_than_the_best_one_is_told(project: Path) -> None:
    found = convert(project, ", iteration=3")
    assert any("TrainingOutput(iteration=...)" in item.message for item in found.findings)


def test_a_file_of_the_user_is_not_overwritten(project: Path) -> None:
    (project / "automl_outputs").mkdir()
    (project / "automl_outputs" / "automl_outputs.py").write_text("print('mine')\n")
    found = convert(project)
    assert SCRIPT not in found.created
    assert "check_component(model=search.outputs.best_model)" in found.text
