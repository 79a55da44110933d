"""LocalWebservice and ``local=True`` with the real clients, on a machine without a Docker of its own."""

from __future__ import annotations

import pytest

from amlbridge.server.docker import place
from tests.support.live import LiveService

pytestmark = pytest.mark.slow

SCORE = """
        import json, os
        from pathlib import Path
        def init():
            global w
            w = int(next(Path(os.environ["AZUREML_MODEL_DIR"]).rglob("w.txt")).read_text())
            print("loaded", w, os.environ.get("GREETING"))
        def run(data):
            return [w * value for value in json.loads(data)["data"]]
        """
#: The machine that runs the tests may have a Docker.
HEAD = """
import os, socket, sys
os.environ["DOCKER_HOST"] = "unix://" + sys.argv[1]
# As in a container: by this name SDK v1 looks for the container that it runs in.
os.environ["HOSTNAME"] = socket.gethostname()
"""


def run(live: LiveService, script: str, files: dict[str, str]) -> str:
    return live.run(HEAD + script, str(place.of(live.home.root)), files={"src/score.py": SCORE, **files}).stdout


def test_local_webservice_of_v1(live: LiveService) -> None:
    said = run(
        live,
        """
import json
from pathlib import Path
from azureml.core import Environment, Model, Workspace
from azureml.core.model import InferenceConfig
from azureml.core.webservice import LocalWebservice
from azureml.exceptions import WebserviceException
ws = Workspace.from_config()
data = json.dumps({"data": [1, 2]})
model = Model.register(ws, model_name="weights", model_path="w.txt")
environment = Environment("inference")
environment.environment_variables = {"GREETING": "good day"}
config = InferenceConfig(entry_script="score.py", source_directory="src", environment=environment)
service = Model.deploy(ws, "local", [model], config, LocalWebservice.deploy_configuration())
service.wait_for_deployment()
print("state", service.state, service.run(data), "loaded 3 good day" in service.get_logs())
score = Path("src/score.py")
score.write_text(score.read_text().replace("w * value", "w * value + 100"))
service.reload()
service.wait_for_deployment()
print("reloaded", service.run(data))
Path("w.txt").write_text("5")
service.update(models=[Model.register(ws, model_name="weights", model_path="w.txt")], wait=True)
print("updated", service.run(data))
print("found", LocalWebservice(ws, "local").state, [item.name for item in LocalWebservice.list(ws)])
score.write_text("def init(): raise OSError('no weights')\\ndef run(data): pass\\n")
service.reload()
try:
    service.wait_for_deployment()
except WebserviceException as error:
    print("failed", service.state, "no weights" in service.get_logs(), "crashed" in error.message)
service.delete()
print("deleted", service.state, LocalWebservice.list(ws))
""",
        {"w.txt": "3"},
    )
    lines = said.splitlines()
    assert "state running [3, 6] True" in lines
    assert "reloaded [103, 106]" in lines
    assert "updated [105, 110]" in lines
    assert "found running ['local']" in lines
    assert "failed failed True True" in lines
    assert "deleted deleted []" in lines


def test_local_deployment_of_v2(live: LiveService) -> None:
    said = run(
        live,
        """
from azure.ai.ml import MLClient
from azure.ai.ml.constants import _endpoint
from azure.ai.ml.entities import (
    CodeConfiguration, Environment, ManagedOnlineDeployment, ManagedOnlineEndpoint, Model,
)
from azure.ai.ml.exceptions import LocalEndpointNotFoundError
from azure.identity import DefaultAzureCredential
# The client sleeps 15 s after each start of a container.
_endpoint.LocalEndpointConstants.DEFAULT_STARTUP_WAIT_TIME_SECONDS = 0
ml = MLClient.from_config(DefaultAzureCredential())
endpoints, deployments = ml.online_endpoints, ml.online_deployments
endpoints.begin_create_or_update(ManagedOnlineEndpoint(name="ep"), local=True)
made = deployments.begin_create_or_update(ManagedOnlineDeployment(
    name="blue", endpoint_name="ep", model=Model(path="model/w.txt"), environment_variables={"GREETING": "hello"},
    code_configuration=CodeConfiguration(code="src", scoring_script="score.py"),
    environment=Environment(image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04", conda_file="conda.yml"),
    instance_type="Standard_DS3_v2", instance_count=1), local=True)
print("state", made.provisioning_state)
print("invoked", endpoints.invoke(endpoint_name="ep", request_file="request.json", local=True))
print("logs", "loaded 4 hello" in deployments.get_logs(name="blue", endpoint_name="ep", lines=50, local=True))
deployments.begin_delete(name="blue", endpoint_name="ep", local=True)
try:
    deployments.get(name="blue", endpoint_name="ep", local=True)
except LocalEndpointNotFoundError:
    print("deleted")
""",
        {
            "model/w.txt": "4",
            "conda.yml": "dependencies:\n- python=3.11\n- pip:\n  - numpy\n",
            "request.json": '{"data": [1, 2]}',
        },
    )
    lines = said.splitlines()
    assert any(line.endswith("state Succeeded") for line in lines), said
    assert "invoked [4, 8]" in lines, said
    assert "logs True" in lines
    assert "deleted" in lines
