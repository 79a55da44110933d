"""Modules that hand objects to each other are converted consistently: no function gets an object of the other SDK."""

from __future__ import annotations

import pickle
import re
import textwrap
from pathlib import Path

import nbformat
import pytest

from amlbridge.migrate.file import convert
from amlbridge.migrate.findings import FileReport
from amlbridge.migrate.load import load_all
from amlbridge.migrate.run import prepare, run
from amlbridge.migrate.settings import Settings
from amlbridge.migrate.write import write_all

#: A helper that nothing of SDK v2 replaces: it stays as it is.
PACKAGE = """\
from azureml.core import Model


def package(ws, name):
    return Model.package(ws, [Model(ws, name)])
"""
COMPUTE = """\
from azureml.core import Workspace
from azureml.core.compute import ComputeTarget


def get_compute(workspace: Workspace, name: str):
    return ComputeTarget(workspace=workspace, name=name)
"""
ENVIRONMENT = """\
from azureml.core import Environment


def get_environment(name):
    environment = Environment.from_conda_specification(name, "conda.yml")
    return environment
"""
SUBMIT = """\
from azureml.core import Experiment, ScriptRunConfig, Workspace
from helper import get_compute

ws = Workspace.from_config()
cluster = get_compute(ws, "cpu")
config = ScriptRunConfig("src", "train.py", compute_target=cluster, environment=env)
run = Experiment(ws, "night").submit(config)
"""


def flat(text: str) -> str:
    """Code without its line breaks."""
    return re.sub(r"(?<=[(\[])\s+|,?\s+(?=[)\]])", "", re.sub(r"\s+", " ", text))


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(textwrap.dedent(text))
    return folder


def converted(folder: Path, files: dict[str, str]) -> dict[str, str]:
    """The converted texts, by file. A second run changes nothing."""
    write(folder, files)
    reports = run([folder], Settings(jobs=1))
    write_all(reports, [folder])
    assert not any(report.changed for report in run([folder], Settings(jobs=1)))
    return {name: (folder / name).read_text() for name in files}


def test_the_compute_of_a_helper_is_named(tmp_path: Path) -> None:
    after = converted(tmp_path, {"helper.py": COMPUTE, "submit.py": SUBMIT})
    assert "return workspace.compute.get(name)" in after["helper.py"]
    assert "compute=cluster.name" in after["submit.py"]
    assert "azureml" not in after["submit.py"] + after["helper.py"]


@pytest.mark.parametrize(
    ("used", "called"),
    [
        ("from tools.helper import get_compute as find", "find"),
        ("from tools import helper", "helper.get_compute"),
        ("import tools.helper", "tools.helper.get_compute"),
        ("import tools.helper as th", "th.get_compute"),
        ("from .tools.helper import get_compute", "get_compute"),
    ],
)
def test_helpers_are_found_however_they_are_imported(tmp_path: Path, used: str, called: str) -> None:
    submit = SUBMIT.replace("from helper import get_compute", used).replace("get_compute(ws", f"{called}(ws")
    after = converted(tmp_path, {"tools/__init__.py": "", "tools/helper.py": COMPUTE, "submit.py": submit})
    assert "compute=cluster.name" in after["submit.py"]


def test_the_nearest_module_of_a_name_is_meant(tmp_path: Path) -> None:
    other = COMPUTE.replace("ComputeTarget(workspace=workspace, name=name)", "workspace.name")
    after = converted(tmp_path, {"helper.py": other, "a/helper.py": COMPUTE, "a/submit.py": SUBMIT})
    assert "compute=cluster.name" in after["a/submit.py"]


def test_a_helper_that_stays_gets_the_v1_workspace(tmp_path: Path) -> None:
    submit = """\
        from azureml.core import Workspace
        from helper import package

        ws = Workspace.from_config()
        package(ws, "model")
        print(ws.compute_targets["cpu"].name)
        """
    after = converted(tmp_path, {"helper.py": PACKAGE, "submit.py": submit})["submit.py"]
    assert "ws = Workspace.from_config()\nml_client = MLClient.from_config(" in after
    assert 'package(ws, "model")\nprint(ml_client.compute.get("cpu").name)' in after


