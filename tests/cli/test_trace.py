"""``amlbridge trace``: what it writes for the pipelines of the v1 articles, run by the real client, is what v1 did."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.seeds import passengers
from tests.support.command import Command

pytestmark = pytest.mark.slow

_WEB = "https://dprepdata.blob.core.windows.net/demo/Titanic.csv"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """A user's folder with the table behind the web path."""
    command = Command(tmp_path_factory.mktemp("desk"))
    table = command.folder.with_name("tables") / "Titanic.csv"
    passengers.write(table, rows=60, seed=1)
    command("map", "add", _WEB, str(table))
    command.write("steps/make.py", _MAKE)
    command.write("steps/compare.py", _COMPARE)
    command.write("steps/train_with_dataset.py", _TRAIN)
    command.write("publish.py", _PUBLISH)
    yield command
    command("down", code=None)


_MAKE = """
    import os, sys
    for path in sys.argv[1:]:
        os.makedirs(path, exist_ok=True)
        open(os.path.join(path, "numbers.csv"), "w").write("a,b\\n1,2\\n")
"""
_COMPARE = """
    import argparse, os
    from azureml.core import Run

    parser = argparse.ArgumentParser()
    for name in ("--comp_data1", "--comp_data2", "--output_data", "--param1"):
        parser.add_argument(name)
    args = parser.parse_args()
    Run.get_context().log("param1", int(args.param1))
    os.makedirs(args.output_data, exist_ok=True)
    with open(os.path.join(args.output_data, "found.txt"), "w") as file:
        file.write(args.param1 + open(os.path.join(args.comp_data1, "numbers.csv")).read())
"""
_TRAIN = """
    import argparse
    from azureml.core import Run

    parser = argparse.ArgumentParser()
    parser.add_argument("--param1")
    args = parser.parse_args()
    run = Run.get_context()
    dataframe = run.input_datasets['tabular_dataset'].to_pandas_dataframe()
    run.log("rows", len(dataframe))
"""
#: The two pipelines of the article on publishing, in one, with a schedule.
_PUBLISH = """
    from azureml.core import Dataset, Experiment, Workspace
    from azureml.core.compute import AmlCompute, ComputeTarget
    from azureml.data.dataset_consumption_config import DatasetConsumptionConfig
    from azureml.pipeline.core import Pipeline, PipelineData, Schedule, ScheduleRecurrence
    from azureml.pipeline.core.graph import PipelineParameter
    from azureml.pipeline.steps import PythonScriptStep

    ws = Workspace.from_config()
    settings = AmlCompute.provisioning_configuration(vm_size='STANDARD_D2_V2', max_nodes=2)
    compute_target = ComputeTarget.create(ws, 'pair', settings)
    comp_data1, comp_data2, out_data3 = (
        PipelineData(name, is_directory=True) for name in ("comp_data1", "comp_data2", "out_data3")
    )
    make = PythonScriptStep(script_name="make.py", arguments=[comp_data1, comp_data2], outputs=[comp_data1, comp_data2],
                            compute_target=compute_target, source_directory="steps")
    pipeline_param = PipelineParameter(name="pipeline_arg", default_value=10)
    compare = PythonScriptStep(
        script_name="compare.py",
        arguments=["--comp_data1", comp_data1, "--comp_data2", comp_data2, "--output_data", out_data3,
                   "--param1", pipeline_param],
        inputs=[comp_data1, comp_data2], outputs=[out_data3], compute_target=compute_target, source_directory="steps")
    table = Dataset.Tabular.from_delimited_files('https://dprepdata.blob.core.windows.net/demo/Titanic.csv')
    consumption = DatasetConsumptionConfig("tabular_dataset", PipelineParameter("tabular_ds_param", table))
    train = PythonScriptStep(name="train_step", script_name="train_with_dataset.py",
                             arguments=["--param1", consumption], inputs=[consumption], allow_reuse=False,
                             compute_target=compute_target, source_directory="steps")
    train.run_after(compare)
    pipeline = Pipeline(ws, [train])
    run = Experiment(ws, "My_Pipeline").submit(pipeline)
    run.wait_for_completion(show_output=False)
    published = run.publish_pipeline(name="My_Published_Pipeline", description="published", version="1.0")
    rhythm = ScheduleRecurrence("Week", 1, start_time="2099-01-01T00:00:00")
    Schedule.create(ws, "weekly", published.id, "scheduled", rhythm)
"""


