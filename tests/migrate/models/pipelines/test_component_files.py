"""Components as YAML beside the code of their steps: what is in them, where they are, and when they stay in Python."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from amlbridge.migrate.convert import convert_module
from amlbridge.migrate.findings import FileStatus, Status
from amlbridge.migrate.module import Conversion, ModuleText, Options
from amlbridge.migrate.project.modules import build_project
from amlbridge.migrate.run import run
from amlbridge.migrate.settings import Settings
from amlbridge.migrate.write import write_all
from tests.migrate.notebooks.cells import code, notebook

IMPORTS = """\
import os
from pathlib import Path
from azureml.core import Environment, Experiment, Workspace
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
"""
ENVIRONMENT = """\
env = Environment("ridge")
env.python.conda_dependencies = CondaDependencies.create(conda_packages=["numpy"], python_version="3.11")
"""
STEP = 'step = PythonScriptStep("step.py", name="train", source_directory={}, compute_target="cpu", environment=env)\n'
LIST = "packages = ['a']\npackages.append(input())\nenv = Environment('a')\n"
ADDED = "env.python.conda_dependencies = CondaDependencies.create(pip_packages=packages)\n"
DYNAMIC = "its environment is known only when the script runs"
PIPELINE = 'run = Experiment(ws, "x").submit(Pipeline(ws, [step]))\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a step's code in ``steps``."""
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "step.py").write_text("print()\n")
    return tmp_path


def convert(project: Path, *parts: str, name: str = "pipeline.py") -> Conversion:
    """The conversion of a module in the project's folder; nothing may be left, and a second one changes nothing."""
    text = IMPORTS + "".join(map(textwrap.dedent, parts))
    module = ModuleText(project / name, text)
    found = convert_module(module, build_project([module], Options(), [project]), Options())
    assert all(item.status in (Status.CONVERTED, Status.REVIEW) for item in found.findings), found.findings
    again = ModuleText(project / name, found.text)
    second = convert_module(again, build_project([again], Options(), [project]), Options())
    assert (second.text, second.created) == (found.text, {})
    return found


def content(conversion: Conversion, path: str) -> Any:
    """What is in a created YAML file."""
    return YAML(typ="safe", pure=True).load(conversion.created[path])


def test_a_component_its_environment_and_its_node(project: Path) -> None:
    found = convert(
        project,
        ENVIRONMENT,
        """\
        rows = 5
        ratio = PipelineParameter("ratio", default_value=0.5)
        model = PipelineData("model")
        step = PythonScriptStep(
            "step.py",
            name="Train a model",
            source_directory="steps",
            arguments=["--rows", rows, "--ratio", ratio, "--model", model],
            outputs=[model],
            compute_target="cpu",
            environment=env,
            allow_reuse=False,
        )
        """,
        PIPELINE,
    )
    assert content(found, "steps/train_a_model.component.yml") == {
        "$schema": "https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json",
        "name": "train_a_model",
        "display_name": "Train a model",
        "type": "command",
        "is_deterministic": False,
        "inputs": {"rows": {"type": "integer"}, "ratio": {"type": "number"}},
        "outputs": {"model": {"type": "uri_folder"}},
        "code": ".",
        "environment": {
            "image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest",
            "conda_file": "ridge.conda.yml",
        },
        "command": "python step.py --rows ${{inputs.rows}} --ratio ${{inputs.ratio}} --model ${{outputs.model}}",
    }
    assert content(found, "steps/ridge.conda.yml")["dependencies"][:2] == ["python=3.11", "numpy"]
    assert found.text == (
        "import os\nfrom pathlib import Path\n"
        "from azure.ai.ml import MLClient, dsl, load_component\nfrom azure.identity import DefaultAzureCredential\n\n"
        "ml_client = MLClient.from_config(credential=DefaultAzureCredential())\nrows = 5\n"
        'step_component = load_component(source="steps/train_a_model.component.yml")\n\n\n'
        '@dsl.pipeline(default_compute="cpu")\n'
        "def pipeline_function(ratio=0.5):\n    step = step_component(rows=rows, ratio=ratio)\n\n\n"
        'run = ml_client.jobs.create_or_update(pipeline_function(), experiment_name="x")\n'
    )


