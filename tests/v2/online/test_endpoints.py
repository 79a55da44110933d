"""Online endpoints with the real v2 client: a scoring script, an MLflow model, traffic, keys, errors, restarts."""

from __future__ import annotations

import json
import os
import signal
import textwrap
import time
from pathlib import Path

import httpx
import pytest

from tests.support.live import LiveService
from tests.support.patience import until

pytestmark = pytest.mark.slow

HEAD = """
import json, os, time
import requests
from azure.ai.ml import MLClient
from azure.ai.ml.entities import (
    CodeConfiguration, Environment, ManagedOnlineDeployment, ManagedOnlineEndpoint, Model, OnlineRequestSettings,
)
from azure.core.exceptions import HttpResponseError
from azure.identity import DefaultAzureCredential
ml = MLClient.from_config(DefaultAzureCredential())
endpoints, deployments = ml.online_endpoints, ml.online_deployments
env = Environment(name="inference", image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04", conda_file="conda.yml")

def deploy(name, endpoint, script="score.py", **options):
    return deployments.begin_create_or_update(ManagedOnlineDeployment(
        name=name, endpoint_name=endpoint, environment=env, instance_type="Standard_DS3_v2", instance_count=1,
        code_configuration=CodeConfiguration(code="src", scoring_script=script), **options)).result()

def endpoint(name, **options):
    return endpoints.begin_create_or_update(ManagedOnlineEndpoint(name=name, **options)).result()

def traffic(name, **percent):
    found = endpoints.get(name)
    found.traffic = percent
    return endpoints.begin_create_or_update(found).result()
"""
FILES = {
    "conda.yml": "dependencies:\n- python=3.11\n- pip:\n  - numpy\n",
    "request.json": '{"data": [1, 2]}',
    "model/w.txt": "3",
    "src/score.py": """
        import json, os
        from helper import times
        def init():
            global w
            folder = os.environ["AZUREML_MODEL_DIR"]
            print("model in", folder, os.listdir(folder))
            with open(os.path.join(folder, "model", "w.txt")) as file:
                w = int(file.read())
        def run(data):
            return times(json.loads(data)["data"], w)
        """,
    "src/helper.py": "def times(values, w):\n    return [value * w for value in values]\n",
    "src/echo.py": """
        import os, time
        def init():
            pass
        def run(data):
            if data == '"hang"':
                time.sleep(600)
            if data == '"raise"':
                raise ValueError("not such data")
            return {"name": os.environ.get("NAME"), "pid": os.getpid()}
        """,
    "src/broken.py": "def init():\n    print('about to fail')\n    raise OSError('no weights')\ndef run(data): pass\n",
}


def run(live: LiveService, script: str, **options: object) -> list[str]:
    files = {name: textwrap.dedent(content) for name, content in FILES.items()}
    done = live.run(HEAD + textwrap.dedent(script), files=files, **options)  # type: ignore[arg-type]
    # The client prints dots, without ends of lines, while it follows an operation.
    return [line.lstrip(".") for line in done.stdout.splitlines()]


def post(uri: str, key: str, data: object = None, **headers: str) -> httpx.Response:
    given = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **headers}
    return httpx.post(uri, content=json.dumps(data), headers=given, timeout=60)


