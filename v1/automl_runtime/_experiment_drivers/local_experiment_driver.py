"""A search without a compute target: it runs in the service, as one with a compute target does.

The client takes the class from here when AutoMLConfig names no compute target, or "local". Tables in memory are written
to the workspace's default datastore first.
"""

from __future__ import annotations

import inspect
import tempfile
import uuid
from pathlib import Path
from typing import Any

from azureml.core import Dataset
from azureml.train.automl._experiment_drivers.remote_experiment_launcher import RemoteExperimentLauncher

_TABLES = ("training_data", "validation_data", "test_data", "X", "y", "sample_weight")
_VALIDATION = ("X_valid", "y_valid", "sample_weight_valid")


class LocalExperimentDriver(RemoteExperimentLauncher):  # type: ignore[misc]
    """Hands the search to the service."""

    def create_parent_run(self, *arguments: Any, **options: Any) -> None:
        """Creates the run; tables among the arguments may be frames or arrays."""
        found = inspect.signature(super().create_parent_run).bind(*arguments, **options).arguments
        super().create_parent_run(**{name: self._dataset(name, value) for name, value in found.items()})

    def start(self, *arguments: Any, **options: Any) -> Any:
        """Starts the run and waits for its end: a search of the client's own process ends before it returns."""
        run = super().start(*arguments, **options)
        if not self.experiment_state.console_writer.show_output:
            run.wait_for_completion(show_output=False)
        return run

    def _dataset(self, name: str, value: Any) -> Any:
        import numpy as np
        import pandas as pd

        if name not in (*_TABLES, *_VALIDATION) or not isinstance(value, pd.DataFrame | pd.Series | np.ndarray):
            return value
        columns = pd.DataFrame(value)
        columns.columns = [str(column) for column in columns.columns]
        workspace = self.experiment_state.experiment.workspace
        store, place = workspace.get_default_datastore(), f"automl/{uuid.uuid4()}"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{name}.parquet"
            columns.to_parquet(path, index=False)
            store.upload_files([str(path)], target_path=place, show_progress=False)
        made = Dataset.Tabular.from_parquet_files((store, f"{place}/{name}.parquet"))
        made._ensure_saved(workspace)
        # What the old interface has in place of a dataset is its dataflow.
        return made if name in _TABLES[:3] else made._dataflow