@pytest.mark.parametrize(
    ("before", "source", "after"),
    [
        ("", '"steps"', '"steps/train.component.yml"'),
        ("", '"./steps/"', '"steps/train.component.yml"'),
        ("", "r'.\\steps'", '"steps/train.component.yml"'),
        (
            "HERE = os.path.dirname(__file__)\n",
            'os.path.join(HERE, "steps")',
            'os.path.join(HERE, "steps", "train.component.yml")',
        ),
        ("HERE = Path(__file__).resolve().parent\n", 'HERE / "steps"', 'HERE / "steps" / "train.component.yml"'),
        ('FOLDER = "steps"\n', "FOLDER", 'os.path.join(FOLDER, "train.component.yml")'),
        (
            "HERE = Path(__file__).parent\n",
            'str(HERE / "steps")',
            'os.path.join(str(HERE / "steps"), "train.component.yml")',
        ),
    ],
)
def test_the_path_is_written_as_the_source_directory_was(project: Path, before: str, source: str, after: str) -> None:
    found = convert(project, before, ENVIRONMENT, STEP.format(source), PIPELINE)
    assert f"load_component(source={after})" in found.text.replace("(\n    source", "(source").replace("\n)", ")")
    assert sorted(found.created) == ["steps/ridge.conda.yml", "steps/train.component.yml"]


def test_a_script_that_is_started_from_a_folder_above(project: Path) -> None:
    (project / "pipelines").mkdir()
    found = convert(project, ENVIRONMENT, STEP.format('"steps"'), PIPELINE, name="pipelines/train.py")
    assert sorted(found.created) == ["../steps/ridge.conda.yml", "../steps/train.component.yml"]
    assert 'load_component(source="steps/train.component.yml")' in found.text


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ([ENVIRONMENT, STEP.format('"elsewhere"'), PIPELINE], "its source folder 'elsewhere' is not there"),
        ([ENVIRONMENT, STEP.format('os.environ["X"]'), PIPELINE], "its source folder is known only"),
        ([ENVIRONMENT, STEP.format('".."'), PIPELINE], "its source folder '..' is not there, or is outside"),
        (["env = make()\n", STEP.format('"steps"'), PIPELINE], DYNAMIC),
        (["name = input()\nenv = Environment(name)\n", STEP.format('"steps"'), PIPELINE], DYNAMIC),
        ([ENVIRONMENT, "if ws.name:\n    env = Environment('b')\n", STEP.format('"steps"'), PIPELINE], DYNAMIC),
        ([LIST, ADDED, STEP.format('"steps"'), PIPELINE], DYNAMIC),
        ([ENVIRONMENT, STEP.format('"steps"')], "no pipeline of this module runs the step"),
        ([ENVIRONMENT, STEP.format('"steps"').replace('"train"', "input()"), PIPELINE], "its name is known only"),
        (
            [ENVIRONMENT, STEP.format('"steps"').replace('"step.py"', "input()"), PIPELINE],
            "its command line is put together when the script runs",
        ),
    ],
)
def test_what_only_the_running_code_knows_stays_in_python(project: Path, parts: list[str], why: str) -> None:
    found = convert(project, *parts)
    assert "command(" in found.text and "load_component" not in found.text and not found.created
    notes = [item.message for item in found.findings if item.symbol == "PythonScriptStep"]
    assert any(f"the component stays in Python: {why}" in note for note in notes), notes


def test_an_environment_that_is_used_elsewhere_stays(project: Path) -> None:
    found = convert(project, ENVIRONMENT, "env.register(ws)\n", STEP.format('"steps"'), PIPELINE)
    assert 'env = Environment(\n    name="ridge"' in found.text
    assert "ml_client.environments.create_or_update(env)" in found.text
    assert content(found, "steps/train.component.yml")["environment"]["conda_file"] == "ridge.conda.yml"


@pytest.mark.parametrize("how", ["from pipeline import (\n    env,\n)", "import pipeline\nprint(pipeline.env)"])
def test_an_environment_that_another_module_reads_stays(project: Path, how: str) -> None:
    (project / "pipeline.py").write_text(IMPORTS + ENVIRONMENT + STEP.format('"steps"') + PIPELINE)
    (project / "other.py").write_text(how + "\n")
    write_all(run([project], Settings(jobs=1)), [project])
    text = (project / "pipeline.py").read_text()
    assert "env = Environment(" in text and "load_component" in text


