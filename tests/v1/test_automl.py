"""AutoML and HyperDrive experiments are refused with their reason."""

from __future__ import annotations

import pytest

from amlbridge.v1 import automl
from tests.support.live import LiveService


def test_the_clients_neither_repeat_a_refusal_nor_lose_its_reason() -> None:
    refusals = {operation.service: operation.refused_as for routes in automl.services for operation in routes}
    # AutoML's client repeats a 501 for seconds. HyperDrive's shows the message of an error whose code is a number.
    assert refusals == {"automl": (400, "NotSupported"), "hyperdrive": (400, "400")}


@pytest.mark.slow
def test_automl_and_sweeps_are_refused_with_the_reason(live: LiveService) -> None:
    out = live.run(
        """
        import pandas as pd
        from azureml.core import Dataset, Experiment, ScriptRunConfig, Workspace
        from azureml.core.compute import AmlCompute, ComputeTarget
        from azureml.train.automl import AutoMLConfig
        from azureml.train.hyperdrive import GridParameterSampling, HyperDriveConfig, PrimaryMetricGoal, choice
        ws = Workspace.from_config()
        experiment = Experiment(ws, "refused")
        cluster = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=1)
        cpu = ComputeTarget.create(ws, "cpu", cluster)
        cpu.wait_for_completion()
        table = pd.DataFrame({"a": range(100), "y": [number % 2 for number in range(100)]})
        data = Dataset.Tabular.register_pandas_dataframe(table, (ws.get_default_datastore(), "x"), "d")
        sweep = HyperDriveConfig(
            run_config=ScriptRunConfig("project", "train.py", compute_target=cpu),
            hyperparameter_sampling=GridParameterSampling({"--a": choice(1, 2)}),
            primary_metric_name="m", primary_metric_goal=PrimaryMetricGoal.MAXIMIZE, max_total_runs=2)
        automl = AutoMLConfig(
            task="classification", training_data=data, label_column_name="y", primary_metric="accuracy",
            compute_target=cpu, iterations=2, n_cross_validations=2)
        for name, config in (("SWEEP", sweep), ("AUTOML", automl)):
            try:
                experiment.submit(config)
            except Exception as error:
                print(name, error.message.splitlines()[0])
        print("RUNS", len(list(experiment.get_runs())))
        """,
        files={"project/train.py": "print(1)"},
    ).stdout
    assert "Hyperparameter sweeps (HyperDriveConfig) do not run on amlbridge" in out
    assert "AUTOML (NotSupported) AutoML (AutoMLConfig) does not run on amlbridge" in out
    assert "RUNS 0" in out
