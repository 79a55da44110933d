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
#: As much of the API of a Databricks workspace as runs need, which is attached as "databricks". It keeps what it was
#: asked for: the runs, without what SDK v1 tells each of them, and the files that were brought along.
DATABRICKS = """\
import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

asked = []


def own(words):
    kept, skips = [], False
    for word in words:
        if not skips and not word.startswith("--AZUREML_"):
            kept.append(word)
        skips = not skips and word.startswith("--AZUREML_")
    return kept


class Api(BaseHTTPRequestHandler):
    def do_GET(self):
        state = {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS", "state_message": ""}
        self.answer({"run_id": 7, "run_page_url": "http://run/7", "state": state})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)))
        run = self.path.endswith("runs/submit")
        for task in body["tasks"] if run else ():
            notebook = task.get("notebook_task", {}).get("base_parameters", {})
            for name in [name for name in notebook if name.startswith("AZUREML_")]:
                del notebook[name]
            for kind in ("spark_python_task", "spark_jar_task"):
                if kind in task:
                    task[kind]["parameters"] = own(task[kind]["parameters"])
            if "spark_python_task" in task:
                task["spark_python_task"]["python_file"] = task["spark_python_task"]["python_file"].rpartition("/")[2]
        if run:
            asked.append(json.dumps(body, sort_keys=True))
        elif "data" in body and b"PRINTED" in base64.b64decode(body["data"]):
            asked.append(base64.b64decode(body["data"]).decode())
        self.answer({"run_id": 7, "handle": 1})

    def answer(self, body):
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *words):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["DATABRICKS_HOST"] = f"http://127.0.0.1:{server.server_port}"
os.environ["DATABRICKS_TOKEN"] = "token"
place = f"/subscriptions/{ml.subscription_id}/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w"
access = {"databricksAccessToken": "token", "workspaceUrl": os.environ["DATABRICKS_HOST"]}
attached = {"properties": {"computeType": "Databricks", "resourceId": place, "properties": access}}
ml.compute._operation.begin_create_or_update(
    ml.resource_group_name, ml.workspace_name, "databricks", attached
).result()
"""
DATABRICKS_ASKED = """\
from setup_workspace import asked

for one in sorted(asked):
    print("=", one)
"""