def test_a_function_of_the_same_module_that_stays_gets_the_v1_workspace(tmp_path: Path) -> None:
    main = 'ws = Workspace.from_config()\npackage(ws, "m")\nprint(ws.datastores["x"])\n'
    after = converted(tmp_path, {"one.py": PACKAGE.replace("Model\n", "Model, Workspace\n", 1) + "\n\n" + main})[
        "one.py"
    ]
    assert 'package(ws, "m")\nprint(ml_client.datastores.get("x"))' in after


def test_code_that_stays_passes_a_client_on(tmp_path: Path) -> None:
    submit = """\
        from azureml.core import Model
        from helper import get_compute


        def build(ws):
            Model.package(ws, [Model(ws, "m")])
            print(get_compute(ws, "cpu").name)
        """
    after = converted(tmp_path, {"helper.py": COMPUTE, "submit.py": submit})["submit.py"]
    assert "ml_client = MLClient(DefaultAzureCredential(), ws.subscription_id, ws.resource_group, ws.name)" in flat(
        after
    )
    assert 'print(get_compute(ml_client, "cpu").name)' in after
    assert 'Model.package(ws, [Model(ws, "m")])' in after


def test_code_that_stays_looks_the_workspace_up_that_a_helper_gives(tmp_path: Path) -> None:
    """One user of the helper needs the v1 workspace: it finds it by the client that the helper gives all users."""
    load = "from azureml.core import Workspace\n\n\ndef load():\n    return Workspace.from_config()\n"
    stays = "from azureml.core import Model\nfrom load import load\n\nws = load()\nprint(ws.name)\n"
    stays += "Model.package(ws, [Model(ws, 'm')])\n"
    goes = "from azureml.core import Dataset\nfrom load import load\n\nws = load()\n"
    goes += 'print(Dataset.get_by_name(ws, "d").name)\n'
    after = converted(tmp_path, {"load.py": load, "stays.py": stays, "goes.py": goes})
    assert "return MLClient.from_config(" in after["load.py"]
    assert 'print(ml_client.data.get("d"' in after["goes.py"] and "azureml" not in after["goes.py"]
    where = "subscription_id=ml_client.subscription_id, resource_group=ml_client.resource_group_name"
    looked_up = f"ml_client = load() ws = Workspace.get(ml_client.workspace_name, {where})"
    assert looked_up in flat(after["stays.py"])
    assert "print(ml_client.workspace_name)" in after["stays.py"]
    assert "Model.package(ws, [Model(ws, 'm')])" in after["stays.py"]
    assert "from azureml.core import Workspace\n" in after["stays.py"]


def test_a_workspace_that_no_client_is_given_for_stays(tmp_path: Path) -> None:
    """A variable with a name of its own has no client beside it, so the helper stays as it is, and so do its users."""
    load = "from azureml.core import Workspace\n\n\ndef load():\n    return Workspace.from_config()\n"
    stays = "from azureml.core import Model\nfrom load import load\n\nproduction = load()\n"
    stays += "Model.package(production, [Model(production, 'm')])\n"
    goes = "from azureml.core import Dataset\nfrom load import load\n\nws = load()\n"
    goes += 'print(Dataset.get_by_name(ws, "d").name)\n'
    after = converted(tmp_path, {"load.py": load, "stays.py": stays, "goes.py": goes})
    assert "return Workspace.from_config()" in after["load.py"]
    assert "ws = load() ml_client = MLClient(DefaultAzureCredential(), ws.subscription_id" in flat(after["goes.py"])
    assert 'print(ml_client.data.get("d"' in after["goes.py"]


