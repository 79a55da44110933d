"""Environments with the real client: versions, labels, curated names, builds."""

from __future__ import annotations

import json

import pytest

from tests.support.live import LiveService

pytestmark = pytest.mark.slow


def test_register_get_versions_and_labels(live: LiveService) -> None:
    done = live.run(
        """
        import json
        from azureml.core import Workspace, Environment
        from azureml.core.conda_dependencies import CondaDependencies
        ws = Workspace.from_config()
        env = Environment("mine")
        env.python.conda_dependencies = CondaDependencies.create(
            python_version="3.8.13", conda_packages=["numpy"], pip_packages=["pandas", "azureml-defaults"])
        env.environment_variables = {"A": "1"}
        env.docker.base_image = "my/image:1"
        env.docker.arguments = ["--privileged"]
        env.inferencing_stack_version = "latest"
        first = env.register(ws)
        same = env.register(ws)
        env.python.conda_dependencies.add_pip_package("scipy")
        second = env.register(ws)
        print(first.version, same.version, second.version)
        got = Environment.get(ws, "mine", version="1")
        latest = Environment.get(ws, "mine")
        print(json.dumps({
            "image": got.docker.base_image, "arguments": got.docker.arguments, "variables": got.environment_variables,
            "conda": list(got.python.conda_dependencies.conda_packages), "stack": got.inferencing_stack_version,
            "pip": list(got.python.conda_dependencies.pip_packages),
            "latest": [latest.version, "scipy" in list(latest.python.conda_dependencies.pip_packages)],
        }))
        # What comes back is what was sent: registering it again is no change.
        print(latest.register(ws).version)
        latest.python.conda_dependencies.add_pip_package("lightgbm")
        try:
            latest.register(ws)
        except Exception as error:
            print("409" in str(error))
        clone = latest.clone("cloned")
        print(clone.register(ws).version)
        Environment.label(ws, "mine", "1", ["prod"])
        print(Environment.get(ws, "mine", label="prod").version, Environment.get(ws, "mine", label="latest").version)
        Environment.label(ws, "mine", "2", ["prod"])
        print(Environment.get(ws, "mine", label="prod").version)
        names = Environment.list(ws)
        print(names["mine"].version, "cloned" in names, any(name.startswith("AzureML-") for name in names),
              sorted(ws.environments) == sorted(names))
        for call in (lambda: Environment.get(ws, "nothing"), lambda: Environment.get(ws, "mine", version="9"),
                     lambda: Environment.get(ws, "mine", label="nolabel")):
            try:
                call()
            except Exception as error:
                print("404" in str(error))
        """
    )
    lines = done.stdout.strip().splitlines()
    assert lines[0] == "1 1 2"
    assert json.loads(lines[1]) == {
        "image": "my/image:1",
        "arguments": ["--privileged"],
        "variables": {"A": "1"},
        "conda": ["python=3.8.13", "numpy"],
        "stack": "latest",
        "pip": ["pandas", "azureml-defaults"],
        "latest": ["2", True],
    }
    assert lines[2:6] == ["2", "True", "1", "1 2"]
    assert lines[6:] == ["2", "2 True True True", "True", "True", "True"]


def test_curated_environments_and_builds(live: LiveService) -> None:
    done = live.run(
        """
        from azureml.core import Workspace, Environment
        ws = Workspace.from_config()
        curated = Environment.get(ws, "AzureML-sklearn-1.0-ubuntu20.04-py38-cpu")
        print(curated.name, curated.version, "scikit-learn" in list(curated.python.conda_dependencies.pip_packages),
              curated.python.user_managed_dependencies, curated.docker.base_image is not None)
        released = Environment.get(ws, "AzureML-AutoML", label="prod")
        print("RELEASED", released.name, released.docker.base_dockerfile.startswith("FROM mcr.microsoft.com"))
        own = curated.clone("from-curated")
        own.python.conda_dependencies.add_pip_package("tqdm")
        print(own.register(ws).version)
        print(Environment.get(ws, "AzureML-Whatever-1", version="7").version)
        try:
            Environment("AzureML-mine").register(ws)
        except Exception as error:
            print("400" in str(error))
        build = own.build(ws)
        build.wait_for_completion(show_output=True)
        print(build.status, "No image is built" in build.get_log())
        build = own.build(ws, image_build_compute="any")
        build.wait_for_completion(show_output=False)
        print(build.status)
        details = own.get_image_details(ws)
        print(details.image_exist, details.interpreter_path, details.image == own.docker.base_image, details.dockerfile)
        try:
            Environment.get(ws, "from-curated").build_local(ws)
        except Exception as error:
            print("501" in str(error), "without a build" in str(error))
        """
    )
    lines = done.stdout.strip().splitlines()
    assert lines == [
        "AzureML-sklearn-1.0-ubuntu20.04-py38-cpu 1 True True True",
        "RELEASED AzureML-AutoML True",
        "1",
        "7",
        "True",
        "Succeeded True",
        "Succeeded",
        "False python True None",
        "True True",
    ]


def test_malformed_definitions_are_refused(live: LiveService) -> None:
    base = f"/environment/v1.0{live.scope('bad')}/environments"
    with live.client() as client:
        for name, body in (
            ("e", {"Python": []}),
            ("e", {"EnvironmentVariables": {"A": 1}}),
            ("e", {"Name": "other"}),
            ("e", []),
            ("bad name", {}),
            ("AutoML-x", {}),
        ):
            answer = client.put(f"{base}/{name}", json=body)
            assert answer.status_code == 400 and answer.json()["error"]["details"] == [], (name, body)
        assert client.get(f"{base}/e").status_code == 404
        # The prefix is that of curated names as it stands: Microsoft's notebooks have this one.
        assert client.put(f"{base}/automl-tabular-env", json={"Python": {}}).status_code == 200
        # Pascal and camel case mean the same.
        assert client.put(f"{base}/e", json={"Docker": {"baseImage": "x"}, "Python": {}}).json()["version"] == "1"
        again = client.put(f"{base}/e/versions/1", json={"docker": {"baseImage": "x"}, "python": {}, "name": "e"})
        assert again.json() == client.get(f"{base}/e").json()
        assert client.put(f"{base}/e/versions/1", json={"docker": {"baseImage": "y"}}).status_code == 409
        assert client.put(f"{base}/e/versions/named.1", json={}).json()["version"] == "named.1"
        assert [item["version"] for item in client.get(f"{base}/e/versions").json()["value"]] == ["1", "named.1"]
        assert client.put(f"{base}/e/versions/1/metadata", json={"Labels": ["a b"]}).status_code == 400
        assert client.put(f"{base}/e/versions/9/metadata", json={"Labels": ["a"]}).status_code == 404
        assert client.post(f"{base}/nothing/versions/1/image", json={}).status_code == 404