def test_script_from_creation_to_deletion(live: LiveService) -> None:
    lines = run(
        live,
        """
        made = endpoint("credit", auth_mode="key", description="d", tags={"a": "1"})
        print(made.provisioning_state, made.auth_mode, made.traffic, made.tags)
        model = Model(path="model", name="weights", type="custom_model")
        blue = deploy("blue", "credit", model=model)
        print(blue.provisioning_state, blue.instance_count, blue.request_settings.request_timeout_ms)
        try:
            endpoints.invoke("credit", request_file="request.json")
        except HttpResponseError as error:
            print(error.status_code, "gets any traffic" in str(error))
        print(traffic("credit", blue=100).traffic)
        print(endpoints.invoke("credit", request_file="request.json"))
        print(endpoints.invoke("credit", request_file="request.json", deployment_name="blue"))
        keys = endpoints.get_keys("credit")
        def post(key):
            headers = {"Authorization": "Bearer " + key}
            return requests.post(made.scoring_uri, json={"data": [5]}, headers=headers)
        print(post(keys.secondary_key).json(), post("wrong").status_code, requests.post(made.scoring_uri).status_code)
        endpoints.begin_regenerate_keys("credit", key_type="secondary").result()
        after = endpoints.get_keys("credit")
        print(after.primary_key == keys.primary_key, after.secondary_key == keys.secondary_key,
              post(keys.secondary_key).status_code, post(after.secondary_key).status_code)
        print("azureml-models/weights/1" in deployments.get_logs("blue", "credit", lines=100))
        print([item.name for item in endpoints.list()], [item.name for item in deployments.list("credit")],
              deployments.get("blue", "credit").scoring_script)
        try:
            deployments.begin_delete("blue", "credit").result()
        except HttpResponseError as error:
            print("100 %" in str(error))
        traffic("credit", blue=0)
        deployments.begin_delete("blue", "credit").result()
        print(list(deployments.list("credit")))
        endpoints.begin_delete("credit").result()
        print(list(endpoints.list()))
        """,
    )
    assert (
        lines[-14:]
        == [
            "EndpointProvisioningState.SUCCEEDED key {} {'a': '1'}",
            "DeploymentProvisioningState.SUCCEEDED 1 5000",
            "404 True",
            "{'blue': 100}",
            "[3, 6]",
            "[3, 6]",
            "[15] 401 401",
            "True False 401 200",
            "True",
            "['credit'] ['blue'] score.py",
            "True",
            "[]",
            "[]",
        ][-14:]
        or lines
    )
    assert not list((live.home.root / "serving").rglob("credit/**/score.py"))


def test_mlflow_model(live: LiveService) -> None:
    lines = run(
        live,
        """
        import mlflow, numpy, pandas
        from mlflow.models import infer_signature
        from sklearn.linear_model import LinearRegression
        data = pandas.DataFrame({"x": [0.0, 1.0, 2.0], "y": [1.0, 0.0, 1.0]})
        fitted = LinearRegression().fit(data, [0.0, 2.0, 4.0])
        mlflow.sklearn.save_model(fitted, "linear", signature=infer_signature(data, fitted.predict(data)))
        made = endpoint("linear", auth_mode="aml_token")
        deployments.begin_create_or_update(ManagedOnlineDeployment(name="only", endpoint_name="linear",
            model=Model(path="linear", name="linear", type="mlflow_model"), instance_count=1)).result()
        traffic("linear", only=100)
        token = endpoints.get_keys("linear").access_token
        def post(body, key=token):
            return requests.post(made.scoring_uri, json=body, headers={"Authorization": "Bearer " + key})
        table = {"columns": ["x", "y"], "index": [0, 1], "data": [[5, 0], [6, 1]]}
        rounded = lambda values: [round(value, 6) for value in values]
        print(rounded(post({"input_data": table}).json()))
        print(rounded(post({"dataframe_split": table}).json()["predictions"]))
        print(rounded(post({"inputs": {"x": [5], "y": [0]}}).json()["predictions"]))
        print(rounded(post({"dataframe_records": [{"x": 7, "y": 0}]}).json()["predictions"]))
        csv = requests.post(made.scoring_uri, data="x,y\\n8,0\\n", headers={"Authorization": "Bearer " + token,
                            "Content-Type": "text/csv"})
        print(rounded(csv.json()["predictions"]))
        bad = post({"input_data": {"columns": ["z"], "data": [[1]]}})
        print(bad.status_code, bad.headers["ms-azureml-model-error-statuscode"], "does not fit" in bad.text)
        other = token[:-1] + ("0" if token[-1] != "0" else "1")
        print(post({"rows": []}).status_code, post({}, key="x").status_code, post({}, key=other).status_code)
        json.dump({"input_data": table}, open("table.json", "w"))
        print(rounded(json.loads(endpoints.invoke("linear", request_file="table.json"))))
        """,
    )
    assert lines[-8:] == [
        "[10.0, 12.0]",
        "[10.0, 12.0]",
        "[10.0]",
        "[14.0]",
        "[16.0]",
        "424 400 True",
        "424 401 401",
        "[10.0, 12.0]",
    ]


