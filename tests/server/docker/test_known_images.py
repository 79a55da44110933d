"""Packages of models of both SDKs, and images of v1's web services: made, pulled, run, deployed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from amlbridge.server.docker import place
from tests.support.live import LiveService

pytestmark = pytest.mark.slow

#: As in a container: by this name SDK v1 looks for the container that it runs in. The machine may have a Docker.
HEAD = """
import json, os, socket, sys, time
import docker, requests
os.environ["DOCKER_HOST"] = "unix://" + sys.argv[1]
os.environ["HOSTNAME"] = socket.gethostname()

def served(image, **variables):
    client = docker.from_env()
    container = client.containers.run(image, detach=True, ports={"5001/tcp": None}, environment=variables)
    container.reload()
    url = f"http://127.0.0.1:{container.ports['5001/tcp'][0]['HostPort']}/score"
    answer = requests.post(url, data=json.dumps({"data": [1, 2]}))
    container.remove(force=True)
    return answer.json()

def refused(call):
    try:
        print("no error:", call())
    except Exception as error:
        print("refused:", " ".join(str(error).split()))
"""
FILES = {
    "w.txt": "3",
    "folder/w.txt": "4",
    "src/helper.py": "def load(path):\n    return int(path.read_text())\n",
    "src/score.py": """
        import json, os
        from pathlib import Path
        from helper import load
        def init():
            global w
            w = load(next(Path(os.environ["AZUREML_MODEL_DIR"]).rglob("w.txt")))
        def run(data):
            return [w * value + int(os.environ.get("MORE", 0)) for value in json.loads(data)["data"]]
        """,
    "src/conda.yml": "dependencies:\n- python=3.10\n",
    "alone.py": "def init(): pass\ndef run(data): return {'alone': data}\n",
}


@pytest.fixture(scope="module")
def intercepting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """SDK v1 asks a host of Azure for the key of the registry."""
    service = LiveService(tmp_path_factory.mktemp("known-images"), intercept=True)
    yield service
    service.stop()


def run(live: LiveService, script: str, workspace: str) -> str:
    program = HEAD + script
    return live.run(program, str(place.of(live.home.root)), files=FILES, workspace=workspace).stdout


def test_packages_and_images_of_v1(intercepting: LiveService) -> None:
    said = run(
        intercepting,
        """
from pathlib import Path
from azureml.core import Environment, Model, Workspace
from azureml.core.image import ContainerImage
from azureml.core.model import InferenceConfig
ws = Workspace.from_config()
one = Model.register(ws, model_name="weights", model_path="w.txt")
two = Model.register(ws, model_name="more", model_path="folder")
environment = Environment("inference")
environment.environment_variables = {"MORE": "1"}
config = InferenceConfig(entry_script="score.py", source_directory="src", environment=environment)
package = Model.package(ws, [one], config, image_name="ridge/image", image_label="v1")
package.wait_for_creation(show_output=True)
print(package.state, package.location.rpartition("/")[2], package.serialize()["generateDockerfile"])
package.pull()
print("package", served(package.location), served(package.location, MORE="2"))
print(package.get_container_registry().username == ws.name, "without a container" in package.get_logs())
unnamed = Model.package(ws, [one], config)
print("unnamed", unnamed.location.rpartition("/")[2].startswith("package:20"))
refused(lambda: Model.package(ws, [one], config, image_name="No Name"))

context = Model.package(ws, [two], config, generate_dockerfile=True)
context.wait_for_creation()
context.save("context")
print(sorted(str(path.relative_to("context")) for path in Path("context").rglob("*.*")))
docker.from_env().images.build(path="context", tag="of-context")
print("context", served("of-context"))
refused(context.pull)

image = ContainerImage.create(workspace=ws, name="alone", models=[],
                              image_config=ContainerImage.image_configuration("alone.py", "python"))
image.wait_for_creation()
print("image", image.run("x"), image.image_location.endswith("/alone:1"))

