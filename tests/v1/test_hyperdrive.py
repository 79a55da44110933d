"""HyperDriveConfig and HyperDriveStep with the real client."""

from __future__ import annotations

import json

import pytest

from amlbridge.engine.sweep.distributions import parse
from amlbridge.engine.sweep.sampling import Samples
from amlbridge.engine.sweep.settings import SweepSettings
from tests.support.live import LiveService

TRAIN = """
    import argparse, os, sys
    from azureml.core import Run
    parser = argparse.ArgumentParser()
    parser.add_argument("--x", type=float)
    parser.add_argument("--n", type=int)
    parser.add_argument("--fail-at", type=int, default=-1)
    parser.add_argument("--out")
    args = parser.parse_args()
    run = Run.get_context()
    if args.n == args.fail_at:
        sys.exit("this one fails")
    for step in range(3):
        run.log("score", -(args.x - 1) ** 2 * (3 - step) - args.n)
    os.makedirs("outputs", exist_ok=True)
    open("outputs/model.txt", "w").write(f"{args.x} {args.n}")
    if args.out:
        os.makedirs(args.out, exist_ok=True)
        open(os.path.join(args.out, "best.txt"), "w").write(f"{args.n}")
    print("trained with", args.n)
"""

HEAD = """
    import json
    from azureml.core import Experiment, Run, ScriptRunConfig, Workspace
    from azureml.core.compute import AmlCompute, ComputeTarget
    from azureml.train.hyperdrive import *
    ws = Workspace.from_config()
    if "cpu" in ws.compute_targets:
        cpu = ws.compute_targets["cpu"]
    else:
        cpu = ComputeTarget.create(ws, "cpu", AmlCompute.provisioning_configuration("STANDARD_D2_V2", max_nodes=2))
        cpu.wait_for_completion()
    def show(name, value):
        print("@", json.dumps([name, value]))
"""


def shown(out: str) -> dict[str, object]:
    return dict(json.loads(line[2:]) for line in out.splitlines() if line.startswith("@ "))