def test_traffic_split_errors_and_timeouts(live: LiveService) -> None:
    lines = run(
        live,
        """
        made = endpoint("split", auth_mode="key")
        settings = OnlineRequestSettings(request_timeout_ms=1000, max_concurrent_requests_per_instance=1)
        for name in ("blue", "green"):
            deploy(name, "split", "echo.py", environment_variables={"NAME": name}, request_settings=settings)
        try:
            traffic("split", blue=60)
        except HttpResponseError as error:
            print("add up to 100" in str(error))
        try:
            traffic("split", red=100)
        except HttpResponseError as error:
            print("deployment red" in str(error))
        traffic("split", blue=50, green=50)
        print(made.scoring_uri)
        print(endpoints.get_keys("split").primary_key)
        """,
    )
    assert lines[-4:-2] == ["True", "True"]
    uri, key = lines[-2:]
    answers = [post(uri, key) for _ in range(40)]
    names = [answer.json()["name"] for answer in answers]
    assert 5 < names.count("blue") < 35
    assert names == [answer.headers["azureml-model-deployment"] for answer in answers]
    chosen = {"azureml-model-deployment": "green"}
    assert post(uri, key, **chosen).json()["name"] == "green"
    assert post(uri, key, **{"azureml-model-deployment": "red"}).status_code == 404
    raised = post(uri, key, "raise", **chosen)
    assert (raised.status_code, raised.headers["ms-azureml-model-error-statuscode"]) == (424, "500")
    assert "ValueError: not such data" in raised.json()["message"]
    began = time.monotonic()
    assert post(uri, key, "hang", **chosen).status_code == 408
    assert time.monotonic() - began < 60
    assert post(uri, key, **chosen).status_code == 200


def test_scripts_that_fail_say_so(live: LiveService) -> None:
    lines = run(
        live,
        """
        endpoint("failing", auth_mode="key")
        try:
            deploy("bad", "failing", "broken.py")
        except HttpResponseError as error:
            print("OSError: no weights" in str(error), "about to fail" in str(error))
        print(deployments.get("bad", "failing").provisioning_state)
        for problem in (dict(script="nowhere.py"), dict(script="echo.py", model="azureml:nothing:1"),
                        dict(script="echo.py", environment_variables={"WORKER_COUNT": "many"})):
            try:
                deploy("worse", "failing", **problem)
            except Exception as error:
                print(type(error).__name__, str(error)[:200].replace("\\n", " "))
        print([item.name for item in deployments.list("failing")])
        for call in (lambda: endpoint("a_b", auth_mode="key"), lambda: endpoints.get("failing", local=True)):
            try:
                call()
            except Exception as error:
                print("raised", type(error).__name__)
        """,
    )
    assert "True True" in lines
    assert any("FAILED" in line for line in lines)
    assert any("WORKER_COUNT" in line for line in lines)
    # The client's own refusals: a name that cannot be, and endpoints in Docker.
    assert [line.split()[0] for line in lines[-2:]] == ["raised", "raised"]
    assert "['bad']" in lines


def test_deployments_come_back_after_kill_and_restart(own_live: LiveService) -> None:
    live = own_live
    lines = run(
        live,
        """
        made = endpoint("lasting", auth_mode="key")
        deploy("blue", "lasting", "echo.py", environment_variables={"NAME": "n"})
        traffic("lasting", blue=100)
        print(made.scoring_uri)
        print(endpoints.get_keys("lasting").primary_key)
        """,
    )
    uri, key = lines[-2:]
    first = post(uri, key).json()["pid"]
    os.kill(first, signal.SIGKILL)
    second = _pid(uri, key)
    assert second != first
    live.kill()
    _gone(second)
    live.start()
    third = _pid(uri, key)
    assert third != second
    live.stop()
    _gone(third)
    live.start()
    assert _pid(uri, key) != third


def _pid(uri: str, key: str) -> int:
    answer = until(lambda: found if (found := post(uri, key)).status_code == 200 else None)
    return int(answer.json()["pid"])


def _gone(pid: int) -> None:
    until(lambda: not Path(f"/proc/{pid}").exists())
