"""AutoML experiments are refused with their reason."""

from __future__ import annotations

import pytest

from amlbridge.v1 import automl
from tests.support.live import LiveService


def test_the_client_does_not_repeat_a_refusal() -> None:
    refusals = {operation.service: operation.refused_as for routes in automl.services for operation in routes}
    # AutoML's client repeats a 501 for seconds.
    assert refusals == {"automl": (400, "NotSupported")}


@pytest.mark.slow
def test_automl_is_refused_with_the_reason(live: LiveService) -> None:
    out = live.run(
        """
        import pandas as pd
        from azureml.core import Dataset, Experiment, Workspace
        from azureml.core.compute import AmlCompute, ComputeTarget
        from azureml.train.automl import AutoMLConfig
        ws = Workspace.from_config()
        experiment = Experiment(ws, "refused")
        cluster = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=1)
        cpu = ComputeTarget.create(ws, "cpu", cluster)
        cpu.wait_for_completion()
        table = pd.DataFrame({"a": range(100), "y": [number % 2 for number in range(100)]})
        data = Dataset.Tabular.register_pandas_dataframe(table, (ws.get_default_datastore(), "x"), "d")
        automl = AutoMLConfig(
            task="classification", training_data=data, label_column_name="y", primary_metric="accuracy",
            compute_target=cpu, iterations=2, n_cross_validations=2)
        try:
            experiment.submit(automl)
        except Exception as error:
            print("AUTOML", error.message.splitlines()[0])
        print("RUNS", len(list(experiment.get_runs())))
        """
    ).stdout
    assert "AUTOML (NotSupported) AutoML (AutoMLConfig) does not run on amlbridge" in out
    assert "RUNS 0" in out