@pytest.mark.slow
def test_a_sweep_from_submission_to_model(live: LiveService) -> None:
    script = """
    experiment = Experiment(ws, "tune")
    source = ScriptRunConfig("project", "train.py", arguments=["--fail-at", 3], compute_target=cpu)
    config = HyperDriveConfig(
        run_config=source,
        hyperparameter_sampling=RandomParameterSampling(
            {"--x": uniform(0, 2), "n": choice(1, 2, 3)}, properties={"seed": 11}),
        policy=BanditPolicy(evaluation_interval=2, slack_factor=5.0, delay_evaluation=1),
        primary_metric_name="score", primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
        max_total_runs=5, max_concurrent_runs=2)
    run = experiment.submit(config, tags={"my": "tag"})
    run.wait_for_completion(show_output=True)
    show("id", run.id)
    show("status", run.get_status())
    show("tag", run.get_tags().get("my"))
    show("type", run.type)
    children = list(run.get_children())
    show("children", sorted(child.id for child in children))
    show("statuses", sorted(child.get_status() for child in children))
    show("hyperparameters", {name: json.loads(text) for name, text in run.get_hyperparameters().items()})
    best = run.get_best_run_by_primary_metric()
    show("best", best.id)
    show("property", run.get_properties()["best_child_run_id"])
    show("arguments", best.get_details()["runDefinition"]["arguments"])
    show("best_metrics", best.get_metrics())
    show("files", best.get_file_names())
    ranked = run.get_children_sorted_by_primary_metric()
    show("ranked", [item["best_primary_metric"] for item in ranked])
    show("top", run.get_children_sorted_by_primary_metric(top=1)[0]["run_id"])
    show("metrics", run.get_metrics())
    model = best.register_model("tuned", model_path="outputs/model.txt")
    show("model", model.version)
    again = HyperDriveRun(experiment, run.id)
    show("space", again.hyperdrive_config._generator_config["parameter_space"])
    show("again", again.get_best_run_by_primary_metric(include_failed=False, include_canceled=False).id)
    listed = next(item for item in experiment.get_runs() if item.id == run.id)
    show("class", type(listed).__name__)
    show("workspace", type(Run.get(ws, run.id)).__name__)

    warm = HyperDriveConfig(
        run_config=source, hyperparameter_sampling=BayesianParameterSampling(
            {"--x": uniform(0, 2), "n": choice(1, 2)}),
        primary_metric_name="score", primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
        max_total_runs=2, max_concurrent_runs=1, resume_from=None)
    warm = experiment.submit(warm)
    warm.wait_for_completion()
    more = HyperDriveConfig(
        run_config=source, hyperparameter_sampling=BayesianParameterSampling(
            {"--x": uniform(0, 2), "n": choice(1, 2)}),
        primary_metric_name="score", primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
        max_total_runs=1, resume_from=warm, custom_run_id="mine")
    more = experiment.submit(more)
    more.wait_for_completion()
    show("mine", [more.id, more.get_status(), len(list(more.get_children()))])
    show("inherited", more.get_best_run_by_primary_metric() is not None)

    slow = HyperDriveConfig(
        run_config=ScriptRunConfig("project", "sleep.py", compute_target=cpu),
        hyperparameter_sampling=GridParameterSampling({"--n": choice(range(4))}),
        primary_metric_name="score", primary_metric_goal=PrimaryMetricGoal.MINIMIZE, max_total_runs=4)
    parent = experiment.start_logging()
    slow = parent.submit_child(slow)
    import time
    while not any(child.get_status() == "Running" for child in slow.get_children()):
        time.sleep(0.1)
    slow.cancel()
    try:
        slow.wait_for_completion()
    except Exception as error:
        print(error)
    show("parent", slow.parent.id == parent.id)
    parent.complete()
    show("cancelled", [slow.get_status(), sorted({child.get_status() for child in slow.get_children()})])
    """
    files = {"project/train.py": TRAIN, "project/sleep.py": "import time; time.sleep(600)"}
    out = live.run(HEAD + script, files=files).stdout
    found = shown(out)
    sweep = str(found["id"])
    assert sweep.startswith("HD_")
    assert f"Sweep {sweep} has begun" in out
    assert found["status"] == "Completed"
    assert found["tag"] == "tag"
    assert found["type"] == "hyperdrive"
    assert found["children"] == [f"{sweep}_{number}" for number in range(5)]
    hyperparameters = found["hyperparameters"]
    assert isinstance(hyperparameters, dict)
    assert sorted(hyperparameters) == found["children"]
    # What the same seed gives in SDK v2 (tests/v2/jobs/test_sweeps.py), and at every other time.
    settings = SweepSettings({"x": parse(["uniform", [0, 2]], "x"), "n": parse(["choice", [[1, 2, 3]]], "n")}, "score")
    twin = Samples(settings, 11)
    for number in range(5):
        values = {name.lstrip("-"): value for name, value in hyperparameters[f"{sweep}_{number}"].items()}
        assert values == twin.get(number, [])
    failed = [item for item in hyperparameters.values() if item["n"] == 3]
    assert found["statuses"] == ["Completed"] * (5 - len(failed)) + ["Failed"] * len(failed)
    scores = {name: -((item["--x"] - 1) ** 2) - item["n"] for name, item in hyperparameters.items() if item["n"] != 3}
    best = max(scores, key=lambda name: scores[name])
    assert found["best"] == found["property"] == found["top"] == found["again"] == best
    chosen = hyperparameters[best]
    assert found["arguments"] == ["--fail-at", 3, "--x", str(chosen["--x"]), "--n", str(chosen["n"])]
    assert "outputs/model.txt" in found["files"]  # type: ignore[operator]
    assert found["ranked"][0] == pytest.approx(scores[best])  # type: ignore[index]
    assert found["model"] == 1
    assert found["space"] == {"--x": ["uniform", [0, 2]], "n": ["choice", [[1, 2, 3]]]}
    assert found["class"] == found["workspace"] == "HyperDriveRun"
    assert found["mine"] == ["mine", "Completed", 1]
    assert found["inherited"] is True
    assert found["parent"] is True
    assert found["cancelled"] == ["Canceled", ["Canceled"]]


