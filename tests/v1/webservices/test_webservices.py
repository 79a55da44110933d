"""Model.deploy and web services with the real v1 client."""

from __future__ import annotations

import textwrap

import httpx
import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow

HEAD = """
import json, os, time
import requests
from azureml.core import Environment, Model, Workspace
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.model import InferenceConfig
from azureml.core.webservice import AciWebservice, AksWebservice, LocalWebservice, Webservice
from azureml.exceptions import WebserviceException
ws = Workspace.from_config()

def post(service, data, token=None, **headers):
    if token is not None:
        headers["Authorization"] = "Bearer " + token
    return requests.post(service.scoring_uri, json={"data": data}, headers=headers)

env = Environment("inference")
env.python.conda_dependencies = CondaDependencies.create(pip_packages=["azureml-defaults"])
"""
FILES = {
    "model.txt": "3",
    "folder/w.txt": "4",
    "src/score.py": """
        import json, os
        from helper import times
        from azureml.core.model import Model
        def init():
            global w
            folder = os.environ["AZUREML_MODEL_DIR"]
            print("model in", folder, os.listdir(folder), os.environ.get("OWN"))
            with open(os.path.join(folder, "model.txt")) as file:
                w = int(file.read())
            with open(Model.get_model_path("weights")) as file:
                assert w == int(file.read())
        def run(data):
            values = json.loads(data)["data"]
            if values == "raise":
                raise ValueError("not such data")
            return times(values, w)
        """,
    "src/helper.py": "def times(values, w):\n    return [value * w for value in values]\n",
    "alone.py": """
        import os
        def init():
            global found
            root = os.environ["AZUREML_MODEL_DIR"]
            found = sorted(os.path.relpath(os.path.join(a, c), root) for a, _, b in os.walk(root) for c in b)
        def run(data):
            return {"found": found}
        """,
    "broken.py": "def init():\n    print('about to fail')\n    raise OSError('no weights')\ndef run(data): pass\n",
}


def run(live: LiveService, script: str) -> list[str]:
    files = {name: textwrap.dedent(content) for name, content in FILES.items()}
    return live.run(HEAD + textwrap.dedent(script), files=files).stdout.splitlines()


def test_aci_from_deployment_to_deletion(live: LiveService) -> None:
    lines = run(
        live,
        """
        model = Model.register(ws, model_path="model.txt", model_name="weights")
        env.environment_variables["OWN"] = "7"
        inference = InferenceConfig(entry_script="score.py", source_directory="src", environment=env)
        config = AciWebservice.deploy_configuration(cpu_cores=1, memory_gb=1, auth_enabled=True, tags={"a": "1"},
                                                    description="d")
        service = Model.deploy(ws, "first-service", [model], inference, config)
        slept, sleep = [], time.sleep
        time.sleep = lambda seconds: (slept.append(seconds), sleep(seconds))
        service.wait_for_deployment(show_output=True)
        print("waited", sum(slept) < 4)
        print(service.state, service.compute_type, service.tags, service.description, service.error)
        print(service.run(json.dumps({"data": [1, 2]})))
        primary, secondary = service.get_keys()
        print(post(service, [5], secondary).json(), post(service, [5], "x").status_code, post(service, [5]).status_code)
        service.regen_key("Primary", set_key="my-own-key-0001")
        print(service.get_keys()[0], post(service, [5], primary).status_code,
              post(service, [5], "my-own-key-0001").status_code)
        failed = post(service, "raise", secondary)
        print(failed.status_code, failed.json()["message"])
        logs = service.get_logs()
        print("azureml-models/weights/1 ['model.txt'] 7" in logs, "ValueError: not such data" in logs)
        print([item.name for item in Webservice.list(ws)], list(ws.webservices),
              Webservice.list(ws, model_name="other"))
        print(Webservice(ws, "first-service").serialize()["state"], [item.id for item in service.models],
              service.environment.name)
        service.update(tags={"b": "2"}, auth_enabled=False)
        print(service.tags, post(service, [6]).json(), post(service, [6], Origin="http://x").status_code)
        try:
            Model.deploy(ws, "first-service", [model], inference, config)
        except WebserviceException as error:
            print("overwrite=True" in str(error))
        again = Model.deploy(ws, "first-service", [model], inference, config, overwrite=True)
        again.wait_for_deployment()
        print(again.get_keys()[0], again.run(json.dumps({"data": [1]})))
        again.delete()
        print(Webservice.list(ws))
        try:
            Webservice(ws, "first-service")
        except WebserviceException as error:
            print("WebserviceNotFound" in str(error))
        """,
    )
    text = "\n".join(lines)
    assert lines[-14:] == [
        "Healthy ACI {'a': '1'} d None",
        "[3, 6]",
        "[15] 401 401",
        "my-own-key-0001 401 200",
        "500 An unexpected error occurred in scoring script. Check the logs for more info. ValueError: not such data",
        "True True",
        "['first-service'] ['first-service'] []",
        "Healthy ['weights:1'] inference",
        "{'b': '2'} [18] 403",
        "True",
        'ACI service creation operation finished, operation "Succeeded"',
        "my-own-key-0001 [3]",
        "[]",
        "True",
    ], text
    assert "waited True" in lines


