"""Where the script of ``ModelProxy`` puts what a model has predicted.

The client finds each table as a CSV file in the workspace's blob store, at the paths in a property of the run (source:
``ModelProxy`` of azureml-train-automl-client 1.62, ``_fetch_results`` and the script ``_inference.py``).
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

_PROPERTY = "inference_results"


def _save_results(results: Any, run: Any) -> None:
    """Stores the results of a prediction: one table, or a tuple of several. ``run``: the run that predicted."""
    import pandas as pd
    from azureml.core import Datastore

    tables = results if isinstance(results, tuple) else (results,)
    folder = f"automl/predictions/{run.id}"
    with tempfile.TemporaryDirectory() as place:
        paths = [Path(place, f"part_{number}.csv") for number in range(len(tables))]
        for table, path in zip(tables, paths, strict=True):
            pd.DataFrame(table).to_csv(path, index=False)
        store = Datastore.get(run.experiment.workspace, "workspaceblobstore")
        store.upload_files([str(path) for path in paths], relative_root=place, target_path=folder, overwrite=True)
    run.add_properties({_PROPERTY: str([f"{folder}/{path.name}" for path in paths])})