def test_a_v2_environment_is_made_of_the_one_that_a_helper_gives(tmp_path: Path) -> None:
    """One user of the helper needs the v1 object, so the helper stays; the other makes a v2 one of what it gets."""
    stays = """\
        from azureml.core import Workspace, Model
        from azureml.core.model import InferenceConfig
        from helper import get_environment

        ws = Workspace.from_config()
        environment = get_environment("e")
        Model.profile(ws, "p", [Model(ws, "m")], InferenceConfig("score.py", environment=environment), rows)
        """
    goes = """\
        from azureml.core import Experiment, ScriptRunConfig, Workspace
        from helper import get_environment

        ws = Workspace.from_config()
        environment = get_environment("e")
        config = ScriptRunConfig("src", "train.py", compute_target="cpu", environment=environment)
        run = Experiment(ws, "night").submit(config)
        """
    after = converted(tmp_path, {"helper.py": ENVIRONMENT, "stays.py": stays, "goes.py": goes})
    assert 'Environment.from_conda_specification(name, "conda.yml")' in after["helper.py"]
    made = (
        "Environment(image=environment.docker.base_image, conda_file=environment.python.conda_dependencies.as_dict())"
    )
    assert f"environment = {made}" in flat(after["goes.py"])
    assert "from azureml" not in after["goes.py"]


def test_a_helper_that_stays_finds_the_run_again(tmp_path: Path) -> None:
    helper = """\
        def environment_of(run):
            return run.get_environment()
        """
    helper = "from azureml.core import Run\n\n\n" + textwrap.dedent(helper)
    submit = """\
        from azureml.core import Experiment, ScriptRunConfig, Workspace
        from helper import environment_of

        ws = Workspace.from_config()
        run = Experiment(ws, "night").submit(ScriptRunConfig("src", "train.py", compute_target="cpu", environment=env))
        run.wait_for_completion(show_output=True)
        print(environment_of(run))
        """
    after = converted(tmp_path, {"helper.py": helper, "submit.py": submit})
    if "run.get_environment()" in after["helper.py"]:
        assert "environment_of(Run.get(ws, run.name))" in after["submit.py"]
    assert "ml_client.jobs.stream(run.name)" in after["submit.py"]


def test_modules_that_import_each_other_end(tmp_path: Path) -> None:
    one = "from azureml.core import Workspace\nfrom two import cluster\n\nws = Workspace.from_config()\n"
    two = "import azureml.core\nfrom one import ws, cluster\n\nprint(ws.name)\n"
    after = converted(tmp_path, {"one.py": one, "two.py": two})
    assert "MLClient.from_config" in after["one.py"]


def test_other_processes_decide_the_same(tmp_path: Path) -> None:
    """What processes that are not forked get: the project without its trees."""
    write(
        tmp_path,
        {
            "helper.py": PACKAGE + COMPUTE,
            "submit.py": SUBMIT.replace("cluster =", "helper.package(ws, 'm')\ncluster =").replace(
                "from helper", "import helper\nfrom helper"
            ),
        },
    )
    loaded = load_all(sorted(tmp_path.glob("*.py")))
    work = prepare(loaded, Settings().options, [tmp_path])

    def texts(reports: list[FileReport]) -> list[tuple[bytes, object]]:
        return [(report.after, report.findings) for report in reports]

    here = texts([convert(work, index) for index in range(2)])
    assert b"package(ws, 'm')" in here[1][0]
    assert b"get_compute(ml_client" in here[1][0]
    copy = pickle.loads(pickle.dumps(work))  # noqa: S301 - our own
    assert texts([convert(copy, index) for index in (1, 0)]) == here[::-1]