def test_what_is_written_is_the_same(desk: Command) -> None:
    target = desk.folder.with_name("written")
    before = sorted(path.name for path in desk.folder.iterdir())
    desk("trace", "publish.py", "-o", str(target))
    assert sorted(path.name for path in desk.folder.iterdir()) == before, "nothing of the project changes"
    folder = target / "my_published_pipeline"
    readme = (folder / "README.md").read_text()
    assert "The schedule `weekly` runs it" in readme
    assert "publishes it as `My_Published_Pipeline`, version 1.0" in readme
    assert [path.name for path in target.iterdir()] == [folder.name], "one graph, however often it is used"
    first = compared(desk, "publish.py", str(folder / "pipeline.yml"))
    assert unlike(first) == []
    run = first["left"].partition(", run ")[2].partition(" ")[0]
    second = compared(desk, run, str(folder / "pipeline.py"))
    assert unlike(second) == []


#: Everything that the workspace lacks, a sweep, and a look at a result that there cannot be.
_MISSING = """
    from azureml.core import Dataset, Datastore, Environment, Experiment, Model, ScriptRunConfig, Workspace
    from azureml.core.compute import ComputeTarget
    from azureml.data import OutputFileDatasetConfig
    from azureml.pipeline.core import Pipeline, PipelineData, PipelineEndpoint, Schedule, ScheduleRecurrence
    from azureml.pipeline.core import TrainingOutput
    from azureml.pipeline.steps import AutoMLStep, ParallelRunConfig, ParallelRunStep, PythonScriptStep
    from azureml.train.automl import AutoMLConfig
    from azureml.train.hyperdrive import HyperDriveConfig, PrimaryMetricGoal, RandomParameterSampling, choice, uniform

    ws = Workspace.from_config()
    print("SECRET", ws.get_default_keyvault().get_secret("password"))
    gpu, lake = ComputeTarget(ws, "gpu-box"), Datastore.get(ws, "lake")
    raw = Dataset.get_by_name(ws, "raw")
    env, model = Environment.get(ws, "training-env"), Model(ws, "champion")
    listed, table = ws.compute_targets["listed-box"], Dataset.Tabular.from_delimited_files((lake, "in/scores.csv"))
    experiment = Experiment(ws, "tune")
    single = ScriptRunConfig("steps", script="make.py", arguments=["--data", raw.as_named_input("raw").as_mount()],
                             compute_target="other-box", environment=env)
    experiment.submit(single).wait_for_completion()
    space = RandomParameterSampling({"--lr": uniform(0.01, 0.1), "--depth": choice(1, 2)})
    sweep = HyperDriveConfig(run_config=ScriptRunConfig("steps", script="make.py", compute_target=gpu, environment=env),
                             hyperparameter_sampling=space, primary_metric_name="auc", max_total_runs=4,
                             primary_metric_goal=PrimaryMetricGoal.MAXIMIZE)
    run = experiment.submit(sweep)
    run.wait_for_completion()
    prepared, scores, best = OutputFileDatasetConfig("prepared"), PipelineData("scores"), PipelineData(
        "best", training_output=TrainingOutput("Model"))
    make = PythonScriptStep("make.py", arguments=[prepared], compute_target="listed-box", source_directory="steps")
    config = ParallelRunConfig(environment=env, entry_script="make.py", error_threshold=3, output_action="append_row",
                               append_row_file_name="all.txt", compute_target=gpu, node_count=2,
                               source_directory="steps")
    score = ParallelRunStep("score", config, inputs=[raw.as_named_input("raw")], output=scores)
    automl = AutoMLConfig("regression", training_data=prepared.read_delimited_files(), label_column_name="price",
                          iterations=2, compute_target=gpu)
    search = AutoMLStep("search", automl, outputs=[best], enable_default_model_output=False,
                        enable_default_metrics_output=False)
    last = PythonScriptStep("make.py", name="last", arguments=[best, scores], inputs=[best, scores], compute_target=gpu,
                            source_directory="steps")
    published = Pipeline(ws, [score, search, last]).publish("all kinds")
    endpoint = PipelineEndpoint.publish(ws, "kinds", pipeline=published, description="behind an endpoint")
    rhythm = ScheduleRecurrence("Day", 1, start_time="2099-01-01T00:00:00")
    Schedule.create_for_pipeline_endpoint(ws, "daily", endpoint.id, "kinds", rhythm)
    print(run.get_best_run_by_primary_metric().get_metrics())
    experiment.submit(single)
"""


