"""Databricks steps: what the script of their component does, and when a step stays as it is."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from amlbridge.migrate.convert import convert_module
from amlbridge.migrate.findings import Status
from amlbridge.migrate.module import Conversion, ModuleText, Options
from amlbridge.migrate.project.modules import build_project
from tests.migrate.rules.support import convert

BEFORE = """\
import os
from azureml.core import Experiment, Workspace
from azureml.core.runconfig import JarLibrary, PyPiLibrary
from azureml.data.data_reference import DataReference
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import DatabricksStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
rows = PipelineParameter("rows", default_value=5)
raw = DataReference(datastore=store, data_reference_name="raw", path_on_datastore="raw")
clean = PipelineData("clean", datastore=store)
workers = int(os.environ.get("WORKERS", "2"))
step = DatabricksStep(
    name="Clean",
    inputs=[raw],
    outputs=[clean],
    num_workers=workers,
    {what},
    run_name="nightly",
    pypi_libraries=[PyPiLibrary("pandas")],
    compute_target="databricks",
)
run = Experiment(ws, "x").submit(Pipeline(ws, [step]))
"""
NOTEBOOK = 'notebook_path="/Shared/clean", notebook_params={"rows": rows, "limit": 7}'
SCRIPT = 'python_script_name="clean.py", source_directory="code", python_script_params=["--limit", "7", rows]'
JAR = 'main_class_name="org.Clean", jar_params={"a", rows}, jar_libraries=[JarLibrary("dbfs:/c.jar")]'


class _Api(BaseHTTPRequestHandler):
    """As much of the API of Databricks as a run needs; ``asked`` has what came in."""

    asked: list[tuple[str, Any]] = []
    result = "SUCCESS"

    def do_GET(self) -> None:
        """Runtimes, and the state of the run."""
        state = {"life_cycle_state": "TERMINATED", "result_state": self.result, "state_message": "out of memory"}
        version = {"key": "15.4.x-scala2.12", "name": "15.4 LTS (includes Apache Spark 3.5.0, Scala 2.12)"}
        self._answer({"run_id": 7, "run_page_url": "http://run/7", "state": state, "versions": [version]})

    def do_POST(self) -> None:
        """Files and runs."""
        length = int(self.headers.get("content-length") or 0)
        self.asked.append((self.path, json.loads(self.rfile.read(length))))
        self._answer({"run_id": 7, "handle": 1})

    def _answer(self, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Says nothing."""


