"""Images of web services with the real v1 client: made, found, changed, deployed, deleted."""

from __future__ import annotations

import textwrap

import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow

HEAD = """
import json, os, requests
from azureml.core import Model, Workspace
from azureml.core.image import ContainerImage, Image
from azureml.core.webservice import AciWebservice, AksWebservice, Webservice
from azureml.exceptions import WebserviceException
ws = Workspace.from_config()

def refused(call):
    try:
        print("no error:", call())
    except Exception as error:
        print("refused:", " ".join(str(error).split()))
"""
SCORE = """
import json, os
from helper import times
from lib.more import plus
from azureml.core.model import Model
def init():
    global weight
    with open(Model.get_model_path("weights")) as file:
        weight = int(file.read())
    assert os.path.exists("schema.json")
    print("loaded", weight, os.environ["AZUREML_MODEL_DIR"].rpartition("azureml-models")[2])
def run(data):
    return plus(times(json.loads(data)["data"], weight))
"""
FILES = {
    "model.txt": "3",
    "score.py": SCORE,
    "schema.json": "{}",
    "helper.py": "def times(values, w):\n    return [value * w for value in values]\n",
    "lib/__init__.py": "",
    "lib/more.py": "def plus(values):\n    return [value + PLUS for value in values]\nPLUS = 1\n",
    "plain.py": "def init(): pass\ndef run(data): return {'plain': data}\n",
    "broken.py": "def init():\n    raise OSError('no weights')\ndef run(data): pass\n",
    "conda.yml": "name: e\ndependencies:\n- python=3.10\n- pip:\n  - azureml-defaults\n",
    "bad.yml": "dependencies: [python\n",
    "steps.txt": "RUN apt-get install -y libgomp1\n",
}


def run(live: LiveService, script: str, workspace: str) -> list[str]:
    return live.run(HEAD + textwrap.dedent(script), files=FILES, workspace=workspace).stdout.splitlines()


