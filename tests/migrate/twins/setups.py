"""What several twins set up (``Twin.setup``)."""

from __future__ import annotations

#: A datastore "raw" beside the default one, both with what lies in the folder ``stored``.
STORES = """\
from pathlib import Path

from azure.ai.ml._artifacts._artifact_utilities import get_datastore_info
from azure.ai.ml._utils._storage_utils import get_storage_client
from azure.ai.ml.entities import AccountKeyConfiguration, AzureBlobDatastore

ml.datastores.create_or_update(
    AzureBlobDatastore(
        name="raw",
        account_name="account",
        container_name="rows",
        credentials=AccountKeyConfiguration(account_key="a2V5"),
    )
)
for name in ("raw", "workspaceblobstore"):
    container = get_storage_client(**get_datastore_info(ml.datastores, name)).container_client
    for path in Path("stored").rglob("*.*"):
        container.upload_blob(str(path.relative_to("stored")), path.read_bytes(), overwrite=True)
"""
#: A run that has ended: ``RUN_ID``. There is another below it.
FINISHED = """\
import contextlib

import mlflow

mlflow.set_tracking_uri(ml.workspaces.get(ml.workspace_name).mlflow_tracking_uri)
client = mlflow.MlflowClient()
experiment = client.create_experiment("trials")
RUN_ID = client.create_run(experiment, tags={"kind": "trial"}).info.run_id
child = client.create_run(experiment, tags={"mlflow.parentRunId": RUN_ID}).info.run_id
client.log_metric(child, "loss", 0.25)
client.log_metric(RUN_ID, "loss", 0.5)
client.log_text(RUN_ID, "a report", "outputs/report.txt")
with contextlib.redirect_stdout(os.sys.stderr):  # MLflow prints addresses of runs that end
    client.set_terminated(child)
    client.set_terminated(RUN_ID)
"""