@pytest.fixture
def api() -> Iterator[str]:
    """The address of a Databricks workspace."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _Api.asked.clear()
    _Api.result = "SUCCESS"
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def converted(folder: Path, what: str) -> Conversion:
    """The conversion of a pipeline in a folder, with its files written."""
    (folder / "code").mkdir()
    (folder / "code" / "clean.py").write_text("print()\n")
    module = ModuleText(folder / "pipeline.py", BEFORE.replace("{what}", what))
    found = convert_module(module, build_project([module], Options(), [folder]), Options())
    assert all(finding.status in (Status.CONVERTED, Status.REVIEW) for finding in found.findings), found.findings
    assert "azureml" not in found.text.replace("azureml://", "")
    for path, text in found.created.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    return found


def started(script: Path, api: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Runs the script of a component as its job would."""
    variables = {"DATABRICKS_HOST": api, "DATABRICKS_TOKEN": "token", "AZUREML_RUN_ID": "run"}
    return subprocess.run(
        [sys.executable, script.name, *options],
        cwd=script.parent,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def submitted() -> Any:
    """The run that was asked for, and its task."""
    body = next(body for path, body in _Api.asked if path.endswith("runs/submit"))
    return body["run_name"], body["tasks"][0]


@pytest.mark.slow
def test_a_script_is_uploaded_and_run(tmp_path: Path, api: str) -> None:
    found = converted(tmp_path, SCRIPT)
    options = ["--rows", "9", "--raw", "azureml://raw", "--clean", "azureml://clean", "--num_workers", "3"]
    ran = started(tmp_path / "code" / "clean_on_databricks.py", api, *options)
    assert (ran.returncode, ran.stdout) == (0, "http://run/7\n"), ran.stderr
    name, task = submitted()
    assert name == "nightly"
    assert task == {
        "task_key": "clean",
        "spark_python_task": {
            "python_file": "dbfs:/FileStore/azureml/run/clean.py",
            "parameters": ["--limit", "7", "--ROWS", "9", "--raw", "azureml://raw", "--clean", "azureml://clean"],
        },
        "new_cluster": {"spark_version": "15.4.x-scala2.12", "node_type_id": "Standard_D3_v2", "num_workers": 3},
        "libraries": [{"pypi": {"package": "pandas"}}],
    }
    assert any(path.endswith("dbfs/create") and body["path"].endswith("run/clean.py") for path, body in _Api.asked)
    assert 'load_component(source="code/clean.component.yml")' in found.text
    _Api.result = "FAILED"
    ran = started(tmp_path / "code" / "clean_on_databricks.py", api, *options)
    assert ran.returncode == 1 and "out of memory" in ran.stderr


def test_a_notebook_gets_its_parameters_and_data_as_text(tmp_path: Path) -> None:
    found = converted(tmp_path, NOTEBOOK)
    script = found.created["databricks_steps/clean_on_databricks.py"]
    assert calls(script, "NotebookTask") == [
        "jobs.NotebookTask(notebook_path='/Shared/clean', "
        "base_parameters={'rows': args.rows, 'limit': '7', 'raw': args.raw, 'clean': args.clean})"
    ]
    assert 'parser.add_argument("--num_workers", type=int)' in script
    assert '"DATABRICKS_TOKEN": os.environ["DATABRICKS_TOKEN"]' in found.text
    component = found.created["databricks_steps/clean.component.yml"]
    assert "mode: direct" in component and "databricks-sdk" in found.created["databricks_steps/environment.conda.yml"]


def test_a_class_of_a_jar(tmp_path: Path) -> None:
    script = converted(tmp_path, JAR).created["databricks_steps/clean_on_databricks.py"]
    assert calls(script, "SparkJarTask") == [
        "jobs.SparkJarTask(main_class_name='org.Clean', "
        "parameters=['a', '--ROWS', args.rows, '--raw', args.raw, '--clean', args.clean])"
    ]
    assert calls(script, "Library") == [
        "compute.Library(pypi=compute.PythonPyPiLibrary(package='pandas'))",
        "compute.Library(jar='dbfs:/c.jar')",
    ]


def test_a_cluster_in_a_run_configuration_is_left() -> None:
    text = BEFORE.replace("{what}", NOTEBOOK + ", runconfig=config").replace("run = ", "config = load()\nrun = ")
    left = [finding for finding in convert(text).findings if finding.symbol == "DatabricksStep"]
    assert [finding.status for finding in left] == [Status.MANUAL]
    assert "run configuration" in left[0].message


def calls(script: str, name: str) -> list[str]:
    """The calls of a class in a script, in the order of the text."""
    found = [node for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Call)]
    return [ast.unparse(node) for node in found if ast.unparse(node.func).rpartition(".")[2] == name]


def test_what_is_passed_as_none_is_not_passed() -> None:
    found = convert(
        """\
from azureml.core import Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import DatabricksStep

ws = Workspace.from_config()
step = DatabricksStep(
    "existing", inputs=None, outputs=None, existing_cluster_id="0423-222152", notebook_path="/Shared/sample",
    notebook_params=None, jar_params=None, source_directory=None, runconfig=None, maven_libraries=None,
    compute_target=ws.compute_targets["dbx"], allow_reuse=False,
)
steps = [step]  # noqa: E501
pipeline = Pipeline(ws, steps)
"""
    )
    assert "azureml.pipeline" not in found.text and "noqa" not in found.text
    assert any('notebook_path="/Shared/sample"' in text for text in found.created.values())