def test_from_the_image_to_services_and_deletion(live: LiveService) -> None:
    lines = run(
        live,
        """
        model = Model.register(ws, model_path="model.txt", model_name="weights")
        config = ContainerImage.image_configuration(
            execution_script="score.py", runtime="python", conda_file="conda.yml", schema_file="schema.json",
            dependencies=["helper.py", "lib"], docker_file="steps.txt", tags={"area": "x"}, properties={"p": "1"},
            description="d",
        )
        image = ContainerImage.create(workspace=ws, name="first.image", models=[model], image_config=config)
        image.wait_for_creation(show_output=True)
        print(image.id, image.version, image.creation_state, image.image_type, image.image_flavor, image.tags,
              image.properties, image.description, image.model_ids, [item.id for item in image.models])
        log = requests.get(image.image_build_log_uri).text
        print("docker_file are not run" in log, "FROM" in requests.get(image.generated_dockerfile_uri).text)
        again = Image.create(ws, "first.image", ["weights:1"],
                             ContainerImage.image_configuration("plain.py", "python", tags={"area": "y"}))
        again.wait_for_creation()
        print(Image(ws, "first.image").version, Image(ws, id="first.image:1").version,
              Image(ws, "first.image", tags=[["area", "x"]]).version, Image(ws, "first.image", version=1).version,
              ws.images["first.image"].version)
        other = Image.create(ws, "other", [], ContainerImage.image_configuration("plain.py", "python"))
        print([item.id for item in Image.list(ws)],
              [item.id for item in Image.list(ws, image_name="first.image", tags=["area"], properties=[["p", "1"]])],
              [item.id for item in Image.list(ws, model_name="weights")],
              [item.id for item in Image.list(ws, model_id="weights:2")])
        image.add_tags({"b": "2"})
        image.remove_tags("area")
        image.add_properties({"q": "2"})
        found = Image(ws, id=image.id)
        print(found.tags, found.properties, found.serialize()["driverProgram"], type(found).__name__)
        found.update(tags={"c": "3"})
        print(Image(ws, id=image.id).tags)
        refused(lambda: Image(ws, "first.image", version=7))

        service = Webservice.deploy_from_image(ws, "of-image", image, AciWebservice.deploy_configuration())
        service.wait_for_deployment(show_output=True)
        print(service.state, service.run(json.dumps({"data": [1, 2]})), service.image_id, service.image.name,
              service.environment, [item.id for item in service.models])
        print("loaded 3 /weights/1" in service.get_logs())
        print([item.name for item in Webservice.list(ws, image_id=image.id)],
              [item.name for item in Webservice.list(ws, image_name="first.image")],
              [item.name for item in Webservice.list(ws, image_digest=service.image_digest)],
              Webservice.list(ws, image_name="other"),
              [item.name for item in Webservice.list(ws, model_name="weights")])
        refused(image.delete)
        refused(model.delete)
        service.update(image=again)
        service.wait_for_deployment()
        print(service.run("now"), service.image_id)
        image.delete()
        print(image.creation_state, [item.id for item in Image.list(ws, image_name="first.image")])
        third = Image.create(ws, "first.image", [], ContainerImage.image_configuration("plain.py", "python"))
        print(third.version)
        service.delete()
        """,
        "images",
    )
    text = "\n".join(lines)
    expected = [
        "first.image:1 1 Succeeded Docker WebApiContainer {'area': 'x'} {'p': '1'} d ['weights:1'] ['weights:1']",
        "True True",
        "2 1 1 1 2",
        "['other:1', 'first.image:2', 'first.image:1'] ['first.image:1'] ['first.image:2', 'first.image:1'] []",
        "{'b': '2'} {'p': '1', 'q': '2'} driver ContainerImage",
        "{'c': '3'}",
        "Healthy [4, 7] first.image:1 first.image None ['weights:1']",
        "True",
        "['of-image'] ['of-image'] ['of-image'] [] ['of-image']",
        "{'plain': 'now'} first.image:2",
        "Deleting ['first.image:2']",
        "3",
    ]
    assert [line for line in lines if line in expected] == expected, text
    assert "ImageNotFound: Image with name first.image, version 7" in text
    assert "used by the web services of-image" in text
    assert "the model weights:1 is used by the images first.image:1" in text, text


def test_what_cannot_be_built_or_loaded(live: LiveService) -> None:
    lines = run(
        live,
        """
        def of(script, **more):
            return ContainerImage.image_configuration(script, "python", **more)

        image = Image.create(ws, "failing", [], of("plain.py", conda_file="bad.yml"))
        try:
            image.wait_for_creation()
        except WebserviceException as error:
            print("failed:", image.creation_state, "conda file cannot be read" in str(error),
                  "conda file cannot be read" in requests.get(image.image_build_log_uri).text)
        refused(lambda: Webservice.deploy_from_image(ws, "no-image", image, AciWebservice.deploy_configuration()))
        service = Webservice.deploy_from_model(ws, "broken", ["model.txt"], of("broken.py"))
        try:
            service.wait_for_deployment()
        except WebserviceException as error:
            print("failed:", "OSError: no weights" in str(error), service.state, [item.name for item in service.models])
        old = Webservice.deploy(ws, "oldest", ["model.txt"], of("plain.py"))
        old.wait_for_deployment()
        print(old.run("x"), sorted(ws.images), [item.id for item in old.models])
        refused(lambda: Image.create(ws, "no", [], of("plain.py")))
        """,
        "bad-images",
    )
    text = "\n".join(lines)
    for line in (
        "failed: Failed True True",
        "failed: True Failed ['model.txt']",
        "{'plain': 'x'} ['broken', 'failing', 'oldest'] ['model.txt:2']",
    ):
        assert line in lines, text
    assert 'non "Succeeded" creation state' in text
    assert "provided image name is invalid" in text