def test_what_is_missing_is_stood_in_for_and_what_was_submitted_before_a_failure_is_written(desk: Command) -> None:
    desk.write("missing.py", _MISSING)
    target = desk.folder.with_name("missing")
    refused = desk("trace", "missing.py", "-o", str(target), code=1)
    assert "it had submitted nothing until then" in refused.stderr
    assert not target.exists()
    done = desk("trace", "missing.py", "-o", str(target), "--permissive", code=1)
    for name in (
        *("secret password", "compute gpu-box", "compute other-box", "compute listed-box", "dataset raw (file)"),
        *("datastore lake", "data lake/in/scores.csv"),
    ):
        assert f"stood in for {name}" in done.stderr
    assert "stood in for environment training-env" in done.stderr
    assert "stood in for model champion" in done.stderr
    assert "a script that reads results of its runs finds none" in done.stderr
    assert sorted(path.name for path in target.iterdir()) == ["all_kinds", "tune_make", "tune_make_2"]
    assert "The schedule `daily` runs it" in (target / "all_kinds" / "README.md").read_text()
    kinds = (target / "all_kinds" / "pipeline.yml").read_text()
    assert all(f"type: {kind}\n" in kinds for kind in ("command", "parallel", "automl"))
    parts = target / "all_kinds" / "components"
    assert "--append_row_file_name all.txt" in (parts / "score" / "component.yml").read_text()
    assert "&& echo '{" in (parts / "make" / "component.yml").read_text()
    assert "--model ${{outputs.best}}" in (parts / "search_outputs" / "component.yml").read_text()
    sweep = (target / "tune_make_2" / "pipeline.yml").read_text()
    assert "max_total_trials: 4" in sweep
    assert "type: uniform" in sweep
    command = (target / "tune_make_2" / "components" / "make" / "component.yml").read_text()
    assert "command: python make.py --lr ${{inputs.lr}} --depth ${{inputs.depth}}" in command


def test_bad_usage_and_a_script_that_submits_nothing(desk: Command) -> None:
    desk.write("nothing.py", "print('hello')\n")
    target = str(desk.folder.with_name("nothing"))
    assert "submits and publishes nothing" in desk("trace", "nothing.py", "-o", target, code=1).stderr
    assert "there is no folder to write to" in desk("trace", "nothing.py", code=2).stderr
    assert "it is not empty" in desk("trace", "nothing.py", "-o", str(desk.folder), code=2).stderr
    assert "there is no such file" in desk("trace", "no.py", "-o", target, code=2).stderr