@pytest.mark.slow
def test_a_sweep_as_a_step(live: LiveService) -> None:
    script = """
    from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter, TrainingOutput
    from azureml.pipeline.steps import HyperDriveStep, HyperDriveStepRun, PythonScriptStep
    store = ws.get_default_datastore()
    metrics = PipelineData("metrics_data", datastore=store, pipeline_output_name="metrics_output")
    model = PipelineData("saved", datastore=store, pipeline_output_name="model_output",
        training_output=TrainingOutput("Model", model_file="outputs/model.txt"))
    folder = PipelineData("folder", datastore=store)
    fail_at = PipelineParameter("fail_at", default_value=2)
    source = ScriptRunConfig("project", "train.py", compute_target=cpu,
        arguments=["--fail-at", fail_at, "--out", folder, "--x", 1])
    config = HyperDriveConfig(
        run_config=source, hyperparameter_sampling=GridParameterSampling({"--n": choice(4, 2, 3)}),
        primary_metric_name="score", primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
        max_total_runs=3, max_concurrent_runs=3)
    step = HyperDriveStep(
        "tune it", config, inputs=[], outputs=[folder, model], metrics_output=metrics, allow_reuse=True)
    read = PythonScriptStep("read.py", name="read", source_directory="reader", compute_target=cpu,
        arguments=[metrics, model, folder], inputs=[metrics, model, folder], allow_reuse=False)
    pipeline = Pipeline(ws, [read])
    run = Experiment(ws, "steps").submit(pipeline)
    run.wait_for_completion(show_output=False)
    show("status", run.get_status())
    tuned = run.find_step_run("tune it")[0]
    show("step", [tuned.get_status(), tuned.properties["StepType"]])
    sweep = HyperDriveStepRun(step_run=tuned)
    show("sweep", [sweep.id[:3], sweep.get_status(), len(list(sweep.get_children()))])
    best = sweep.get_best_run_by_primary_metric()
    show("best", [best.id == sweep.id + "_2", best.get_metrics()])
    show("arguments", best.get_details()["runDefinition"]["arguments"][-2:])
    port = run.get_pipeline_output("metrics_output")
    port.download("here")
    import glob, os
    path = os.path.join("here", port.path_on_datastore)
    content = json.load(open(path))
    show("content", [sorted(content) == sorted(f"{sweep.id}_{n}" for n in range(3)), content[best.id]])
    out = run.find_step_run("read")[0].get_file_names()
    show("log", open(run.find_step_run("read")[0].download_file("outputs/seen.txt", "seen.txt") or "seen.txt").read())
    again = Experiment(ws, "steps").submit(pipeline)
    again.wait_for_completion(show_output=False)
    reused = again.find_step_run("tune it")[0]
    show("reused", reused.properties.get("azureml.isreused"))
    copy = HyperDriveStepRun(step_run=reused)
    best = copy.get_best_run_by_primary_metric()
    show("same", [best.id == copy.id + "_2", best.get_metrics(), "outputs/model.txt" in best.get_file_names(),
        len(copy.get_hyperparameters()), len(copy.get_metrics())])
    """
    reader = """
    import os, sys
    metrics, model, folder = sys.argv[1:]
    os.makedirs("outputs", exist_ok=True)
    seen = [str(len(open(metrics).read()) > 10), open(model).read(), open(os.path.join(folder, "best.txt")).read()]
    open("outputs/seen.txt", "w").write("|".join(seen))
    """
    found = shown(live.run(HEAD + script, files={"project/train.py": TRAIN, "reader/read.py": reader}).stdout)
    assert found["status"] == "Finished"
    assert found["step"] == ["Finished", "HyperDriveStep"]
    assert found["sweep"] == ["HD_", "Completed", 3]
    assert found["best"] == [True, {"score": [-3.0, -3.0, -3.0]}]
    assert found["arguments"] == ["--n", "3"]
    assert found["content"] == [True, {"score": [-3.0, -3.0, -3.0]}]
    assert found["log"] == "True|1.0 3|3"
    assert found["reused"] == "true"
    assert found["same"] == [True, {"score": [-3.0, -3.0, -3.0]}, True, 3, 2]


