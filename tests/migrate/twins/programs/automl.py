import logging

import pandas as pd
from azureml.core import Dataset, Experiment, Workspace
from azureml.train.automl import AutoMLConfig
from azureml.train.automl.run import AutoMLRun

ws = Workspace.from_config()
experiment = Experiment(ws, "houses")
table = Dataset.get_by_name(ws, name="houses")
settings = {
    "iterations": 2,
    "n_cross_validations": 2,
    "primary_metric": "normalized_root_mean_squared_error",
    "max_concurrent_iterations": 1,
    "verbosity": logging.INFO,
}
config = AutoMLConfig(
    "regression",
    training_data=table,
    label_column_name="price",
    compute_target=ws.compute_targets["cpu"],
    allowed_models=["ElasticNet", "DecisionTree"],
    enable_voting_ensemble=False,
    enable_stack_ensemble=False,
    featurization="off",
    model_explainability=False,
    **settings,
)
run = experiment.submit(config, tags={"kind": "regression"}, show_output=False)
run.wait_for_completion(show_output=False)
print("=", run.get_status() == "Completed", run.experiment.name, run.tags["kind"])

again = AutoMLRun(experiment=experiment, run_id=run.id)
best, fitted = again.get_output()
rows = pd.DataFrame({"area": [60, 80], "rooms": [2, 3]})
print("=", [round(float(price)) for price in fitted.predict(rows)])
children = list(again.get_children())
found = {}
for child in children:
    metrics = child.get_metrics()
    found[child.id] = metrics["normalized_root_mean_squared_error"]
print("=", len(children), min(found, key=found.get) == best.id)
errors = [child.get_metrics()["mean_absolute_error"] for child in children]
print("=", len(errors), all(error > 0 for error in errors))
by_error = again.get_best_child(metric="mean_absolute_error")
print("=", by_error.get_metrics()["mean_absolute_error"] == min(errors))
model = again.register_model(model_name="houses", description="prices", tags={"task": "regression"})
print("=", model.name, model.version, model.tags["task"])

table = pd.DataFrame(found, index=["error"]).T
print("=", table.shape, best.id in table.index)
