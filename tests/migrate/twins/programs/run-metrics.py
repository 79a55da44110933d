import numpy as np
from azureml.core import Run
from azureml.core.run import _OfflineRun

run = Run.get_context()
offline = isinstance(run, _OfflineRun)
for step in range(3):
    run.log("loss", 1 / (step + 1))
run.log(name="rate", value=np.float64(0.5), description="how fast")
run.log("count", int(np.int64(3)))
run.log_list("scores", [0.1, 0.2, 0.3], description="by fold")
run.log_list(name="folds", value=np.array([1, 2]).tolist())
for x in (0.0, 1.0):
    run.log_row("line", x=x, y=2 * x)
run.log_row(name="named", description="a row", area=3.0)
run.log_table("costs", value={"epoch": [1, 2], "cost": [0.5, 0.25]})
matrix = {
    "schema_type": "confusion_matrix",
    "schema_version": "1.0.0",
    "data": {"class_labels": ["a", "b"], "matrix": [[3, 1], [0, 2]]},
}
run.log_confusion_matrix(name="matrix", value=matrix)
edges = {"bin_edges": [0, 1, 2], "bin_counts": [1, 1]}
run.log_residuals("residuals", {"schema_type": "residuals", "schema_version": "1.0.0", "data": edges})
averages = {"bin_averages": [0.5, 1.5], "bin_errors": [0.1, 0.1], "bin_counts": [1, 1], "bin_edges": [0, 1, 2]}
run.log_predictions("predictions", {"schema_type": "predictions", "schema_version": "1.0.0", "data": averages})
metrics = {"auc": 0.9, "f1": 0.8}
for name, value in metrics.items():
    run.log(name, value)
    run.parent.log(f"best_{name}", value)
run.parent.log_list("all", [0.5, 0.75])
if not offline:
    run.flush()
run.complete()
