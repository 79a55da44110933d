"""DatabricksStep as the real client submits it: it runs on the attached workspace, for which a server stands in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import databricks
from tests.support.databricks import Databricks
from tests.support.live import LiveService

pytestmark = pytest.mark.slow

PRELUDE = """
import contextlib, io, json, sys, time, warnings
warnings.simplefilter("ignore")
from azureml.core import Experiment, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget, DatabricksCompute
from azureml.core.databricks import JarLibrary, MavenLibrary, PyPiLibrary, RCranLibrary
from azureml.data.data_reference import DataReference
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import DatabricksStep
ws = Workspace.from_config()
store = ws.get_default_datastore()

def step(name, **more):
    return DatabricksStep(name=name, compute_target="bricks", **{"allow_reuse": False, **more})

def submitted(*steps, **values):
    return Experiment(ws, "e").submit(Pipeline(ws, list(steps)), pipeline_parameters=values)

def ended(run):
    with contextlib.redirect_stdout(io.StringIO()):
        run.wait_for_completion(raise_on_error=False)
    return run

def attempt(label, work):
    try:
        work()
        print(label, "SUBMITTED")
    except Exception as error:
        print(label, " ".join(str(error).split()))
"""
ATTACH = """
token = {token!r}
config = DatabricksCompute.attach_configuration("g", "w", access_token=token)
ComputeTarget.attach(ws, "bricks", config)
"""


@pytest.fixture
def bricks() -> Iterator[Databricks]:
    with databricks.workspace() as found:
        yield found


def attach(live: LiveService, workspace: str, url: str | None, token: str = "token") -> None:
    """Attaches a workspace with the real client, and says where it is."""
    live.run(PRELUDE + ATTACH.format(token=token), workspace=workspace)
    if url is not None:
        body = {"properties": {"properties": {"workspaceUrl": url}}}
        with live.client() as client:
            answer = client.patch(f"{live.scope(workspace)}/computes/bricks", json=body)
        answer.raise_for_status()


def own(parameters: Any) -> Any:
    """Parameters without those that every run gets."""
    if isinstance(parameters, dict):
        return {name: value for name, value in parameters.items() if not name.startswith("AZUREML_")}
    return parameters[: next(at for at, word in enumerate(parameters) if word.startswith("--AZUREML_"))]


def test_each_kind_of_work_is_asked_for_as_it_was_written(live: LiveService, bricks: Databricks) -> None:
    attach(live, "kinds", bricks.url)
    bricks.output = {"notebook_output": {"result": "cleaned 5 rows"}}
    out = live.run(
        PRELUDE
        + """
rows = PipelineParameter("rows", 5)
raw = DataReference(store, "raw", "in/raw")
clean = PipelineData("clean", datastore=store)
steps = [
    step("Clean data", inputs=[raw], outputs=[clean], notebook_path="/Shared/clean", run_name="nightly",
         notebook_params={"rows": rows, "where": "a=b;c"}, num_workers=2, spark_version="15.4.x", timeout_seconds=60,
         spark_env_variables={"A": "1", "B": "2"}, spark_conf={"spark.x": "y"}, init_scripts=["dbfs:/i.sh"],
         cluster_log_dbfs_path="dbfs:/logs",
         pypi_libraries=[PyPiLibrary("pandas"), PyPiLibrary("own", repo="https://pypi")],
         maven_libraries=[MavenLibrary("a:b:1", exclusions=["c", "d"])], rcran_libraries=[RCranLibrary("ada")]),
    step("file", python_script_path="dbfs:/a.py", existing_cluster_id="0321",
         python_script_params=["a|b", PipelineParameter("limit", "7"), "b c", ""]),
    step("script", python_script_name="a.py", source_directory="src", min_workers=1, max_workers=3,
         instance_pool_id="pool"),
    step("class", main_class_name="org.A", jar_params=["x"], jar_libraries=[JarLibrary("dbfs:/a.jar")], num_workers=1),
]
run = ended(submitted(*steps, rows=9, limit="8"))
print("STATUS", run.get_status())
found = run.find_step_run("Clean data")[0]
print("LOG", "cleaned 5 rows" in found.get_stdout_log())
print("TYPE", type(found).__name__)
""",
        workspace="kinds",
        files={"src/a.py": "print(1)\n", "src/b/c.txt": "x"},
    ).stdout
    assert "STATUS Finished" in out and "LOG True" in out, out
    runs = {body["tasks"][0]["task_key"]: body for body in bricks.submitted}
    assert {key: body["run_name"] for key, body in runs.items()} == {
        "clean_data": "nightly",
        **{name: name for name in ("file", "script", "class")},
    }
    notebook = runs["clean_data"]["tasks"][0]
    given = notebook.pop("notebook_task")
    assert given["notebook_path"] == "/Shared/clean"
    parameters = own(given["base_parameters"])
    assert (parameters.pop("rows"), parameters.pop("where")) == ("9", "a=b;c")
    assert parameters.pop("raw").startswith("wasbs://azureml-blobstore-")
    assert parameters.pop("clean").endswith("/clean") and not parameters
    assert given["base_parameters"]["AZUREML_ARM_WORKSPACE_NAME"] == "kinds"
    assert notebook == {
        "task_key": "clean_data",
        "new_cluster": {
            "spark_version": "15.4.x",
            "node_type_id": "Standard_D3_v2",
            "num_workers": 2,
            "spark_env_vars": {"A": "1", "B": "2"},
            "spark_conf": {"spark.x": "y"},
            "init_scripts": [{"dbfs": {"destination": "dbfs:/i.sh"}}],
            "cluster_log_conf": {"dbfs": {"destination": "dbfs:/logs"}},
        },
        "libraries": [
            {"maven": {"coordinates": "a:b:1", "exclusions": ["c", "d"]}},
            {"pypi": {"package": "pandas"}},
            {"pypi": {"package": "own", "repo": "https://pypi"}},
            {"cran": {"package": "ada"}},
        ],
        "timeout_seconds": 60,
    }
    file = runs["file"]["tasks"][0]
    assert file["existing_cluster_id"] == "0321" and "new_cluster" not in file
    assert own(file["spark_python_task"]["parameters"]) == ["a|b", "--LIMIT", "8", "b c", ""]
    script = runs["script"]["tasks"][0]
    assert script["new_cluster"]["autoscale"] == {"min_workers": 1, "max_workers": 3}
    assert script["new_cluster"]["instance_pool_id"] == "pool"
    place = script["spark_python_task"]["python_file"].removeprefix("dbfs:")
    made = [body["path"] for path, body in bricks.asked if path.endswith("dbfs/create")]
    assert place in made and place.replace("a.py", "b/c.txt") in made
    java = runs["class"]["tasks"][0]
    assert java["spark_jar_task"]["main_class_name"] == "org.A" and own(java["spark_jar_task"]["parameters"]) == ["x"]
    assert java["libraries"] == [{"jar": "dbfs:/a.jar"}]


def test_a_run_that_fails_and_one_that_is_cancelled(live: LiveService, bricks: Databricks) -> None:
    attach(live, "ends", bricks.url)
    bricks.result, bricks.output = "FAILED", {"error": "ValueError: no rows"}
    work = 'step("one", notebook_path="/n", existing_cluster_id="0321")'
    out = live.run(
        PRELUDE
        + f"""