def test_a_module_that_gets_its_objects_from_a_helper_is_converted_without_naming_sdk_v1(tmp_path: Path) -> None:
    load = "from azureml.core import Workspace\n\n\ndef load():\n    return Workspace.from_config()\n"
    main = 'from load import load\n\nws = load()\nprint(ws.compute_targets["cpu"].name)\n'
    plain = "import load\n\nprint(load)\n"
    after = converted(tmp_path, {"load.py": load, "main.py": main, "plain.py": plain})
    assert 'print(ws.compute.get("cpu").name)' in after["main.py"].replace("ml_client", "ws")
    assert after["plain.py"] == plain


def test_what_a_module_without_sdk_v1_only_hands_on_is_left_alone(tmp_path: Path) -> None:
    answer = "from azureml.contrib.services.aml_response import AMLResponse\n\n\n"
    answer += "def run():\n    return AMLResponse('', 200)\n"
    check = "from score import run\n\nassert run().status_code == 200\n"
    assert converted(tmp_path, {"score.py": answer, "check.py": check})["check.py"] == check


def test_a_module_called_compute_is_not_hidden(tmp_path: Path) -> None:
    main = """\
        from azureml.core import Workspace
        from tools import compute

        ws = Workspace.from_config()
        if "cpu" in ws.compute_targets:
            print(compute.get_compute(ws, "cpu").name)
        """
    after = converted(tmp_path, {"tools/compute.py": COMPUTE, "main.py": main})["main.py"]
    assert "[each_compute.name for each_compute in ml_client.compute.list()]" in after
    assert 'print(compute.get_compute(ml_client, "cpu").name)' in after


def test_a_file_that_a_notebook_writes_differently_is_on_its_own(tmp_path: Path) -> None:
    cell = "%%writefile helper.py\n" + COMPUTE.replace("name: str", "wanted: str").replace("name=name", "name=wanted")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    nbformat.write(notebook, tmp_path / "write.ipynb")
    after = converted(tmp_path, {"helper.py": COMPUTE, "submit.py": SUBMIT})
    assert "workspace.compute.get(name)" in after["helper.py"]
    assert "workspace.compute.get(wanted)" in (tmp_path / "write.ipynb").read_text()


@pytest.mark.parametrize("called", ["tools.helper.get_compute", "tools.get_compute"])
def test_a_package_that_does_not_name_sdk_v1_hands_on_what_its_modules_have(tmp_path: Path, called: str) -> None:
    main = f"""\
        import tools
        from azureml.core import Workspace

        w = Workspace.from_config()
        print({called}(w, "cpu").name)
        """
    helper = COMPUTE.replace("workspace: Workspace", "workspace")
    package = "from . import helper\nfrom .helper import get_compute\n"
    after = converted(tmp_path, {"tools/__init__.py": package, "tools/helper.py": helper, "main.py": main})
    assert "return workspace.compute.get(name)" in after["tools/helper.py"]
    assert "azureml" not in "".join(after.values())


def test_code_of_a_function_does_not_read_variables_of_another(tmp_path: Path) -> None:
    """What a function gives is told by its code, which only that function can run."""
    main = """\
        from azureml.core import Dataset, Workspace
        from azureml.data.datapath import DataPath


        def path_of(ws, file):
            store = ws.get_default_datastore()
            return [DataPath(store, file), DataPath(store, file + "x")], file


        def main():
            ws = Workspace.from_config()
            paths, name = path_of(ws, "a.csv")
            return Dataset.Tabular.from_delimited_files(path=paths)
        """
    after = converted(tmp_path, {"main.py": main})["main.py"]
    assert "Dataset.Tabular.from_delimited_files(path=paths)" in after


