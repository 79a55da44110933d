"""`amlbridge compare`, the command: a real v1 pipeline against its v2 successor, Plans, and bad input."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from amlbridge.engine import plan_json
from tests.compare.test_plans import PLAN
from tests.support.command import Command

pytestmark = pytest.mark.slow

STEP = """
    import argparse, os, random
    parser = argparse.ArgumentParser()
    parser.add_argument("--out")
    parser.add_argument("--data")
    parser.add_argument("--rate", type=float)
    args, _ = parser.parse_known_args()
    os.makedirs(args.out, exist_ok=True)
    with open(os.path.join(args.out, "table.csv"), "w") as file:
        file.write("id,value\\n")
        for n in range(5):
            file.write(f"{n},{n * (args.rate or 1) + NOISE}\\n")
"""
V1 = """
    from azureml.core import Experiment, Workspace
    from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
    from azureml.pipeline.steps import PythonScriptStep
    ws = Workspace.from_config()
    rate = PipelineParameter("rate", default_value=0.5)
    prepared = PipelineData("prepared", datastore=ws.get_default_datastore())
    model = PipelineData("model", datastore=ws.get_default_datastore())
    one = PythonScriptStep("prepare.py", name="prepare", arguments=["--out", prepared], outputs=[prepared],
                           compute_target="cpu-cluster", source_directory="src")
    two = PythonScriptStep("train.py", name="train", arguments=["--data", prepared, "--rate", rate, "--out", model],
                           inputs=[prepared], outputs=[model], compute_target="cpu-cluster", source_directory="src")
    Experiment(ws, "v1").submit(Pipeline(ws, steps=[two])).wait_for_completion(show_output=False)
"""
V2 = """
    import sys
    from azure.ai.ml import MLClient, Input, Output, command, dsl
    from azure.identity import DefaultAzureCredential
    client = MLClient.from_config(DefaultAzureCredential())
    env = "azureml://registries/azureml/environments/sklearn-1.5/labels/latest"
    first = command(name="prep_data", code="src", environment=env, outputs={"out": Output(type="uri_folder")},
                    command="python prepare.py --out ${{outputs.out}}")
    second = command(name="train_model", code="src", environment=env, outputs={"model": Output(type="uri_folder")},
                     inputs={"data": Input(type="uri_folder"), "rate": Input(type="number")},
                     command="python train.py --out ${{outputs.model}} --data ${{inputs.data}} --rate ${{inputs.rate}}")
    @dsl.pipeline(default_compute="cpu-cluster")
    def pipeline(rate: float = 0.5):
        prep = first()
        prep.name = "prep_data"
        train = second(data=prep.outputs.out, rate=rate)
    client.jobs.stream(client.jobs.create_or_update(pipeline(rate=float(sys.argv[1])), experiment_name="v2").name)
"""
YAML = """
    $schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
    type: pipeline
    experiment_name: yaml
    settings: {default_compute: azureml:cpu-cluster}
    inputs: {rate: 0.5}
    jobs:
      prepare:
        type: command
        code: src
        environment: azureml://registries/azureml/environments/sklearn-1.5/labels/latest
        command: python prepare.py --out ${{outputs.prepared}}
        outputs: {prepared: {type: uri_folder}}
      train:
        type: command
        code: src
        environment: azureml://registries/azureml/environments/sklearn-1.5/labels/latest
        command: python train.py --data ${{inputs.data}} --rate ${{inputs.rate}} --out ${{outputs.model}}
        inputs: {data: "${{parent.jobs.prepare.outputs.prepared}}", rate: "${{parent.inputs.rate}}"}
        outputs: {model: {type: uri_folder}}