def test_models_failures_and_refusals(live: LiveService) -> None:
    lines = run(
        live,
        """
        one = Model.register(ws, model_path="model.txt", model_name="one")
        two = Model.register(ws, model_path="folder", model_name="two")
        alone = InferenceConfig(entry_script="alone.py", environment=env)
        config = AciWebservice.deploy_configuration()
        several = Model.deploy(ws, "several", [one, two], alone, config)
        several.wait_for_deployment()
        print(several.run("{}"))
        single = Model.deploy(ws, "single", [two], alone, config)
        single.wait_for_deployment()
        print(single.run("{}"))
        broken = Model.deploy(ws, "broken", [], InferenceConfig(entry_script="broken.py", environment=env), config)
        try:
            broken.wait_for_deployment()
        except WebserviceException as error:
            print("OSError: no weights" in str(error), "about to fail" in str(error))
        print(broken.state, "about to fail" in broken.get_logs())
        for deploy in (
            lambda: Model.deploy(ws, "no-code", [one]),
            lambda: Model.deploy(ws, "on-aks", [one], alone,
                                 AksWebservice.deploy_configuration(compute_target_name="no")),
            lambda: Model.deploy(ws, "with-ssl", [one], alone, AciWebservice.deploy_configuration(
                ssl_enabled=True, ssl_cert_pem_file="alone.py", ssl_key_pem_file="alone.py", ssl_cname="x")),
        ):
            try:
                deploy()
                print("no error")
            except Exception as error:
                print("refused", str(error)[:300].replace("\\n", " "))
        print(sorted(item.name for item in Webservice.list(ws)))
        """,
    )
    text = "\n".join(lines)
    assert "{'found': ['one/1/model.txt', 'two/1/folder/w.txt']}" in lines, text
    assert "{'found': ['folder/w.txt']}" in lines, text
    assert "True True" in lines and "Failed True" in lines, text
    refused = [line for line in lines if line.startswith("refused")]
    assert len(refused) == 3 and "no error" not in lines, text
    assert "there is no compute no" in refused[1] and "ssl_enabled" in refused[2], text
    assert lines[-1] == "['broken', 'several', 'single']", text


def test_aks_on_a_compute_of_the_workspace(live: LiveService) -> None:
    lines = run(
        live,
        """
        from azureml.core.compute import AmlCompute, ComputeTarget
        cluster = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=1)
        ComputeTarget.create(ws, "cluster", cluster)
        model = Model.register(ws, model_path="model.txt", model_name="weights")
        inference = InferenceConfig(entry_script="score.py", source_directory="src", environment=env)
        config = AksWebservice.deploy_configuration(num_replicas=1, compute_target_name="cluster", auth_enabled=False,
                                                    scoring_timeout_ms=5000, token_auth_enabled=True)
        service = Model.deploy(ws, "on-aks", [model], inference, config)
        service.wait_for_deployment()
        token = service.get_access_token()
        print(service.state, service.compute_type, service.compute_name, service.num_replicas,
              service.scoring_timeout_ms)
        print(service.run(json.dumps({"data": [1]})))
        good = token.access_token
        print(post(service, [2], good).json(), post(service, [2], "x").status_code,
              post(service, "raise", good).status_code)
        service.update(num_replicas=2)
        service.wait_for_deployment()
        print(service.num_replicas, service.run(json.dumps({"data": [1]})))
        service.delete()
        """,
    )
    assert "Healthy AKS cluster 1 5000" in lines, lines
    assert "[6] 401 502" in lines
    assert lines[-1] == "2 [3]"


def test_bad_requests_are_4xx_and_change_nothing(live: LiveService) -> None:
    base = f"/modelmanagement/v1.0{live.scope()}/services"
    good = {"name": "a-name", "computeType": "ACI", "environmentImageRequest": {"environment": {"name": "x"}}}
    with live.client() as client:
        for change, words in (
            ({"name": "A_Name"}, "cannot be the name"),
            ({"computeType": "MIR"}, "MIR"),
            ({"environmentImageRequest": None}, "missing"),
            ({"imageId": "i"}, "either of an image or of an environment"),
            ({}, "AZUREML_ENTRY_SCRIPT"),
            (_entry("../../etc/passwd"), "no path"),
            (_entry("score.py"), "is not in the code folder"),
            ({"environmentImageRequest": {"environment": {"name": "x"}, "modelIds": ["no:1"]}}, "no model"),
        ):
            answer = client.post(base, json={**good, **change})
            assert answer.status_code in (400, 404, 501), answer.text
            assert words in answer.json()["error"]["message"], answer.text
        assert client.get(base).json()["value"] == [] or "a-name" not in client.get(base).text
        assert client.get(f"{base}/a-name").status_code == 404
        assert client.delete(f"{base}/a-name").status_code == 204
    assert not list((live.home.root / "serving").rglob("a-name/*/*")) if (live.home.root / "serving").exists() else True
    assert httpx.post(f"{live.url}/serving/service/x/../../online/y/score").status_code in (401, 404, 501)


def _entry(script: str) -> dict[str, object]:
    environment = {"name": "x", "environmentVariables": {"AZUREML_ENTRY_SCRIPT": script}}
    return {"environmentImageRequest": {"environment": environment}}