def test_images_on_a_cluster_of_aks(live: LiveService) -> None:
    lines = run(
        live,
        """
        from azureml.core.compute import AksCompute, ComputeTarget
        aks = ComputeTarget.create(ws, "aks", AksCompute.provisioning_configuration(agent_count=2))
        aks.wait_for_completion(show_output=False)
        model = Model.register(ws, model_path="model.txt", model_name="weights")
        image = ContainerImage.create(ws, "plain", [model], ContainerImage.image_configuration("plain.py", "python"))
        image.wait_for_creation()
        config = AksWebservice.deploy_configuration(num_replicas=2, scoring_timeout_ms=5000, primary_key="my-key-0001",
                                                    secondary_key="my-key-0002", tags={"a": "1"}, cpu_cores=0.5)
        service = Webservice.deploy_from_image(ws, "on-aks", image, config, aks)
        service.wait_for_deployment()
        print(service.state, service.compute_name, service.num_replicas, service.image_id, service.run("1"),
              service.get_keys(), service.tags, service.scoring_timeout_ms)
        service.update(image=ContainerImage.create(ws, "plain", [], ContainerImage.image_configuration(
            "score.py", "python", dependencies=["helper.py", "lib"])), num_replicas=1)
        try:
            service.wait_for_deployment()
        except WebserviceException as error:
            print("failed:", "weights" in str(error), service.state, service.image_id)
        service.update(image=image)
        service.wait_for_deployment()
        print(service.state, service.num_replicas, service.run("2"), service.serialize()["imageDetails"]["id"])
        plain = Webservice.deploy_from_image(ws, "by-default", image, deployment_target=aks)
        plain.wait_for_deployment()
        print(type(plain).__name__, plain.run("3"),
              sorted(item.name for item in Webservice.list(ws, image_name="plain")))
        refused(lambda: Webservice.deploy_from_image(ws, "on-aks", image, config, aks))
        service = Webservice.deploy_from_image(ws, "on-aks", image, config, aks, overwrite=True)
        service.wait_for_deployment()
        print(service.run("4"))
        """,
        "aks-images",
    )
    text = "\n".join(lines)
    for line in (
        "Healthy aks 2 plain:1 {'plain': '1'} ('my-key-0001', 'my-key-0002') {'a': '1'} 5000",
        "failed: True Failed plain:2",
        "Healthy 1 {'plain': '2'} plain:1",
        "AksWebservice {'plain': '3'} ['by-default', 'on-aks']",
        "{'plain': '4'}",
    ):
        assert line in lines, text
    assert "there is a web service on-aks" in text


def test_bad_requests_of_images_leave_nothing(live: LiveService) -> None:
    base = f"/modelmanagement/v1.0{live.scope('raw-images')}/images"
    driver = {"id": "driver", "url": "aml://artifact/LocalUpload/x/main.py", "mimeType": "application/x-python"}
    good = {
        "name": "image",
        "imageType": "Docker",
        "imageFlavor": "WebApiContainer",
        "driverProgram": "driver",
        "assets": [driver],
        "targetRuntime": {"runtimeType": "Python", "properties": {}},
    }
    with live.client() as client:
        for change, status, words in (
            ({"name": "A"}, 400, "cannot be the name of an image"),
            ({"imageFlavor": "AccelContainer"}, 501, "FPGA"),
            ({"imageType": "Else"}, 400, "must be Docker"),
            ({"targetRuntime": {"runtimeType": "Perl"}}, 400, "runtimeType"),
            ({"modelIds": ["no:1"]}, 404, "no model no:1"),
            ({"driverProgram": "other"}, 400, "none of the assets"),
            ({}, 400, "no uploaded file"),
        ):
            answer = client.post(base, json={**good, **change})
            assert (answer.status_code, words in answer.text) == (status, True), answer.text
        assert client.get(base).json() == {"value": []}
        assert client.get(f"{base}/image:1").status_code == 404
        assert client.delete(f"{base}/image:1").status_code == 204
        service = {"name": "a-name", "computeType": "ACI", "imageId": "image:1"}
        answer = client.post(base.replace("/images", "/services"), json=service)
        assert (answer.status_code, "no image image:1" in answer.text) == (404, True), answer.text
