"""MLflow inside a step: it joins the step's run, nests below it, logs and registers models that SDK v1 sees."""

from __future__ import annotations

import json

import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow

_TRAIN = """
import json, os, mlflow, mlflow.sklearn
from mlflow import MlflowClient
from azureml.core import Run
from sklearn.linear_model import LogisticRegression
from sklearn.datasets import make_classification
X, y = make_classification(200, random_state=0)
mlflow.sklearn.autolog(log_input_examples=False, log_model_signatures=False)
own = Run.get_context()
with mlflow.start_run() as run:
    assert run.info.run_id == own.id == os.environ["AZUREML_RUN_ID"]
    own.log("from_v1", 0.5)
    model = LogisticRegression(C=0.5).fit(X, y)
    mlflow.log_metric("from_mlflow", 0.25)
    mlflow.sklearn.log_model(model, "extra")
    for trial in range(2):
        with mlflow.start_run(nested=True, run_name=f"trial{trial}"):
            mlflow.log_metric("trial", trial)
    try:
        with mlflow.start_run(nested=True, run_name="broken"):
            raise ValueError("of the child")
    except ValueError:
        pass
version = mlflow.register_model(f"runs:/{own.id}/model", "by-mlflow")
v1 = own.register_model("by-v1", model_path="model")
loaded = mlflow.sklearn.load_model("models:/by-v1/1")
print("LOADED", (loaded.predict(X) == model.predict(X)).all(), version.version, v1.version)
own.log("still", MlflowClient().get_run(own.id).data.metrics["from_v1"])
print("STATUS", MlflowClient().get_run(own.id).info.status)
"""


def test_a_step_that_uses_mlflow(live: LiveService) -> None:
    out = live.run(
        """
        import json
        from azureml.core import Environment, Experiment, Model, ScriptRunConfig, Workspace
        from azureml.core.compute import AmlCompute, ComputeTarget
        ws = Workspace.from_config()
        cluster = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=1)
        cpu = ComputeTarget.create(ws, "cpu", cluster)
        environment = Environment("own")
        environment.python.user_managed_dependencies = True
        config = ScriptRunConfig("project", "train.py", compute_target=cpu, environment=environment)
        run = Experiment(ws, "steps").submit(config)
        try:
            run.wait_for_completion(show_output=True)
        except Exception as error:
            print(error)
        show = lambda name, value: print("SHOW " + json.dumps([name, value]))
        metrics = run.get_metrics()
        show("metrics", {k: metrics[k] for k in ("from_v1", "from_mlflow", "still")})
        show("autologged", "training_accuracy_score" in metrics)
        show("status", [run.status, run.get_details()["warnings"]])
        show("children", sorted([c.display_name, c.status] for c in run.get_children()))
        show("files", [name in run.get_file_names() for name in ("model/MLmodel", "extra/model.pkl")])
        show("models", [[m.id, m.run_id == run.id, m.experiment_name] for m in Model.list(ws, run_id=run.id)])
        Model(ws, "by-mlflow").download("down")
        import mlflow.sklearn
        from azure.ai.ml import MLClient
        from azure.identity import DefaultAzureCredential
        client = MLClient.from_config(DefaultAzureCredential())
        seen = [client.models.get(name, "1") for name in ("by-mlflow", "by-v1")]
        show("flavors", [[sorted(model.flavors), model.flavors["sklearn"]["pickled_model"]] for model in seen])
        show("downloaded", mlflow.sklearn.load_model("down/model").get_params()["C"])
        """,
        files={"project/train.py": _TRAIN},
    ).stdout
    shown = dict(json.loads(line.removeprefix("SHOW ")) for line in out.splitlines() if line.startswith("SHOW "))
    assert "LOADED True 1 1" in out, out
    assert "STATUS RUNNING" in out
    assert shown["metrics"] == {"from_v1": 0.5, "from_mlflow": 0.25, "still": 0.5}
    assert shown["autologged"] is True
    assert shown["status"] == ["Completed", []]
    assert shown["children"] == [["broken", "Failed"], ["trial0", "Completed"], ["trial1", "Completed"]]
    assert shown["files"] == [True, True]
    assert sorted(shown["models"]) == [["by-mlflow:1", True, "steps"], ["by-v1:1", True, "steps"]]
    assert shown["flavors"] == [[["python_function", "sklearn"], "model.pkl"]] * 2
    assert shown["downloaded"] == 0.5


def test_a_script_that_fails_inside_its_mlflow_run_fails_the_step(live: LiveService) -> None:
    out = live.run(
        """
        from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
        ws = Workspace.from_config()
        environment = Environment("own")
        environment.python.user_managed_dependencies = True
        config = ScriptRunConfig("project", "train.py", compute_target="local", environment=environment)
        run = Experiment(ws, "local").submit(config)
        try:
            run.wait_for_completion()
        except Exception:
            pass
        print("STATUS", run.status, run.get_metrics())
        """,
        files={
            "project/train.py": """
            import mlflow
            with mlflow.start_run():
                mlflow.log_metric("before", 1)
                raise SystemExit("no")
            """
        },
    ).stdout
    assert "STATUS Failed {'before': 1.0}" in out