from azureml.core.webservice import Webservice
os.chdir("src")
config = ContainerImage.image_configuration("score.py", "python", conda_file="conda.yml", dependencies=["helper.py"])
local = Webservice.deploy_local_from_model(ws, "local", [one], config)
local.wait_for_deployment()
print("local", local.run(json.dumps({"data": [1, 2]})))
local.delete()
refused(lambda: docker.from_env().images.pull("python", "3.11"))
refused(lambda: docker.from_env().images.pull(image.image_location.rpartition(":")[0], "9"))
""",
        "packages",
    )
    for line in (
        "Succeeded image:v1 False",
        "package [4, 7] [5, 8]",
        "True True",
        "unnamed True",
        "['azureml-app/azureml-models/more/1/folder/w.txt', 'azureml-app/src/conda.yml', 'azureml-app/src/helper.py', "
        "'azureml-app/src/score.py']",
        "context [5, 9]",
        "image {'alone': 'x'} True",
        "local [3, 6]",
    ):
        assert line in said, said
    for words in ("cannot be the name of an image", "cannot be pulled. Use save()", "pulls no image (python:3.11)"):
        assert words in said, said


def test_packages_of_v2(intercepting: LiveService) -> None:
    said = run(
        intercepting,
        """
import numpy
from azure.ai.ml import MLClient
from azure.ai.ml.entities import *
from azure.identity import DefaultAzureCredential
client = MLClient.from_config(DefaultAzureCredential())
model = client.models.create_or_update(Model(name="weights", path="w.txt"))
base = client.environments.create_or_update(
    Environment(name="base", image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04", conda_file="src/conda.yml")
)

def package(script="score.py", server=AzureMLOnlineInferencingServer, **more):
    code = CodeConfiguration(code="src", scoring_script=script)
    return client.models.package("weights", "1", ModelPackage(
        target_environment=more.pop("target", "ridge-image"),
        base_environment_source=BaseEnvironment(type="EnvironmentAsset", resource_id=base.id),
        inferencing_server=server(code_configuration=code), environment_variables={"MORE": "1"}, **more,
    ))

made = package(tags={"a": "1"})
print(made.name, made.version, made.tags, made.image.rpartition("/")[2], package().version)
docker.from_env().images.pull(made.image)
print("pulled", served(made.image), served(made.image, MORE="2"))
client.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name="scores")).result()

def deploy(name, **more):
    return client.online_deployments.begin_create_or_update(ManagedOnlineDeployment(
        name=name, endpoint_name="scores", environment=more.pop("environment", "ridge-image@latest"),
        instance_type="Standard_DS3_v2", **more,
    )).result()

def invoke(name):
    open("request.json", "w").write('{"data": [2]}')
    return client.online_endpoints.invoke("scores", request_file="request.json", deployment_name=name)

print("deployed", deploy("blue").provisioning_state.value, invoke("blue"))
deploy("green", environment=made.id, environment_variables={"MORE": "5"})
print("with variables", invoke("green"))
refused(lambda: deploy("red", model="weights@latest"))
refused(lambda: package(script="missing.py"))
refused(lambda: package(server=AzureMLBatchInferencingServer))
refused(lambda: package(model_configuration=ModelConfiguration(mount_path="/there")))
refused(lambda: package(target="azureml:base:1"))
""",
        "packages-v2",
    )
    for line in (
        "ridge-image 1 {'a': '1'} ridge-image:1 2",
        "pulled [4, 7] [5, 8]",
        "deployed Succeeded [7]",
        "with variables [11]",
    ):
        assert line in said, said
    for words in (
        "is a package, which has its model and its code: leave model out",
        "the scoring script missing.py is not in the code folder",
        "no packages with a server of the kind AzureMLBatch",
        "mount_path is a path in a container",
        "the environment base has a version 1",
    ):
        assert words in said, said