run = ended(submitted({work}))
print(run.get_status(), run.find_step_run("one")[0].get_details()["error"]["error"]["message"].splitlines()[0])
""",
        workspace="ends",
    ).stdout
    assert "Failed the run 7 on Databricks ended as FAILED: ValueError: no rows" in out
    bricks.result = None
    bricks.asked.clear()
    out = live.run(
        PRELUDE
        + f"""
run = submitted({work})
while "RUNNING" not in "".join(found.get_stdout_log() or "" for found in run.find_step_run("one")):
    time.sleep(0.2)
run.cancel()
print(ended(run).get_status())
""",
        workspace="ends",
    ).stdout
    assert out.splitlines()[-1] == "Canceled", out
    assert any(path.endswith("runs/cancel") for path, _ in bricks.asked)


def test_what_is_not_known_of_the_workspace_is_said_at_submit(live: LiveService, bricks: Databricks) -> None:
    attempts = (
        PRELUDE
        + """
work = dict(notebook_path="/n", existing_cluster_id="0321")
attempt("BRICKS", lambda: submitted(step("one", **work)))
ComputeTarget.create(ws, "cpu", AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=2))
attempt("CPU", lambda: submitted(DatabricksStep(name="one", compute_target="cpu", **work)))
"""
    )
    attach(live, "unknown", None)
    out = live.run(attempts, workspace="unknown").stdout
    told = {line.split(" ", 1)[0]: line for line in out.splitlines()}
    assert "`amlbridge compute connect bricks https://" in told["BRICKS"], out
    assert "cpu is AmlCompute: DatabricksStep runs on an attached Databricks workspace only" in told["CPU"], out
    attach(live, "unknown", bricks.url, token="")
    out = live.run(attempts, workspace="unknown").stdout
    assert "bricks was attached without an access token" in out
    assert not bricks.asked


def test_the_address_stays_with_the_workspace_that_it_was_given_for(live: LiveService, bricks: Databricks) -> None:
    attach(live, "kept", bricks.url)
    attach(live, "kept", None, token="newer")
    place = f"{live.scope('kept')}/computes/bricks"
    with live.client() as client:

        def url(answer: Any) -> str | None:
            answer.raise_for_status()
            found: str | None = json.loads(answer.text)["properties"]["properties"]["workspaceUrl"]
            return found

        assert url(client.get(place)) == bricks.url
        other = live.run(
            PRELUDE
            + ATTACH.format(token="third").replace('"w"', '"another"')
            + 'print(ComputeTarget(ws, "bricks").cluster_resource_id.rpartition("/")[2])\n',
            workspace="kept",
        ).stdout
        assert other.splitlines()[-1] == "another"
        assert url(client.get(place)) is None
        for wrong in ("http://elsewhere.net", "https://a.net/path", "https://me@a.net", "ftp://127.0.0.1", "https://"):
            body = {"properties": {"properties": {"workspaceUrl": wrong}}}
            assert client.patch(place, json=body).status_code == 400, wrong
        assert url(client.get(place)) is None
        body = {"properties": {"properties": {"workspaceUrl": "adb-1.2.azuredatabricks.net"}}}
        assert url(client.patch(place, json=body)) == "https://adb-1.2.azuredatabricks.net"
