"""A run whose code logs with MLflow says that this is not kept."""

from __future__ import annotations

import pytest

from amlbridge.v1 import mlflow_use
from tests.support.live import LiveService


@pytest.mark.parametrize(
    "code", ["mlflow.log_metric('a', 1)", "with mlflow.start_run():", "mlflow.sklearn.autolog()", "mlflow.autolog()"]
)
def test_what_records_is_seen(code: str) -> None:
    assert mlflow_use._LOGS.search(code.encode())


@pytest.mark.parametrize("code", ["import mlflow", "mlflow.sklearn.save_model(model, 'x')", "mymlflow.log_metric()"])
def test_what_records_nothing_is_not(code: str) -> None:
    assert not mlflow_use._LOGS.search(code.encode())


@pytest.mark.slow
def test_a_run_that_logs_with_mlflow_says_that_this_is_not_kept(live: LiveService) -> None:
    out = live.run(
        """
        from azureml.core import Environment, Experiment, ScriptRunConfig, Workspace
        from azureml.core.compute import AmlCompute, ComputeTarget
        ws = Workspace.from_config()
        cluster = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=1)
        cpu = ComputeTarget.create(ws, "cpu", cluster)
        environment = Environment("own")
        environment.python.user_managed_dependencies = True
        own = ScriptRunConfig("project", "plain.py", compute_target=cpu, environment=environment)
        own.run_config.environment_variables["MLFLOW_TRACKING_URI"] = "file:///tmp/mine"
        logs = ScriptRunConfig("project", "plain.py", compute_target=cpu, environment=environment)
        plain = ScriptRunConfig("plain", "plain.py", compute_target=cpu, environment=environment)
        for name, config in (("LOGS", logs), ("OWN", own), ("PLAIN", plain)):
            run = Experiment(ws, "mlflow").submit(config)
            run.wait_for_completion()
            print(name, [warning["message"][:80] for warning in run.get_details()["warnings"]])
        """,
        files={
            "project/plain.py": "import helper",
            "project/helper.py": "def log(mlflow): mlflow.log_metric('a', 1)",
            "plain/plain.py": "print('mlflow is not here')",
        },
    ).stdout
    assert "LOGS ['the script logs with MLflow, which does not reach the run" in out
    assert "OWN []" in out
    assert "PLAIN []" in out