@pytest.mark.parametrize(
    ("lookup", "address"),
    [
        ('Environment.get(ws, "xgboost")', "azureml:xgboost@latest"),
        ('Environment.get(ws, "xgboost", version="3")', "azureml:xgboost:3"),
    ],
)
def test_a_registered_environment_is_named(project: Path, lookup: str, address: str) -> None:
    found = convert(project, f"env = {lookup}\n", STEP.format('"steps"'), PIPELINE)
    assert content(found, "steps/train.component.yml")["environment"] == address
    assert "env" not in found.text.split() and list(found.created) == ["steps/train.component.yml"]


def test_a_conda_file_of_the_user_is_seen_from_the_component(project: Path) -> None:
    (project / "conda.yml").write_text("dependencies: [python=3.11]\n")
    made = 'env = Environment.from_conda_specification("ridge", "conda.yml")\n'
    found = convert(project, made, STEP.format('"steps"'), PIPELINE)
    assert content(found, "steps/train.component.yml")["environment"]["conda_file"] == "../conda.yml"


def test_steps_share_the_file_of_their_environment_and_their_names_do_not_collide(project: Path) -> None:
    second = STEP.format('"steps"').replace("step =", "other =").replace('"step.py"', '"step.py", arguments=["--x", 1]')
    found = convert(
        project,
        "conf = RunConfiguration()\n",
        "conf.environment.python.conda_dependencies = CondaDependencies.create(pip_packages=['numpy'])\n",
        STEP.format('"steps"').replace("environment=env", "runconfig=conf"),
        second.replace("environment=env", "runconfig=conf"),
        PIPELINE.replace("[step]", "[step, other]"),
    )
    names = ["environment.conda.yml", "pipeline.train.component.yml", "train.component.yml"]
    assert sorted(found.created) == [f"steps/{name}" for name in names]
    assert "conf" not in found.text.split() and "RunConfiguration" not in found.text


def test_files_of_two_modules_and_of_the_user_do_not_collide(project: Path) -> None:
    (project / "steps" / "report.component.yml").write_text("name: of the user\n")
    for name, argument in (("one", "a"), ("two", "b")):
        step = STEP.format('"steps"').replace('"step.py"', f'"step.py", arguments=["{argument}"]')
        report = STEP.format('"steps"').replace("step =", "report =").replace('"train"', '"report"')
        text = IMPORTS + ENVIRONMENT + step + report + PIPELINE.replace("[step]", "[step, report]")
        (project / f"{name}.py").write_text(text)
    reports = run([project], Settings(jobs=1))
    write_all(reports, [project])
    assert {report.path.name: report.status for report in reports if report.changed} == {
        "one.py": FileStatus.MIGRATED,
        "two.py": FileStatus.MIGRATED,
    }
    assert (project / "steps" / "report.component.yml").read_text() == "name: of the user\n"
    for name, argument in (("one", "a"), ("two", "b")):
        component = YAML(typ="safe").load(project / "steps" / f"{name}.train.component.yml")
        assert component["command"] == f"python step.py {argument}"
        assert f"{name}.report.component.yml" in (project / f"{name}.py").read_text()
    assert not any(report.changed for report in run([project], Settings(jobs=1)))


def test_what_a_component_cannot_say_is_said_of_its_node(project: Path) -> None:
    found = convert(
        project,
        """\
        from azureml.data import OutputFileDatasetConfig

        conf = RunConfiguration()
        conf.environment_variables = {"A": "1"}
        out = OutputFileDatasetConfig("out", destination=(ws.get_default_datastore(), "out"))
        step = PythonScriptStep(
            "step.py", arguments=[out], source_directory="steps", compute_target="gpu", runconfig=conf
        )
        other = PythonScriptStep("step.py", source_directory="steps", name="b", compute_target="cpu")
        run = Experiment(ws, "x").submit(Pipeline(ws, [step, other]))
        """,
    )
    wanted = (
        "    step = step_component()\n"
        '    step.compute = "gpu"\n'
        "    step.outputs.out = Output(\n"
        '        type="uri_folder", path="azureml://datastores/workspaceblobstore/paths/out"\n'
        "    )\n"
        '    step.environment_variables = {"A": "1"}\n'
        "    other = other_component()\n"
        '    other.compute = "cpu"\n'
    )
    assert wanted in found.text
    assert content(found, "steps/step_py.component.yml")["outputs"] == {"out": {"type": "uri_folder"}}


