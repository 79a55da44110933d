from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
from azureml.train.hyperdrive import (
    BanditPolicy,
    GridParameterSampling,
    HyperDriveConfig,
    MedianStoppingPolicy,
    PrimaryMetricGoal,
    RandomParameterSampling,
    choice,
    uniform,
)

ws = Workspace.from_config()
config = ScriptRunConfig(
    "src",
    "train.py",
    arguments=["--fixed", 1],
    compute_target="cpu",
    environment=Environment.get(ws, "training"),
)
space = {"--alpha": choice(range(1, 3)), "--kind": choice("a", "b")}
sampling = GridParameterSampling(space)
settings = HyperDriveConfig(
    run_config=config,
    hyperparameter_sampling=sampling,
    policy=MedianStoppingPolicy(evaluation_interval=1, delay_evaluation=5),
    primary_metric_name="loss",
    primary_metric_goal=PrimaryMetricGoal.MINIMIZE,
    max_total_runs=4,
    max_concurrent_runs=2,
    max_duration_minutes=30,
)
run = Experiment(ws, "grid").submit(settings, tags={"kind": "grid"})
run.wait_for_completion(show_output=False)
assert run.get_status() == "Completed"
best = run.get_best_run_by_primary_metric()
print("=", best.get_metrics()["loss"], len(list(run.get_children())))
children = run.get_children_sorted_by_primary_metric(top=2, reverse=False)
print("=", len(children), children[0]["best_primary_metric"])
losses = [child.get_metrics()["loss"] for child in run.get_children()]
print("=", sorted(losses))
best.download_file("outputs/model.txt", "best.txt")
print("=", open("best.txt").read())

random = HyperDriveConfig(
    run_config=config,
    hyperparameter_sampling=RandomParameterSampling({"--alpha": uniform(0.5, 1.0)}),
    policy=BanditPolicy(slack_factor=0.1, evaluation_interval=1, delay_evaluation=5),
    primary_metric_name="loss",
    primary_metric_goal=PrimaryMetricGoal.MAXIMIZE,
    max_total_runs=2,
)
searches = []
searches.append(Experiment(ws, "random").submit(random))
for search in searches:
    search.wait_for_completion()
    print("=", 0.5 <= search.get_best_run_by_primary_metric().get_metrics()["loss"] <= 1)