def test_a_workspace_that_another_module_keeps_v1_is_no_client_the_second_time(tmp_path: Path) -> None:
    """The object keeps it in an attribute, and hands its client to what has become v2."""
    helper = """\
from azureml.core import Workspace
from azureml.core.compute import ComputeTarget


class Tools:
    @staticmethod
    def workspace(name, group, subscription):
        return Workspace(subscription, group, name)

    @staticmethod
    def compute(ws, name):
        return ws.compute_targets[name]
"""
    user = """\
from azureml.core.experiment import Experiment
from helper import Tools


class Runner:
    def submit(self, parameters):
        return Experiment(self.ws, "night").submit(self.pipeline, pipeline_parameters=parameters)

    def setup(self):
        self.ws = Tools().workspace("w", "g", "s")
        self.target = Tools().compute(self.ws, "cpu")
"""
    write(tmp_path, {"helper.py": helper, "user.py": user})
    for report in run([tmp_path], Settings()):
        report.path.write_bytes(report.after)
    assert "self.ws.subscription_id" in (tmp_path / "user.py").read_text()
    assert not [report.path for report in run([tmp_path], Settings()) if report.changed]


@pytest.mark.parametrize("found", ["ws.datasets.get('rows')", "ws.datasets['rows']", "Dataset.get_by_name(ws, 'rows')"])
def test_a_script_reads_a_dataset_as_its_component_declares_it(tmp_path: Path, found: str) -> None:
    submit = f"""\
        from azureml.core import Dataset, Workspace
        from azureml.pipeline.core import Pipeline
        from azureml.pipeline.steps import PythonScriptStep

        ws = Workspace.from_config()
        data = {found}
        step = PythonScriptStep("read.py", name="read", inputs=[data.as_named_input("rows")], compute_target="cpu")
        pipeline = Pipeline(ws, [step])
        """
    script = "from azureml.core import Run\n\nrun = Run.get_context()\n"
    script += "print(run.input_datasets['rows'].to_pandas_dataframe())\n"
    after = converted(tmp_path, {"submit.py": submit, "read.py": script})
    assert "type: mltable" in (tmp_path / "read.component.yml").read_text()
    assert 'mltable.load(os.environ["AZURE_ML_INPUT_rows"]).to_pandas_dataframe()' in after["read.py"]


_CONNECTION = "from azureml.core import Model, Workspace\n\nws = Workspace.from_config()\nModel.package(ws, [])\n"


@pytest.mark.parametrize(
    ("below", "placed"),
    [
        ("\n\ndef a():\n    return Datastore.get(ws, 'a')\n", ")\n\n\ndef a():\n    return ml_client.datastores.get("),
        ("print(Datastore.get(ws, 'a'))\n", ")\nprint(ml_client.datastores.get("),
        ("\n\nclass A:\n    def b(self):\n        return Datastore.get(ws, 'a')\n", ")\n\n\nclass A:\n"),
    ],
)
def test_the_client_of_a_workspace_from_another_module_is_made_once(tmp_path: Path, below: str, placed: str) -> None:
    submit = f"from connection import ws\nfrom azureml.core import Datastore\n{below}"
    submit += "\n\ndef last():\n    return Datastore.get(ws, 'b')\n"
    after = converted(tmp_path, {"connection.py": _CONNECTION, "submit.py": submit})["submit.py"]
    assert after.count("MLClient(") == 1 and after.index("import ws") < after.index("ml_client = MLClient(")
    assert placed in after and after.endswith('def last():\n    return ml_client.datastores.get("b")\n')


def test_a_comment_stays_above_its_function(tmp_path: Path) -> None:
    submit = "from azureml.core import Datastore\nfrom connection import ws\n\n\n# The first.\n"
    submit += "def a():\n    return Datastore.get(ws, 'a')\n"
    after = converted(tmp_path, {"connection.py": _CONNECTION, "submit.py": submit})["submit.py"]
    assert "# The first.\ndef a():\n" in after and "MLClient(" in after


def test_what_stays_is_given_the_workspace_that_is_there(tmp_path: Path) -> None:
    submit = "from azureml.core import Datastore, Model\n\n\ndef show(ws):\n    store = Datastore.get(ws, 'a')\n"
    submit += "    print(store.name)\n    Model._upload(store, Model.package(ws, []))\n"
    after = converted(tmp_path, {"submit.py": submit})["submit.py"]
    assert "Workspace" not in after and "Model._upload(" in after
