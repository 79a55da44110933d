"""The real v2 client registers environments; curated names and Microsoft's registry answer offline."""

from __future__ import annotations

import pytest

from tests.support.live import LiveService
from tests.v2.assets.scripts import script

pytestmark = pytest.mark.slow


def test_environments(live: LiveService) -> None:
    done = live.run(
        script(
            """
            write("conda.yaml", "name: m\\ndependencies: [python=3.8, pip: [mlflow== 2.4.1]]\\n")
            one = client.environments.create_or_update(
                Environment(name="aml-scikit-learn", description="Custom", tags={"scikit-learn": "0.24.2"},
                            conda_file="conda.yaml", image="mcr.microsoft.com/x:latest", version="0.2.0"))
            print(one.name, one.version, one.image, one.tags, one.description)
            print(one.conda_file)
            print([client.environments.create_or_update(Environment(name="auto", image=image)).version
                   for image in ("a:1", "a:1", "a:2", "a:2")])
            print(error(client.environments.create_or_update, Environment(name="auto", version="2", image="other:1")))
            same = client.environments.create_or_update(
                Environment(name="auto", version="2", image="a:2", tags={"t": "1"}))
            print(same.tags, client.environments.get("auto", label="latest").version)
            write("context/Dockerfile", "FROM scratch\\n")
            built = client.environments.create_or_update(Environment(name="ctx", build=BuildContext(path="context")))
            print(built.build.dockerfile_path, built.build.path.split(".blob.")[1].split("/")[0], built.image)
            client.environments.archive("auto", version="2")
            print([item.version for item in client.environments.list("auto")],
                  client.environments.get("auto", label="latest").version)
            names = [item.name for item in client.environments.list()]
            print(names[:3], "AzureML-Minimal" in names)
            print(error(client.environments.create_or_update, Environment(name="AzureML-mine", image="x")))
            print(client.environments.get("AzureML-sklearn-1.0-ubuntu20.04-py38-cpu", label="latest").version)
            registry = MLClient(DefaultAzureCredential(), registry_name="azureml")
            print(registry.environments.get("sklearn-1.5", label="latest").image)
            print(error(client.environments.get, "none", version="1"))
            client.environments.archive("ctx")
            print("ctx" in [item.name for item in client.environments.list()])
            """
        )
    ).stdout.splitlines()
    assert done[0] == "aml-scikit-learn 0.2.0 mcr.microsoft.com/x:latest {'scikit-learn': '0.24.2'} Custom"
    assert "mlflow== 2.4.1" in done[1]
    assert done[2] == "['1', '1', '2', '2']"
    assert done[3].startswith("ResourceExistsError 409 (Conflict) The environment auto version 2")
    assert done[4] == "{'t': '1'} 2"
    assert done[5] == "Dockerfile core.windows.net None"
    assert done[6] == "['1'] 1"
    assert done[7] == "['auto', 'ctx', 'aml-scikit-learn'] True"
    assert "400 (UserError) 'AzureML-mine': names that start with AzureML-" in done[8]
    assert done[9] == "1"
    assert done[10] == "mcr.microsoft.com/azureml/curated/sklearn-1.5:1"
    assert done[11].startswith("ResourceNotFoundError 404")
    assert done[12] == "False"