"""


@pytest.fixture(scope="module")
def project(shared: Command) -> Command:
    shared("compute", "add", "cpu-cluster", code=None)
    shared.write("src/prepare.py", STEP.replace("NOISE", "0"))
    shared.write("src/train.py", STEP.replace("NOISE", "0"))
    shared.write("v1.py", V1)
    shared.write("v2.py", V2)
    return shared


def not_same(report: dict[str, Any]) -> set[tuple[str, str]]:
    sections = [("", report["pipeline"]), *((step["left"], step["checks"]) for step in report["steps"])]
    return {(step, check["subject"]) for step, checks in sections for check in checks if check["verdict"] != "same"}


def test_v1_and_v2_are_the_same_until_something_is_changed(project: Command) -> None:
    report = project.json("compare", "v1.py", "v2.py 0.5", "--json", "--report", "a.html", "--report", "a.xml")
    assert report["verdict"] == "same", not_same(report)
    assert [(step["left"], step["right"]) for step in report["steps"]] == [
        ("prepare", "prep_data"),
        ("train", "train"),
    ]
    subjects = {check["subject"] for step in report["steps"] for check in step["checks"]}
    assert {"output prepared: table.csv", "output model: table.csv", "option --rate"} <= subjects
    assert (project.folder / "a.html").read_text().count("<svg") == 2
    ids = [report[side].partition(", run ")[2].split()[0] for side in ("left", "right")]
    shown = project("compare", ids[0], ids[1][:30], code=0).stdout
    assert "verdict: same" in shown and "rule: numbers: abs 1e-12, rel 1e-09" in shown

    project.write("pipeline.yml", YAML)
    assert project.json("compare", "pipeline.yml", ids[0], "--json")["verdict"] == "same"
    changed = project.json("compare", ids[0], "v2.py 0.501", "--json", code=1)
    assert not_same(changed) == {
        ("", "default of parameter rate"),
        ("train", "option --rate"),
        ("train", "output model: table.csv"),
    }
    assert "cannot be run again" in project("compare", *ids, "--baseline", "1", code=2).stderr


def test_the_noise_of_a_script_is_found_by_running_it_again(project: Command) -> None:
    project.write("src/train.py", STEP.replace("NOISE", "random.random() * 1e-6"))
    report = project.json("compare", "v1.py", "v2.py 0.7", "--baseline", "1", "--json", code=1)
    (train,) = [step for step in report["steps"] if step["left"] == "train"]
    (table,) = [check for check in train["checks"] if check["subject"] == "output model: table.csv"]
    assert table["verdict"] == "different" and "noise floor" in table["facts"]
    assert 0 < float(table["facts"]["noise floor"].split()[1]) < 1e-6


def test_plans(tmp_path: Path) -> None:
    command = Command(tmp_path)
    other = dataclasses.replace(PLAN, nodes=PLAN.nodes[::-1])
    command.write("a.json", plan_json.dumps(PLAN))
    command.write("b.json", plan_json.dumps(other))
    command.write("c.json", plan_json.dumps(dataclasses.replace(PLAN, parameters=())))
    assert "verdict: same" in command("compare", "a.json", "b.json", code=0).stdout
    shown = command("compare", "a.json", "c.json", code=1).stdout
    assert "(pipeline) · graph · parameter rate: different: missing on the right" in shown
    ignored = command("compare", "a.json", "c.json", "--ignore", "pipeline/graph/parameter rate: given in code", code=0)
    assert "rule: ignored: pipeline/graph/parameter rate (given in code)" in ignored.stdout
    assert "Plans have no noise" in command("compare", "a.json", "b.json", "--baseline", "1", code=2).stderr


def test_wrong_usage(tmp_path: Path) -> None:
    command = Command(tmp_path)
    command.write("plan.json", plan_json.dumps(PLAN))
    command.write("broken.json", "{")
    for arguments, told in (
        (("plan.json", "broken.json"), "not a Plan"),
        (("plan.json", "missing.py"), "there is no missing.py"),
        (("plan.json", "3f2a"), "is no state folder"),
        (("plan.json", "plan.json", "--tolerance", "x=1"), "is no tolerance"),
        (("plan.json", "plan.json", "--ignore", "train/*/*"), "ignores nothing"),
        (("plan.json", "plan.json", "--report", "a.doc"), "no report with the suffix"),
    ):
        stderr = command("compare", *arguments, code=2).stderr
        assert told in stderr and "Traceback" not in stderr