def test_the_path_of_an_output_that_is_known_at_run_time(project: Path) -> None:
    found = convert(
        project,
        ENVIRONMENT,
        """\
        from azureml.core import Datastore
        from azureml.data import OutputFileDatasetConfig

        store = Datastore.get(ws, input())
        out = OutputFileDatasetConfig("out", destination=(store, "out/{run-id}/{output-name}"))
        """,
        STEP.format('"steps"').replace('"step.py"', '"step.py", arguments=[out]'),
        PIPELINE,
    )
    # A path with SDK v2's placeholders in double braces, which an f-string has twice.
    path = "azureml://datastores/{store.name}/paths/out/${{{{name}}}}/${{{{output_name}}}}"
    assert f'path=f"{path}"' in found.text
    assert content(found, "steps/train.component.yml")["outputs"] == {"out": {"type": "uri_folder"}}


def test_a_step_and_its_pipeline_in_a_function(project: Path) -> None:
    found = convert(
        project,
        """\
        def main(rows):
            env = Environment("ridge")
            step = PythonScriptStep(
                "step.py",
                name="a",
                arguments=["--rows", rows],
                source_directory="steps",
                compute_target="cpu",
                environment=env,
            )
            return Experiment(ws, "x").submit(Pipeline(ws, [step]))
        """,
    )
    assert '    step_component = load_component(source="steps/a.component.yml")\n' in found.text
    assert "        step = step_component(rows=rows)\n" in found.text
    assert "env" not in found.text.split() and "Environment" not in found.text


def test_without_a_folder_to_write_to_components_are_in_python() -> None:
    module = ModuleText(Path("stdin.py"), IMPORTS + ENVIRONMENT + STEP.format('"steps"') + PIPELINE)
    found = convert_module(module, build_project([module], Options()), Options())
    assert "command(" in found.text and not found.created


WRITES = "folder = 'train_src'\nos.makedirs(folder{})\n"


@pytest.mark.parametrize(("makes", "created"), [(", exist_ok=True", True), ("", False)])
def test_a_folder_that_the_notebook_fills(project: Path, makes: str, created: bool) -> None:
    """A folder that the notebook makes for itself must be missing where it would not make it twice."""
    cells = [
        IMPORTS + WRITES.format(makes),
        "%%writefile $folder/step.py\nprint(1)\n",
        ENVIRONMENT + STEP.format("folder"),
        PIPELINE,
    ]
    path = project / "train.ipynb"
    path.write_bytes(notebook(*map(code, cells)))
    reports = run([project], Settings(jobs=1))
    write_all(reports, [project])
    made = project / "train_src" / "train.component.yml"
    assert made.exists() == created
    assert ("load_component" in path.read_text()) == created
    assert not any(report.changed for report in run([project], Settings(jobs=1)))


def test_the_module_that_a_command_runs_tells_its_folder(project: Path) -> None:
    """The script is started in the folder above its own: there is the package that the command runs."""
    (project / "tools").mkdir()
    found = convert(
        project,
        ENVIRONMENT,
        """\
        from azureml.pipeline.steps import CommandStep
        step = CommandStep(
            name="train", command="python -m steps.step", source_directory=".", compute_target="cpu", environment=env
        )
        """,
        PIPELINE,
        name="tools/pipeline.py",
    )
    assert "../train.component.yml" in found.created
    assert 'load_component(source="train.component.yml")' in found.text


def test_a_step_that_is_looked_for_by_its_name_has_it(project: Path) -> None:
    """A node has the name of its variable, whatever its component is called."""
    found = convert(project, ENVIRONMENT, STEP.format('"steps"'), PIPELINE, "found = run.find_step_run(step.name)[0]\n")
    assert '    step = step_component()\n    step.display_name = "train"\n' in found.text
    assert 'if job.display_name == "train"' in found.text
    plain = convert(project, ENVIRONMENT, STEP.format('"steps"'), PIPELINE)
    assert "display_name" not in plain.text


def test_a_folder_above_without_the_script_is_another_folder(project: Path) -> None:
    (project / "notebooks").mkdir()
    found = convert(project, ENVIRONMENT, STEP.format('"steps"').replace("step.py", "other.py"), PIPELINE)
    assert "steps/train.component.yml" in found.created
    below = ENVIRONMENT, STEP.format('"steps"').replace("step.py", "other.py"), PIPELINE
    assert not convert(project, *below, name="notebooks/train.py").created