def test_migrate_takes_what_cannot_be_followed_from_the_trace(desk: Command) -> None:
    for name in ("prepare", "train"):
        desk.write(f"one/steps/{name}.py", _STEP)
    desk.write("one/pipeline.py", _BUILT)
    (desk.folder / "one" / "config.json.txt").write_text(json.dumps({"compute": "pair", "steps": ["prepare", "train"]}))
    folder = desk.folder / "one"
    done = desk("migrate", "--trace", "pipeline.py --fast", ".", "--write", "--report", "one.json", code=1, cwd=folder)
    assert "the rewritten code submits the same: built" in done.stderr
    report = json.loads((folder / "one.json").read_text())
    found = next(item for item in report["files"] if item["path"].endswith("pipeline.py"))
    assert found["status"] == "migrated"
    assert [item for item in found["findings"] if item["rule"] == "trace"] == []
    (whole,) = (item for item in found["findings"] if item["symbol"] == "Pipeline")
    assert whole["status"] == "review"
    assert "the steps (2) and their values are those that `pipeline.py --fast` has submitted" in whole["message"]
    assert {item["line"] for item in found["findings"] if item["symbol"] == "PythonScriptStep"} == {19}
    text = (folder / "pipeline.py").read_text()
    for line in (
        'prepare_component = load_component(source="steps/prepare.component.yml")',
        '@dsl.pipeline(default_compute="pair")',
        "def pipeline(epochs: int = 3):",
        "    train_component(prepare_out=prepare.outputs.prepare_out, epochs=epochs)",
        'run = ml_client.jobs.create_or_update(pipeline(epochs=2), experiment_name="built")',
        'print("steps", len(config["steps"]))',
    ):
        assert line in text, (line, text)
    assert "make_steps" not in text
    again = desk("migrate", ".", "--check", code=0, cwd=folder)
    assert "would change" not in again.stdout
    # The client does not take what was uploaded in the trace for uploaded.
    desk.write("one/v1.py", _BUILT)
    desk("run", "v1.py", cwd=folder)
    desk("down", cwd=folder)


_STEP = """
    import argparse
    from azureml.core import Run

    parser = argparse.ArgumentParser()
    for name in ("--out", "--in", "--epochs"):
        parser.add_argument(name)
    args = parser.parse_args()
    Run.get_context().log("epochs", int(args.epochs))
"""
#: Steps, their names and their arguments come from a file and a loop.
_BUILT = """
    import json
    from azureml.core import Experiment, Workspace
    from azureml.core.compute import AmlCompute, ComputeTarget
    from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
    from azureml.pipeline.steps import PythonScriptStep

    ws = Workspace.from_config()
    settings = AmlCompute.provisioning_configuration(vm_size='STANDARD_D2_V2', max_nodes=2)
    ComputeTarget.create(ws, 'pair', settings)
    config = json.load(open("config.json.txt"))
    epochs = PipelineParameter("epochs", default_value=3)

    def make_steps(before=None):
        steps = []
        for name in config["steps"]:
            output = PipelineData(name + "_out", is_directory=True)
            arguments = ["--out", output, "--epochs", epochs] + (["--in", before] if before else [])
            step = PythonScriptStep(name=name, script_name=name + ".py", arguments=arguments, outputs=[output],
                                    inputs=[before] if before else [], compute_target=config["compute"],
                                    source_directory="steps", allow_reuse=False)
            steps.append(step)
            before = output
        return steps

    print("steps", len(config["steps"]))
    pipeline = Pipeline(ws, make_steps())
    run = Experiment(ws, "built").submit(pipeline, pipeline_parameters={"epochs": 2})
    run.wait_for_completion()
"""


def compared(desk: Command, left: str, right: str) -> Any:
    """The report of a comparison."""
    return json.loads(desk("compare", left, right, "--json", code=None).stdout)


def unlike(report: Any) -> list[Any]:
    """The checks of a report that do not say the same."""
    checks = [*report["pipeline"], *(check for step in report["steps"] for check in step["checks"])]
    return [check for check in checks if check["verdict"] != "same"]