@pytest.mark.slow
def test_what_no_sweep_can_be_is_told_to_the_client(live: LiveService) -> None:
    script = """
    experiment = Experiment(ws, "bad")
    source = ScriptRunConfig("project", "train.py", compute_target=cpu)
    def attempt(name, sampling, **values):
        settings = dict(primary_metric_name="score", primary_metric_goal=PrimaryMetricGoal.MAXIMIZE, max_total_runs=3)
        try:
            config = HyperDriveConfig(
                run_config=values.pop("run_config", source), hyperparameter_sampling=sampling, **{**settings, **values})
            experiment.submit(config)
            show(name, "accepted")
        except Exception as error:
            show(name, str(error.message if hasattr(error, "message") else error))
    attempt("empty", RandomParameterSampling({}))
    attempt("concurrent", RandomParameterSampling({"x": uniform(0, 1)}), max_concurrent_runs=9)
    attempt("bounds", RandomParameterSampling({"x": ["uniform", [2, 1]]}))
    attempt("policy", BayesianParameterSampling({"x": uniform(0, 1)}), policy=MedianStoppingPolicy())
    attempt("script", RandomParameterSampling({"x": uniform(0, 1)}),
        run_config=ScriptRunConfig("project", "absent.py", compute_target=cpu))
    show("runs", len(list(experiment.get_runs())))
    """
    found = shown(live.run(HEAD + script, files={"project/train.py": TRAIN}).stdout)
    assert "the search space is empty" in str(found["empty"])
    assert "concurrent trials (9)" in str(found["concurrent"])
    assert "parameter_space 'x': min_value of uniform (2) is above" in str(found["bounds"])
    assert "Bayesian sampling goes with no early termination policy" in str(found["policy"])
    assert "absent.py" in str(found["script"])
    assert found["runs"] == 0


@pytest.mark.slow
def test_a_sweep_survives_the_kill_of_the_service(own_live: LiveService) -> None:
    live = own_live
    script = """
    source = ScriptRunConfig("project", "train.py", arguments=["--folder", os.getcwd()], compute_target=cpu)
    config = HyperDriveConfig(
        run_config=source, hyperparameter_sampling=GridParameterSampling({"--n": choice(4, 2, 3)}),
        primary_metric_name="score", primary_metric_goal=PrimaryMetricGoal.MINIMIZE,
        max_total_runs=3, max_concurrent_runs=1, custom_run_id="killed")
    Experiment(ws, "kill").submit(config)
    while not os.path.exists("reached"):
        time.sleep(0.1)
    """
    train = """
    import os, sys, time
    folder, n = sys.argv[2], int(sys.argv[4])
    with open(os.path.join(folder, "started"), "a") as file:
        file.write(f"{n} ")
    if n == 2:
        open(os.path.join(folder, "reached"), "w").close()
        while not os.path.exists(os.path.join(folder, "go")):
            time.sleep(0.05)
    from azureml.core import Run
    Run.get_context().log("score", n)
    """
    head = HEAD.replace("import json", "import json, os, time", 1)
    folder = live.folder / "killed"
    live.run(head + script, files={"project/train.py": train}, folder=folder)
    live.kill()
    live.start()
    (folder / "go").touch()
    after = """
    run = Run.get(ws, "killed")
    run.wait_for_completion()
    show("ended", [run.get_status(), run.get_best_run_by_primary_metric().id])
    show("trials", {child.id: child.get_status() for child in run.get_children()})
    """
    found = shown(live.run(HEAD + after).stdout)
    assert found["ended"] == ["Completed", "killed_1"]
    assert found["trials"] == {f"killed_{number}": "Completed" for number in range(3)}
    assert (folder / "started").read_text().split() == ["4", "2", "2", "3"]
