"""Pipelines of v1 in YAML become pipeline jobs that the real client accepts and the workspace runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from amlbridge.migrate.files import convert_file
from amlbridge.migrate.files.yaml_text import load
from amlbridge.migrate.module import Options
from amlbridge.migrate.project.modules import build_project
from tests.migrate.files.converting import convert, told
from tests.support.live import LiveService
from tests.v2.assets.scripts import script

PIPELINE = """\
pipeline:
    name: two steps
    parameters:
        Rows: {type: int, default: 3}
    default_compute: cpu
    steps:
        Make:
            type: "PythonScriptStep"
            name: "make rows"
            script_name: "make.py"
            source_directory: "."
            runconfig: run.runconfig
            parameters:
                ROWS: {source: Rows}
            outputs:
                table: {destination: table, datastore: workspaceblobstore, type: mount}
            arguments: [--to, "output:table"]
        Count:
            type: "PythonScriptStep"
            script_name: "count.py"
            source_directory: "."
            runconfig: run.runconfig
            inputs:
                rows: {source: table}
            arguments: ["input:rows"]
"""
RUN = "script: make.py\nframework: Python\ncommunicator: None\nenvironment:\n  docker: {baseImage: 'image:1'}\n"


def test_edges_parameters_and_arguments() -> None:
    found = convert("pipelines/p.yml", PIPELINE)
    job = load(found.created["p.job.yml"])
    assert job["inputs"] == {"Rows": 3} and job["settings"] == {"default_compute": "azureml:cpu"}
    first, second = job["jobs"].values()
    assert list(job["jobs"]) == ["make_rows", "count"]
    assert first["command"] == "python make.py --to ${{outputs.table}}"
    assert first["environment_variables"] == {"AML_PARAMETER_ROWS": "${{parent.inputs.Rows}}"}
    assert second["inputs"] == {"rows": "${{parent.jobs.make_rows.outputs.table}}"}
    assert second["command"] == "python count.py ${{inputs.rows}}"
    assert told(found) == [("Pipeline", "review", 1)]


def test_what_cannot_be_written_is_told() -> None:
    for text, word in (
        (PIPELINE.replace('"PythonScriptStep"', '"DatabricksStep"'), "DatabricksStep"),
        (PIPELINE.replace("source: table", "source: nothing"), "nothing"),
        (PIPELINE.replace("type: int", "type: complex"), "complex"),
    ):
        found = convert("p.yml", text)
        assert told(found) == [("Pipeline", "manual", 1)] and word in found.findings[0].message
        assert found.text.startswith("# TODO(amlbridge pipeline-yaml): ") and not found.created


@pytest.mark.slow
def test_the_job_runs(live: LiveService, tmp_path: Path) -> None:
    (tmp_path / "run.runconfig").write_text(RUN)
    options = Options()
    found = convert_file(tmp_path / "p.yml", PIPELINE, build_project([], options), options)
    assert told(found) == [("Pipeline", "converted", 1)]
    (tmp_path / "p.job.yml").write_text(found.created["p.job.yml"])
    (tmp_path / "make.py").write_text(
        "import os, pathlib, sys\nfolder = pathlib.Path(sys.argv[2])\nfolder.mkdir(exist_ok=True)\n"
        "(folder / 'rows').write_text('x\\n' * int(os.environ['AML_PARAMETER_ROWS']))\n"
    )
    (tmp_path / "count.py").write_text(
        "import pathlib, sys, mlflow\n"
        "mlflow.log_metric('rows', len((pathlib.Path(sys.argv[1]) / 'rows').read_text().splitlines()))\n"
    )
    done = live.run(
        script(
            """
            import mlflow
            from azure.ai.ml import load_job
            client.compute.begin_create_or_update(AmlCompute(name="cpu", size="STANDARD_DS3_V2")).result()
            job = client.jobs.create_or_update(load_job("p.job.yml", params_override=[{"inputs.Rows": 5}]))
            client.jobs.stream(job.name)
            children = {item.display_name: item.name for item in client.jobs.list(parent_job_name=job.name)}
            mlflow.set_tracking_uri(client.workspaces.get("ws").mlflow_tracking_uri)
            print(sorted(children), mlflow.get_run(children["count"]).data.metrics)
            """
        ),
        folder=tmp_path,
    )
    assert done.stdout.splitlines()[-1] == "['count', 'make_rows'] {'rows': 5.0}"
